# SPDX-License-Identifier: Apache-2.0
"""What is drawn: BPMN 2.0 XML read into elements and flows, for the slow interpreter."""

import re
import xml.etree.ElementTree as XML

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
ZEEBE = "{http://camunda.org/schema/zeebe/1.0}"

TASKS = {"task", "manualTask", "userTask", "serviceTask", "sendTask", "receiveTask", "scriptTask",
         "businessRuleTask"}
SUB_PROCESSES = {"subProcess", "transaction"}
GATEWAYS = {"exclusiveGateway", "parallelGateway", "inclusiveGateway", "complexGateway",
            "eventBasedGateway"}
EVENTS = {"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent",
          "boundaryEvent"}
FLOW_NODES = TASKS | SUB_PROCESSES | GATEWAYS | EVENTS | {"callActivity"}
TRIGGERS = {"messageEventDefinition": "message", "signalEventDefinition": "signal",
            "timerEventDefinition": "timer", "errorEventDefinition": "error",
            "escalationEventDefinition": "escalation", "compensateEventDefinition": "compensate",
            "cancelEventDefinition": "cancel", "terminateEventDefinition": "terminate",
            "linkEventDefinition": "link"}


class NotCovered(Exception):
    """The interpreter does not speak of this: no verdict, neither right nor wrong."""


class Flow:
    def __init__(self, node, source, target):
        self.id = node.get("id")
        self.source, self.target = source, target
        self.condition = text(node.find(BPMN + "conditionExpression"))


class Loop:
    """Loop characteristics of an activity (10.3.8)."""

    def __init__(self, node):
        self.is_multi = node.tag == BPMN + "multiInstanceLoopCharacteristics"
        self.sequential = node.get("isSequential") == "true" or not self.is_multi
        self.count = text(node.find(BPMN + "loopCardinality"))
        self.until = text(node.find(BPMN + "completionCondition"))
        self.condition = text(node.find(BPMN + "loopCondition"))
        self.maximum = int(node.get("loopMaximum", "0"))
        self.test_before = node.get("testBefore") == "true"
        if node.find(BPMN + "extensionElements") is not None or node.get("behavior"):
            raise NotCovered("loop with extensions")


class Element:
    def __init__(self, node, scope):
        self.id, self.type, self.scope = node.get("id"), local(node), scope
        self.incoming, self.outgoing = [], []
        self.boundaries, self.event_subs, self.inside = [], [], []
        self.default = node.get("default")
        self.host = node.get("attachedToRef")
        self.trigger, self.ref, self.duration = None, None, None
        self.correlation = None
        self.link, self.links = None, []  # the definition's own id, and those that it names
        self.interrupting = node.get("cancelActivity", node.get("isInterrupting", "true")) == "true"
        self.is_event_sub = node.get("triggeredByEvent") == "true"
        self.is_handler = node.get("isForCompensation") == "true"
        self.start_quantity = int(node.get("startQuantity", "1"))
        self.completion_quantity = int(node.get("completionQuantity", "1"))
        self.handler = None
        self.script = self.result = self.job_type = None
        self.called = node.get("calledElement")
        self.activation = text(node.find(BPMN + "activationCondition"))
        self.loop = None
        for child in node:
            if local(child) in ("multiInstanceLoopCharacteristics", "standardLoopCharacteristics"):
                self.loop = Loop(child)

    @property
    def is_scope(self):
        return self.type in SUB_PROCESSES or self.type == "process"

    @property
    def is_start(self):
        """An implicit start is a node without incoming flows (13.2), where no start is drawn."""
        return self.type == "startEvent"

    def __repr__(self):
        return self.id


def local(node):
    return node.tag.rpartition("}")[2]


def text(node):
    if node is None or node.text is None:
        return None
    return node.text.strip().removeprefix("=")


def seconds(duration):
    found = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", duration or "")
    if not found:
        raise NotCovered("duration " + str(duration))
    days, hours, minutes, rest = (int(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest


class Model:
    """All processes that are deployed together."""

    def __init__(self, xml, manual=False):
        self.manual = manual
        self.elements, self.flows, self.processes = {}, {}, {}
        self.named = {}  # id of a message, signal, error or escalation: (name or code, key)
        root = XML.fromstring(xml)
        for node in root:
            kind = local(node)
            if kind in ("message", "signal", "error", "escalation"):
                self.named[node.get("id")] = self.name_of(node, kind)
        for node in root.iter(BPMN + "messageFlow"):
            raise NotCovered("message flow")
        for node in root.iter(BPMN + "process"):
            process = Element(node, None)
            self.processes[process.id] = self.elements[process.id] = process
            self.read_scope(node, process)
        for element in self.elements.values():
            self.attach(element)
        for node in root.iter(BPMN + "association"):
            source = self.elements.get(node.get("sourceRef"))
            if source is not None and source.trigger == "compensate":
                self.elements[source.host].handler = self.elements[node.get("targetRef")]
        self.reach = {}

    def name_of(self, node, kind):
        code = {"error": "errorCode", "escalation": "escalationCode"}.get(kind)
        name = node.get("id") if self.manual else node.get(code) or None if code \
            else node.get("name")
        subscription = node.find(f"{BPMN}extensionElements/{ZEEBE}subscription")
        key = None if subscription is None else subscription.get("correlationKey")
        return name, None if key is None else key.removeprefix("=")

    def read_scope(self, node, scope):
        for child in node:
            kind = local(child)
            if kind == "sequenceFlow":
                flow = Flow(child, child.get("sourceRef"), child.get("targetRef"))
                self.flows[flow.id] = flow
            elif kind in FLOW_NODES:
                element = Element(child, scope)
                self.elements[element.id] = element
                scope.inside.append(element)
                self.read_trigger(child, element)
                self.read_extensions(child, element)
                if element.type in SUB_PROCESSES:
                    self.read_scope(child, element)
            elif kind in ("adHocSubProcess", "dataObject", "property", "ioSpecification"):
                raise NotCovered(kind)

    def read_trigger(self, node, element):
        definitions = [child for child in node if local(child).endswith("EventDefinition")]
        if len(definitions) > 1 or node.get("instantiate") == "true":
            raise NotCovered("several event definitions, or an instantiating node")
        if element.type in ("receiveTask", "sendTask") and node.get("messageRef"):
            definitions = [node]
        for definition in definitions:
            kind = "message" if definition is node else TRIGGERS.get(local(definition))
            if kind is None:
                raise NotCovered(local(definition))
            element.trigger = kind
            ref = next((definition.get(name) for name in
                        ("messageRef", "signalRef", "errorRef", "escalationRef", "activityRef",
                         "name") if definition.get(name)), None)
            element.ref, element.correlation = self.named.get(ref, (ref, None))
            if self.manual and kind in ("message", "signal") and ref is None:
                raise NotCovered("what names nothing, in a walk")
            if kind == "link":
                element.link = definition.get("id")
                element.links = [text(child) for child in definition
                                 if local(child) in ("source", "target")]
            if kind == "timer" and not self.manual:
                element.duration = seconds(text(definition.find(BPMN + "timeDuration")))

    def read_extensions(self, node, element):
        extensions = node.find(BPMN + "extensionElements")
        for child in extensions if extensions is not None else ():
            kind = local(child)
            if kind == "script":
                element.script = child.get("expression").removeprefix("=")
                element.result = child.get("resultVariable")
            elif kind == "calledElement":
                element.called = child.get("processId")
            elif kind == "taskDefinition":
                element.job_type = child.get("type")
            elif not self.manual:
                raise NotCovered("extension " + kind)

    def attach(self, element):
        if element.host:
            self.elements[element.host].boundaries.append(element)
        if element.is_event_sub:
            element.scope.event_subs.append(element)
        if element.type == "process":
            for flow in self.flows.values():
                source, target = self.elements[flow.source], self.elements[flow.target]
                if self.root_of(source) is element:
                    source.outgoing.append(flow)
                    target.incoming.append(flow)

    def root_of(self, element):
        while element.scope is not None:
            element = element.scope
        return element

    def starts_of(self, scope):
        """Where tokens are born when a scope is entered (13.2, 13.3.4)."""
        drawn = [e for e in scope.inside if e.type == "startEvent"]
        if scope.is_event_sub:
            return drawn
        if drawn:
            return [e for e in drawn if e.trigger is None]
        return [e for e in scope.inside if not e.incoming and not e.host and not e.is_event_sub
                and not e.is_handler and e.trigger != "link"]

    def link_target(self, element):
        targets = [other for other in element.scope.inside if other.trigger == "link"
                   and other.type == "intermediateCatchEvent"]
        named = [other for other in targets if self.is_named(element, other)]
        return next(iter(named or [other for other in targets if other.ref == element.ref]), None)

    def is_named(self, source, target):
        return target.link in source.links or source.link in target.links

    def leads_back(self, flow):
        """Whether who takes the flow may come again to where it begins, within the scope."""
        seen, todo = set(), [flow.target]
        while todo:
            at = todo.pop()
            if at == flow.source:
                return True
            if at not in seen:
                seen.add(at)
                element = self.elements[at]
                todo += [way.target for way in element.outgoing]
                if element.trigger == "link" and element.type == "intermediateThrowEvent":
                    todo += [target.id for target in [self.link_target(element)] if target]
        return False

    def exits(self, element, instead=False):
        """The flows on which a token that is at this node may go on, in whatever way; `instead`: in
        one way or another. What a border that does not interrupt gives comes beside, not instead."""
        flows = list(element.outgoing)
        for boundary in element.boundaries:
            if boundary.interrupting or not instead:
                flows += boundary.outgoing
        if element.trigger == "link" and element.type == "intermediateThrowEvent":
            target = self.link_target(element)
            flows += self.exits(target, instead) if target else []
        return flows

    def reaches(self, gateway, instead=False):
        """flow -> the gateway's incoming flows to which a directed path leads that does not visit
        the gateway (13.4.3)."""
        if (gateway.id, instead) not in self.reach:
            into = {}
            for last in gateway.incoming:
                seen, todo = {last.id}, [last]
                while todo:
                    flow = todo.pop()
                    into.setdefault(flow.id, set()).add(last.id)
                    for before in self.flows_before(flow, gateway, instead):
                        if before.id not in seen:
                            seen.add(before.id)
                            todo.append(before)
            self.reach[gateway.id, instead] = into
        return self.reach[gateway.id, instead]

    def flows_before(self, flow, gateway, instead):
        source = self.elements[flow.source]
        if source is gateway:
            return []
        flows = list(source.incoming)
        if source.host and (source.interrupting or not instead):
            host = self.elements[source.host]
            flows += [] if host is gateway else host.incoming
        if source.trigger == "link" and source.type == "intermediateCatchEvent":
            for other in source.scope.inside:
                if other.trigger == "link" and other.type == "intermediateThrowEvent" \
                        and self.link_target(other) is source:
                    flows += other.incoming
        return flows


# ---- the few expressions that the generator writes ------------------------------------------------

TOKEN = re.compile(r"\s*(\d+(?:\.\d+)?|\"[^\"]*\"|[A-Za-z_]\w*|<=|>=|!=|[-+*<>=()])")


def evaluate(source, variables):
    """FEEL as far as it goes here: numbers, comparisons, and/or, if-then-else. null for what fails."""
    tokens, at = [], 0
    source = source.strip()
    while at < len(source):
        found = TOKEN.match(source, at)
        if not found:
            raise NotCovered("expression " + source)
        tokens.append(found.group(1))
        at = found.end()
    value, rest = disjunction(tokens, variables)
    if rest:
        raise NotCovered("expression " + source)
    return value


def disjunction(tokens, variables):
    if tokens and tokens[0] == "if":
        condition, rest = disjunction(tokens[1:], variables)
        yes, rest = disjunction(rest[1:], variables)
        no, rest = disjunction(rest[1:], variables)
        return (yes if condition is True else no), rest
    left, rest = conjunction(tokens, variables)
    while rest and rest[0] == "or":
        right, rest = conjunction(rest[1:], variables)
        left = left is True or right is True
    return left, rest


def conjunction(tokens, variables):
    left, rest = comparison(tokens, variables)
    while rest and rest[0] == "and":
        right, rest = comparison(rest[1:], variables)
        left = left is True and right is True
    return left, rest


def comparison(tokens, variables):
    left, rest = addition(tokens, variables)
    if rest and rest[0] in ("=", "!=", "<", "<=", ">", ">="):
        operator = rest[0]
        right, rest = addition(rest[1:], variables)
        if operator in ("=", "!="):
            return (left == right) == (operator == "="), rest
        if left is None or right is None:
            return None, rest
        return {"<": left < right, "<=": left <= right, ">": left > right,
                ">=": left >= right}[operator], rest
    return left, rest


def addition(tokens, variables):
    left, rest = primary(tokens, variables)
    while rest and rest[0] in ("+", "-", "*"):
        right, after = primary(rest[1:], variables)
        if left is None or right is None:
            left = None
        else:
            left = left + right if rest[0] == "+" else left - right if rest[0] == "-" \
                else left * right
        rest = after
    return left, rest


def primary(tokens, variables):
    if not tokens:
        raise NotCovered("expression ends early")
    first, rest = tokens[0], tokens[1:]
    if first == "(":
        value, rest = disjunction(rest, variables)
        return value, rest[1:]
    if first[0].isdigit():
        return (float(first) if "." in first else int(first)), rest
    if first[0] == '"':
        return first[1:-1], rest
    constants = {"true": True, "false": False, "null": None}
    return (constants[first] if first in constants else variables.get(first)), rest
