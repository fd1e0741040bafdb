# SPDX-License-Identifier: Apache-2.0
"""Draws random processes, by seed: block-structured, unstructured, and either inside the other.

What is drawn ends, or waits for the script: every cycle passes a user task or counts; what is thrown
inside is never what a non-interrupting event waits for, which would go on for ever."""

import random

HEADER = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" \
xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="http://baton.dev/oracle">
<message id="M0" name="m0"/><message id="M1" name="m1"/><message id="M2" name="m2"/>
<message id="MK" name="mk"><extensionElements><zeebe:subscription correlationKey="=key"/>\
</extensionElements></message>
<signal id="S0" name="s0"/><signal id="S1" name="s1"/>
<error id="E0" errorCode="e0"/><error id="E1" errorCode="e1"/>
<escalation id="X0" escalationCode="x0"/><escalation id="X1" escalationCode="x1"/>
"""
THROWN_MESSAGES, THROWN_SIGNALS = ("M0", "M1"), ("S0",)
OUTER_MESSAGES, OUTER_SIGNALS = ("M2", "MK"), ("S1",)
CONDITIONS = ("n &lt; 2", "n &gt;= 1", "n &lt; 4", "n = 0", "true", "false", "n &gt; 2")
DEEP = 3


class Drawing:
    def __init__(self, seed, unstructured=False, manual=False):
        self.random = random.Random(f"{seed}/{unstructured}/{manual}")
        self.unstructured, self.manual = unstructured, manual
        self.parts, self.count, self.budget = [], 0, self.random.randint(3, 22)
        self.links = 0
        self.in_transaction = False
        self.called = False   # inside q: no calls
        self.quantities = self.chance(0.1)
        self.undone = []      # activities of the scope that have a handler
        self.has_key = True   # the variable that a correlation key is
        self.handling = 0     # inside an event sub-process

    # ---- pieces ------------------------------------------------------------------------------------

    def chance(self, probability):
        return self.random.random() < probability

    def pick(self, *things):
        return self.random.choice(things)

    def name(self, letter):
        self.count += 1
        return f"{letter}{self.count}"

    def put(self, text):
        self.parts.append(text)

    def node(self, kind, inner="", attributes="", letter="n"):
        name = self.name(letter)
        self.put(f'<{kind} id="{name}"{attributes}>{inner}</{kind}>')
        self.budget -= 1
        return name

    def flow(self, source, target, condition=None):
        name = self.name("f")
        inner = f"<conditionExpression>={condition}</conditionExpression>" if condition else ""
        self.put(f'<sequenceFlow id="{name}" sourceRef="{source}" targetRef="{target}">'
                 f"{inner}</sequenceFlow>")
        return name

    def catch(self, outer=False):
        """The definition of an event that waits."""
        known = OUTER_MESSAGES if self.has_key else OUTER_MESSAGES[:1]
        messages = known if outer else known + THROWN_MESSAGES
        signals = OUTER_SIGNALS if outer else OUTER_SIGNALS + THROWN_SIGNALS
        return self.pick(
            f'<messageEventDefinition messageRef="{self.pick(*messages)}"/>',
            f'<signalEventDefinition signalRef="{self.pick(*signals)}"/>',
            "<timerEventDefinition><timeDuration>"
            f"PT{self.random.randint(1, 5)}H</timeDuration></timerEventDefinition>")

    def error(self):
        return f'<errorEventDefinition errorRef="{self.pick("E0", "E1")}"/>'

    def escalation(self):
        return f'<escalationEventDefinition escalationRef="{self.pick("X0", "X1")}"/>'

    def thrown(self):
        """The definition of an event that throws, for an intermediate event or an end."""
        choices = ["", self.escalation(),
                   f'<messageEventDefinition messageRef="{self.pick(*THROWN_MESSAGES)}"/>',
                   f'<signalEventDefinition signalRef="{self.pick(*THROWN_SIGNALS)}"/>']
        if not self.handling:
            one = f' activityRef="{self.pick(*self.undone)}"' \
                if self.undone and self.chance(0.3) else ""
            choices += [f"<compensateEventDefinition{one}/>"] * (3 if self.undone else 1)
        return self.pick(*choices)

    # ---- activities --------------------------------------------------------------------------------

    def loop(self):
        count = self.random.randint(0 if self.chance(0.1) else 1, 3)
        sequential = self.pick("true", "false")
        until = "" if self.chance(0.7) else \
            "<completionCondition>=numberOfCompletedInstances &gt;= 1</completionCondition>"
        return self.pick(
            f'<multiInstanceLoopCharacteristics isSequential="{sequential}"><loopCardinality>{count}'
            f"</loopCardinality>{until}</multiInstanceLoopCharacteristics>",
            f'<standardLoopCharacteristics loopMaximum="{max(count, 1)}"/>')

    def task_of(self, kind, loop=""):
        job = '<extensionElements><zeebe:taskDefinition type="work"/></extensionElements>'
        script = '<extensionElements><zeebe:script expression="=n + 1" resultVariable="n"/>' \
            "</extensionElements>"
        inner = {"serviceTask": job, "sendTask": job, "scriptTask": script}.get(kind, "")
        attributes = ""
        if kind == "sendTask" and self.chance(0.3) and not self.manual:
            inner, attributes = "", f' messageRef="{self.pick(*THROWN_MESSAGES)}"'
        elif kind == "receiveTask":
            attributes = f' messageRef="{self.pick("M2", *THROWN_MESSAGES)}"'
        if self.quantities and self.chance(0.08):
            attributes += self.pick(' completionQuantity="2"', ' startQuantity="2"')
        letter = {"userTask": "u", "serviceTask": "j", "sendTask": "j"}.get(kind, "n")
        return self.node(kind, inner + loop, attributes, letter)

    def activity(self, border=True):
        kind = self.pick("task", "userTask", "serviceTask", "userTask", "scriptTask", "manualTask",
                         "receiveTask", "sendTask", "callActivity")
        loop = self.loop() if self.chance(0.2) else ""
        if kind == "callActivity":
            kind = "task" if self.called else kind
        if kind == "callActivity":
            name = self.node(kind, loop, ' calledElement="q"')
        else:
            name = self.task_of(kind, loop)
        borders = self.borders(name, kind) if border and self.chance(0.35) else []
        return name, borders

    def borders(self, host, kind):
        """Events on the border: the ids of those that are left."""
        found = []
        for _ in range(self.random.randint(1, 2)):
            interrupting = self.chance(0.6)
            can_throw = kind in ("serviceTask", "sendTask", "callActivity", "scope")
            what = self.random.randint(0, 3) if can_throw else 3
            if what == 0:
                interrupting, definition = True, self.error() if self.chance(0.7) else \
                    "<errorEventDefinition/>"
            elif what == 1 and kind in ("callActivity", "scope"):
                definition = self.escalation()
            else:
                definition = self.catch(outer=not interrupting)
            if any(definition == other for _, other in found):
                continue
            name = self.name("b")
            self.put(f'<boundaryEvent id="{name}" attachedToRef="{host}" cancelActivity='
                     f'"{str(interrupting).lower()}">{definition}</boundaryEvent>')
            found.append((name, definition))
        return [name for name, _ in found]

    def undoable(self):
        loop = self.loop() if self.chance(0.1) else ""
        name = self.task_of(self.pick("task", "userTask", "serviceTask"), loop)
        border, handler = self.name("b"), self.name("h")
        self.put(f'<boundaryEvent id="{border}" attachedToRef="{name}">'
                 f'<compensateEventDefinition/></boundaryEvent><{"serviceTask"} id="{handler}" '
                 f'isForCompensation="true"/><association id="{self.name("a")}" '
                 f'associationDirection="One" sourceRef="{border}" targetRef="{handler}"/>')
        self.undone.append(name)
        return name

    # ---- scopes ------------------------------------------------------------------------------------

    def scope(self, depth):
        """An embedded sub-process or a transaction; (id, ids of the borders that are left)."""
        outer = self.in_transaction
        transaction = self.chance(0.2)
        self.in_transaction = transaction
        kind = "transaction" if transaction else "subProcess"
        name = self.name("s")
        loop = self.loop() if self.chance(0.2) else ""
        self.put(f'<{kind} id="{name}">')
        undone, self.undone = self.undone, []
        self.inside(depth + 1)
        if not self.handling and self.chance(0.1):
            self.undoing_sub_process()
        self.undone = undone
        self.put(f"{loop}</{kind}>")
        self.in_transaction = outer
        borders = self.borders(name, "scope") if self.chance(0.6) else []
        if transaction:
            border = self.name("b")
            self.put(f'<boundaryEvent id="{border}" attachedToRef="{name}">'
                     "<cancelEventDefinition/></boundaryEvent>")
            borders.append(border)
        return name, borders

    def inside(self, depth):
        """From a start to an end, structured or not, and the event sub-processes beside it."""
        if self.chance(0.5 if self.unstructured else 0.0) or (self.unstructured and depth == 0):
            self.graph(depth)
        else:
            start = self.node("startEvent")
            last = self.block(start, depth)
            self.end(last, depth)
        while depth <= DEEP and not self.handling and self.chance(0.18):
            self.event_sub_process(depth)

    def end(self, source, depth, plain=0.55):
        definition = ""
        if not self.chance(plain):
            choices = [self.thrown(), self.error(), "<terminateEventDefinition/>"]
            if self.in_transaction:
                choices += ["<cancelEventDefinition/>"] * 2
            definition = self.pick(*choices)
        name = self.node("endEvent", definition)
        self.flow(source, name)

    def event_sub_process(self, depth):
        interrupting = self.chance(0.5)
        what = self.random.randint(0, 3)
        if what == 0:
            interrupting, definition = True, self.error()
        elif what == 1:
            definition = self.escalation()
        else:
            definition = self.catch(outer=not interrupting)
        transaction, self.in_transaction = self.in_transaction, False
        self.handling += 1
        self.put(f'<subProcess id="{self.name("v")}" triggeredByEvent="true">')
        start = self.node("startEvent", definition,
                          f' isInterrupting="{str(interrupting).lower()}"')
        self.end(self.block(start, DEEP), DEEP, plain=0.8)
        self.put("</subProcess>")
        self.handling -= 1
        self.in_transaction = transaction

    def undoing_sub_process(self):
        """What undoes the sub-process around it, once that has completed."""
        transaction, self.in_transaction = self.in_transaction, False
        self.handling += 1
        self.put(f'<subProcess id="{self.name("v")}" triggeredByEvent="true">')
        start = self.node("startEvent", "<compensateEventDefinition/>")
        self.end(self.block(start, DEEP), DEEP, plain=1)
        self.put("</subProcess>")
        self.handling -= 1
        self.in_transaction = transaction

    # ---- blocks ------------------------------------------------------------------------------------

    def block(self, at, depth):
        for _ in range(self.random.randint(1, 3)):
            if self.budget <= 0:
                break
            at = self.piece(at, depth)
        return at

    def piece(self, at, depth):
        kind = self.random.randint(0, 11 if depth < DEEP else 5)
        if kind <= 2:
            name, borders = self.activity()
        elif kind == 3:
            name, borders = self.event(), []
        elif kind == 4 and not self.handling:
            name, borders = self.undoable(), []
        elif kind == 4 or kind == 5:
            return self.link(at) if self.chance(0.15) else self.repeat(at, depth)
        elif kind <= 8:
            return self.branches(at, depth)
        elif kind == 9:
            return self.race(at, depth)
        else:
            name, borders = self.scope(depth)
        self.flow(at, name)
        return self.after_borders(name, borders, depth)

    def after_borders(self, name, borders, depth):
        """Exception flows end by themselves or come back to the normal flow."""
        if not borders:
            return name
        joined = []
        for border in borders:
            last = self.block(border, depth + 1) if self.chance(0.4) else border
            if self.chance(0.4):
                self.end(last, depth, plain=0.8)
            else:
                joined.append(last)
        if not joined:
            return name
        join = self.node(self.pick("exclusiveGateway", "exclusiveGateway", "inclusiveGateway"))
        for source in [name] + joined:
            self.flow(source, join)
        return join

    def event(self):
        if self.chance(0.5):
            return self.node("intermediateCatchEvent", self.catch())
        return self.node("intermediateThrowEvent", self.thrown())

    def link(self, at):
        self.links += 1
        link = f'<linkEventDefinition name="l{self.links}"/>'
        self.flow(at, self.node("intermediateThrowEvent", link))
        return self.node("intermediateCatchEvent", link)

    def repeat(self, at, depth):
        """Back to before, as often as a user says or a number allows."""
        join = self.node("exclusiveGateway")
        self.flow(at, join)
        last = self.block(join, depth + 1) if self.chance(0.5) else join
        counted = self.chance(0.5) and not self.manual
        step = self.task_of("scriptTask" if counted else "userTask")
        self.flow(last, step)
        split, away = self.name("g"), self.name("n")
        onward = self.name("f")
        self.put(f'<exclusiveGateway id="{split}" default="{onward}"/><task id="{away}"/>'
                 f'<sequenceFlow id="{onward}" sourceRef="{split}" targetRef="{away}"/>')
        self.flow(split, join, "n &lt; 3" if counted else "false")
        return away

    def branches(self, at, depth):
        kind = self.pick("parallelGateway", "exclusiveGateway", "inclusiveGateway",
                         "inclusiveGateway")
        split, count = self.name("g"), self.random.randint(2, 3)
        standard = self.name("f")
        choosing = kind != "parallelGateway"
        default = f' default="{standard}"' if choosing else ""
        self.put(f'<{kind} id="{split}"{default}/>')
        self.flow(at, split)
        lasts = []
        for index in range(count):
            if choosing and index == 0:
                first = self.task_of("task")
                self.put(f'<sequenceFlow id="{standard}" sourceRef="{split}" targetRef="{first}"/>')
            else:
                first = self.activity(border=False)[0]
                self.flow(split, first, self.pick(*CONDITIONS) if choosing else None)
            lasts.append(self.block(first, depth + 1) if self.chance(0.6) else first)
        return self.joined(lasts, kind, depth)

    def joined(self, lasts, kind, depth):
        stay = []
        for last in lasts:
            if len(stay) > 0 and kind != "parallelGateway" and self.chance(0.2):
                self.end(last, depth, plain=0.4)
            else:
                stay.append(last)
        joins = {"parallelGateway": ("parallelGateway", "inclusiveGateway", "exclusiveGateway",
                                     "complexGateway"),
                 "inclusiveGateway": ("inclusiveGateway", "inclusiveGateway", "exclusiveGateway"),
                 "exclusiveGateway": ("exclusiveGateway", "inclusiveGateway")}
        join = self.pick(*joins[kind])
        inner = ""
        if join == "complexGateway":
            if self.manual:
                join = "parallelGateway"
            else:
                inner = "<activationCondition>=activationCount &gt;= " \
                    f"{self.random.randint(1, len(stay))}</activationCondition>"
        name = self.node(join, inner)
        for last in stay:
            self.flow(last, name)
        return name

    def race(self, at, depth):
        """An event-based gateway: the first event wins."""
        gate = self.node("eventBasedGateway")
        self.flow(at, gate)
        join, used = self.node("exclusiveGateway"), set()
        wanted = self.random.randint(2, 3)
        while len(used) < wanted:
            definition = self.catch()
            if definition in used:
                continue
            used.add(definition)
            event = self.node("intermediateCatchEvent", definition)
            self.flow(gate, event)
            self.flow(self.block(event, depth + 1) if self.chance(0.3) else event, join)
        return join

    # ---- graphs ------------------------------------------------------------------------------------

    def graph(self, depth):
        """Nodes in a row, flows among them forwards at will, backwards only behind a user task."""
        start = self.node("startEvent")
        nodes, exits = [start], {start: []}
        kinds = {}
        for _ in range(self.random.randint(4, 9)):
            if self.budget <= 0 and len(nodes) > 3:
                break
            self.graph_node(nodes, exits, kinds, depth)
        self.graph_flows(nodes, exits, kinds)

    def graph_node(self, nodes, exits, kinds, depth):
        kind = self.pick("activity", "activity", "parallelGateway", "exclusiveGateway",
                         "inclusiveGateway", "inclusiveGateway", "event", "back", "scope", "end",
                         "undoable", "complexGateway")
        borders = []
        if kind == "activity":
            name, borders = self.activity()
        elif kind == "event":
            name = self.event()
        elif kind == "undoable" and not self.handling:
            name = self.undoable()
        elif kind == "scope" and depth < DEEP:
            name, borders = self.scope(depth)
        elif kind == "back":
            name = self.task_of("userTask")
        elif kind == "end" and len(nodes) > 2:
            name = self.node("endEvent", self.pick("", "", "<terminateEventDefinition/>",
                                                   self.thrown()))
        elif kind == "complexGateway" and self.manual:
            name, kind = self.name("g"), "parallelGateway"
        elif kind.endswith("Gateway"):
            name = self.name("g")
        else:
            name = self.task_of("task")
            kind = "activity"
        nodes.append(name)
        kinds[name] = kind
        exits[name] = borders

    def graph_flows(self, nodes, exits, kinds):
        last = self.node("endEvent")
        everything = nodes + [last]
        kinds[last] = "end"
        pairs, entered = [], set()
        for index, name in enumerate(nodes):
            for source in [name] + exits[name]:
                if kinds.get(name) == "end" or kinds.get(name) == "back" and source == name:
                    continue
                several = kinds.get(name, "").endswith("Gateway") and source == name
                count = self.random.randint(2 if several else 1, 3 if several else
                                            self.pick(1, 1, 1, 2))
                later = everything[index + 1:]
                for target in self.random.sample(later, min(count, len(later))):
                    pairs.append((source, target))
                    entered.add(target)
        for index, name in enumerate(nodes):
            if kinds.get(name) == "back":
                self.back(name, everything[index + 1:], nodes[1:index + 1], entered)
        for index, name in enumerate(everything):
            if name not in entered and index > 0:
                before = [n for n in everything[:index] if kinds.get(n) not in ("end", "back")]
                pairs.append((self.random.choice(before), name))
        self.put_graph(nodes, kinds, pairs)

    def back(self, name, later, earlier, entered):
        split, onward = self.name("g"), self.name("f")
        target = self.random.choice(later)
        entered.add(target)
        self.put(f'<exclusiveGateway id="{split}" default="{onward}"/>')
        self.flow(name, split)
        self.put(f'<sequenceFlow id="{onward}" sourceRef="{split}" targetRef="{target}"/>')
        for target in self.random.sample(earlier, min(len(earlier), self.random.randint(1, 2))):
            self.flow(split, target, "false")

    def put_graph(self, nodes, kinds, pairs):
        for name in nodes:
            kind = kinds.get(name, "")
            outs = [pair for pair in pairs if pair[0] == name]
            choosing = kind in ("exclusiveGateway", "inclusiveGateway")
            first = self.name("f")
            if kind.endswith("Gateway"):
                default = f' default="{first}"' if choosing else ""
                inner = ""
                if kind == "complexGateway":
                    ins = max(1, len([pair for pair in pairs if pair[1] == name]))
                    inner = "<activationCondition>=activationCount &gt;= " \
                        f"{self.random.randint(1, ins)}</activationCondition>"
                self.put(f'<{kind} id="{name}"{default}>{inner}</{kind}>')
            sometimes = kind == "activity" and self.chance(0.4)
            for index, (source, target) in enumerate(outs):
                if choosing and index == 0:
                    self.put(f'<sequenceFlow id="{first}" sourceRef="{source}" '
                             f'targetRef="{target}"/>')
                else:
                    asks = choosing or (sometimes and index > 0)
                    self.flow(source, target, self.pick(*CONDITIONS) if asks else None)
        owned = set(nodes)
        for source, target in pairs:
            if source not in owned:
                self.flow(source, target)

    # ---- whole models ------------------------------------------------------------------------------

    def model(self):
        self.put('<process id="p" isExecutable="true">')
        self.inside(0)
        self.put('</process><process id="q" isExecutable="true">')
        self.undone = []
        self.called, self.budget = True, self.random.randint(1, 6)
        self.inside(DEEP - 1)
        self.put("</process>")
        if not self.manual and self.chance(0.2):
            self.put('<process id="r" isExecutable="true">')
            self.budget = 3
            definition = self.pick('<messageEventDefinition messageRef="M2"/>',
                                   '<signalEventDefinition signalRef="S1"/>')
            start = self.node("startEvent", definition)
            self.handling, self.has_key = 1, False
            self.end(self.block(start, DEEP), DEEP, plain=1)
            self.put("</process>")
        return HEADER + "\n".join(self.parts) + "\n</definitions>\n"


def draw(seed, unstructured=False, manual=False):
    """The model of a seed, as BPMN."""
    return Drawing(seed, unstructured, manual).model()


if __name__ == "__main__":
    import sys
    print(draw(int(sys.argv[1]), "--unstructured" in sys.argv, "--manual" in sys.argv))
