# SPDX-License-Identifier: Apache-2.0
"""A slow interpreter of BPMN 2.0, written from chapter 13 of the standard, to judge the engine by.

The state is a tree: process instances, in them runs of activities, events and gateways, and on each
scope the tokens that lie on its flows. `enabled` lists every action that the semantics allows now; it
is the whole interpreter, for whoever picks actions makes a run: `settle` picks by itself, compare.py
picks what the engine did. Nothing here says in which order concurrent things happen, for the standard
does not. Where the standard is silent the place says so and names what is followed instead.

The numbers in parentheses are sections of the standard (formal/2011-01-03).
"""

from collections import Counter

from model import TASKS, NotCovered, evaluate, seconds


THROWN_LIVES = 24 * 3600  # seconds that a thrown message waits for who comes (the engine's limit)


class Run:
    """A running element (or process): what has been activated and has not ended."""

    def __init__(self, element, parent, role="plain"):
        self.element, self.parent, self.role = element, parent, role
        self.children, self.locals = [], {}
        self.doomed = self.gone = False
        self.occurred = False          # the awaited event happened
        self.chosen = None             # event-based gateway: the target that won
        self.interrupted = False       # an interrupting event sub-process took over (13.4.4)
        self.incident = False
        # of a scope
        self.tokens, self.leaving, self.entries = Counter(), [], []
        self.completed = []            # what can be compensated, in the order of completion
        self.resetting = {}            # complex gateway -> flows consumed in its first phase
        # of a loop's body
        self.total = self.begun = self.finished = 0
        self.stopped = False
        # of a call and a called instance
        self.caller = self.child = None
        self.child_ended = False
        self.compensation = None       # what a throw, a cancel or a container carries out
        self.on_end = None
        self.timers = []               # [element, due]

    def subtree(self):
        yield self
        for child in self.children:
            yield from child.subtree()

    def root(self):
        run = self
        while run.parent is not None:
            run = run.parent
        return run

    def is_under(self, other):
        run = self
        while run is not None and run is not other:
            run = run.parent
        return run is other

    def __repr__(self):
        return f"{self.element.id}{'' if self.role == 'plain' else '/' + self.role}"


class Entry:
    """An element that is to be activated in a scope, as soon as what it waits for is gone."""

    def __init__(self, element, after=(), role="plain", start=None, variables=None):
        self.element, self.after, self.role, self.start = element, list(after), role, start
        self.variables = variables or {}

    def is_ready(self):
        return all(run.gone for run in self.after)


class Record:
    """A completed activity that can be compensated; of a sub-process, with what is inside."""

    def __init__(self, element, role, contents):
        self.element, self.role, self.contents = element, role, contents


class Compensation:
    """Handlers one after the other, the last completed activity first (13.5.5)."""

    def __init__(self, owner, where, records, after=()):
        self.owner, self.where, self.after = owner, where, list(after)
        self.queue, self.current = list(reversed(records)), None

    def is_done(self):
        return not self.queue and self.current is None and all(run.gone for run in self.after)

    def may_go_on(self):
        return self.queue and self.current is None and all(run.gone for run in self.after)


class Action:
    """Something that may happen now. Visible actions have the name that a trace gives them."""

    def __init__(self, name, element, run, do, silent=False, option=None):
        self.name, self.element, self.run, self.do = name, element, run, do
        self.silent, self.option, self.undoes = silent, option, False
        self.sent = self.happening = None

    def __repr__(self):
        return f"{self.name} {self.element}"


class Option:
    """One way in which an event can take effect: at a waiting run, a border, a scope, a gateway, or
    by starting a process."""

    def __init__(self, kind, element, run):
        self.kind, self.element, self.run = kind, element, run

    def is_alive(self):
        run = self.run
        if self.kind == "start":
            return True
        if run.gone or run.doomed:
            return False
        return not (run.occurred if self.kind == "run" else run.chosen if self.kind == "gateway"
                    else run.interrupted if self.kind == "sub" else False)


class Happening:
    """An event that has happened and takes effect at one of its options."""

    def __init__(self, what, options, variables=None, process=None):
        self.what, self.options, self.variables = what, options, variables
        self.process = process  # that is to get the message

    def alive(self):
        return [option for option in self.options if option.is_alive()]


class Sent:
    """A message or a signal on its way: who gets it is decided when it arrives."""

    def __init__(self, kind, name, key=None, lives_until=None, variables=None):
        self.kind, self.name, self.key, self.lives_until = kind, name, key, lives_until
        self.variables = variables
        self.expected = []   # who waited as it was thrown
        self.served = set()  # processes that the buffered message has reached


class Interpreter:
    def __init__(self, model):
        self.model, self.manual = model, model.manual
        self.instances, self.ended = [], []
        self.first = None
        self.happenings, self.sent, self.buffered = [], [], []
        self.messages = []   # all that were published, in order
        self.starting = []   # (process element, start element, caller run, variables)
        self.canceling = []  # called instances whose caller is gone
        self.now, self.deadline = 0, 0
        self.answers, self.mentions, self.waits, self.takes = [], Counter(), set(), {}
        self.walked = Counter()  # flows of gateways that nobody chose for

    # ---- the script: the world around the process -------------------------------------------------

    def read_script(self, script):
        """Jobs that a later step answers wait for it. A script that starts nothing has the first
        process started for it."""
        if not any("start" in step for step in script):
            self.start_first()
        for step in script:
            answered = step.get("trigger") or (step.get("fail") or step.get("bpmnError")
                                               or {}).get("element")
            if answered:
                self.mentions[answered] += 1

    def start_first(self):
        for process in self.model.processes.values():
            if self.manual or self.model.starts_of(process):
                self.starting.append((process, None, None, {}))
                return

    def step(self, step):
        """Begins a step; False when nothing waits for what it triggers."""
        if "start" in step:
            process = self.model.processes[step["start"]]
            self.starting.append((process, None, None, dict(step.get("variables", {}))))
        elif "trigger" in step:
            self.mentions[step["trigger"]] -= 1
            return self.trigger(step["trigger"], step.get("variables"))
        elif "message" in step:
            message = step["message"]
            key = message.get("correlationKey")
            lives = None
            if "timeToLive" in message:
                lives = self.now + seconds(message["timeToLive"])
            self.arrive(Sent("message", message["name"], key, lives, message.get("variables")))
        elif "signal" in step:
            signal = step["signal"]
            self.arrive(Sent("signal", signal["name"], variables=signal.get("variables")))
        elif "advance" in step:
            self.deadline = self.now + seconds(step["advance"])
        elif "fail" in step or "bpmnError" in step:
            answer = step.get("fail") or step["bpmnError"]
            self.mentions[answer["element"]] -= 1
            self.answers.append((answer["element"], answer.get("code"), answer.get("retries", 0)))
        elif "wait" in step:
            self.waits.update(step["wait"])
        elif "take" in step:
            self.takes.update(step["take"])
        elif "expect" not in step:
            raise NotCovered(f"step {step}")
        return True

    def end_step(self):
        self.now = max(self.now, self.deadline)

    def trigger(self, name, variables):
        options = self.options(lambda element, run: element.id == name)
        for run in self.runs():
            if run.element.id == name and self.is_worked_on(run) and not run.occurred:
                options.append(Option("run", run.element, run))
        if options:
            self.happenings.append(Happening(name, options, variables))
        return bool(options)

    # ---- who waits for what -----------------------------------------------------------------------

    def runs(self):
        for instance in self.instances:
            for run in instance.subtree():
                if not run.doomed:
                    yield run

    def options(self, matches):
        """Wherever an event for which `matches(element, run)` holds could take effect now."""
        found = []
        for run in self.runs():
            found += self.options_at(run, matches)
        for process in self.model.processes.values():
            for start in process.inside:
                if start.type == "startEvent" and matches(start, None):
                    found.append(Option("start", start, None))
        return found

    def options_at(self, run, matches):
        element = run.element
        found = []
        if self.is_waiting(run) and matches(element, run):
            found.append(Option("run", element, run))
        if element.type == "eventBasedGateway" and not run.chosen:
            for flow in element.outgoing:
                target = self.model.elements[flow.target]
                if matches(target, run):
                    found.append(Option("gateway", target, run))
        if run.role in ("plain", "body"):
            for boundary in element.boundaries:
                if boundary.trigger != "compensate" and matches(boundary, run):
                    found.append(Option("border", boundary, run))
        if self.is_open_scope(run) and not run.interrupted:
            for sub in element.event_subs:
                for start in sub.inside:
                    if start.type == "startEvent" and start.trigger != "compensate" \
                            and matches(start, run):
                        found.append(Option("sub", start, run))
        return found

    def is_open_scope(self, run):
        return run.element.is_scope and run.role in ("plain", "inner", "process")

    def is_waiting(self, run):
        return not run.occurred and run.role != "body" and not self.is_worked_on(run) and (
            run.element.type in ("intermediateCatchEvent", "receiveTask")) and \
            run.element.trigger != "link"

    def is_worked_on(self, run):
        """An activity that somebody outside completes: a job or a person's task."""
        element = run.element
        if run.role == "body" or element.is_scope:
            return False
        if self.manual:
            if element.type == "receiveTask":
                return False  # it waits for its message
            return element.type in TASKS or (element.type == "callActivity"
                                             and element.called not in self.model.processes)
        if element.type == "sendTask":
            return element.job_type is not None or element.trigger is None
        return element.type in ("serviceTask", "userTask") or \
            (element.type in ("scriptTask", "businessRuleTask") and element.script is None)

    # ---- events take effect -----------------------------------------------------------------------

    def arrive(self, sent):
        """A signal reaches all that wait for it (10.5.4); a message one, of each process: who is
        meant when several are, the standard leaves to the implementation (10.4.4, 8.3.2)."""
        if sent.kind == "message" and sent not in self.messages:
            self.messages.append(sent)
        if sent.lives_until is not None and sent not in self.buffered:
            self.buffered.append(sent)
        options = [option for option in self.options(self.matcher(sent))]
        if sent.kind == "signal":
            self.happenings += [Happening(sent, [option], sent.variables) for option in options]
            return
        if self.manual:
            if options:
                self.happenings.append(Happening(sent, options, sent.variables))
            return
        for process in self.model.processes.values():
            mine = [o for o in options if self.model.root_of(o.element) is process]
            waiting = [o for o in mine if o.kind != "start"] or mine
            if waiting and process.id not in sent.served:
                sent.served.add(process.id)
                self.happenings.append(Happening(sent, waiting, sent.variables, process))

    def matcher(self, sent):
        def matches(element, run):
            if element.trigger != sent.kind or element.ref != sent.name:
                return False
            if element.correlation is None or run is None or self.manual:
                return True
            return str(evaluate(element.correlation, self.variables(run))) == str(sent.key)
        return matches

    def redeliver(self):
        """Messages that wait for a subscriber meet one that has come."""
        self.buffered = [sent for sent in self.buffered if sent.lives_until > self.now]
        for sent in self.buffered:
            self.arrive(sent)

    def fire(self, happening, option):
        self.happenings.remove(happening)
        run, element = option.run, option.element
        if option.kind == "start":
            process = self.model.root_of(element)
            self.starting.append((process, element, None, dict(happening.variables or {})))
            return
        for name, value in (happening.variables or {}).items():
            if option.kind != "sub":
                self.assign(run, name, value)
        if option.kind == "run":
            run.occurred = True
        elif option.kind == "gateway":
            run.chosen = element
        elif option.kind == "border":
            self.catch_at_border(run, element)
        else:
            self.catch_in_scope(run, element, happening.variables)

    def catch_at_border(self, host, boundary):
        """Interrupting: the activity is terminated, then the boundary event is left (13.4.3)."""
        if boundary.interrupting:
            self.doom(host)
        host.timers = [timer for timer in host.timers if timer[0] is not boundary]
        after = [host] if boundary.interrupting else []
        host.parent.entries.append(Entry(boundary, after))

    def catch_in_scope(self, scope, start, variables=None):
        """An event sub-process takes over its scope, or runs beside what is in it (13.4.4). What comes
        with the event is its own, as in Camunda 8."""
        scope.timers = [timer for timer in scope.timers if timer[0] is not start]
        after = []
        if start.interrupting:
            after = self.interrupt(scope)
            scope.interrupted = True
            scope.timers = [timer for timer in scope.timers if timer[0].host]
        scope.entries.append(Entry(start.scope, after, start=start, variables=variables))

    def interrupt(self, scope, besides=None):
        doomed = [child for child in scope.children if child is not besides]
        for child in doomed:
            self.doom(child)
        scope.tokens.clear()
        scope.leaving.clear()
        scope.entries.clear()
        scope.resetting.clear()
        return doomed

    def doom(self, run):
        if run.doomed:
            return
        run.doomed = True
        run.tokens.clear()
        run.leaving.clear()
        run.entries.clear()
        run.compensation = None
        if run.child is not None and not run.child.gone:
            self.canceling.append(run.child)
        self.starting = [start for start in self.starting if start[2] is not run]
        for child in run.children:
            self.doom(child)

    # ---- throwing ---------------------------------------------------------------------------------

    def throw(self, run):
        """What an end event or an intermediate throw event does as it is reached (13.4.2, 13.4.5)."""
        element, scope = run.element, run.parent
        kind = element.trigger
        if kind == "message" or kind == "signal" and self.manual:
            return  # sent when the event is left
        if kind == "signal":  # reaches who waits as it is thrown (10.5.4)
            self.send(Sent(kind, element.ref, variables=self.variables(run)))
        if kind == "terminate":
            self.interrupt(scope, besides=run)
        elif kind == "error":
            self.throw_error(run, element.ref)
        elif kind == "escalation":
            self.throw_escalation(run, element.ref)
        elif kind == "compensate":
            where = self.compensation_scope(scope)
            records = [r for r in where.completed
                       if element.ref is None or r.element.id == element.ref]
            where.completed = [r for r in where.completed if r not in records]
            run.compensation = Compensation(run, where, records)
        elif kind == "cancel":
            after = self.interrupt(scope, besides=run)
            records, scope.completed = scope.completed, []
            run.compensation = Compensation(run, scope, records, after)

    def compensation_scope(self, scope):
        """Thrown in an event sub-process it is what that handles that is compensated (13.5.5)."""
        while scope.element.is_event_sub:
            scope = scope.parent
        return scope

    def catcher(self, run, kind, code):
        """The innermost event that catches (10.4.6): an event sub-process of a scope around, then the
        border of it. Of two on one level the one that names the code. What an event sub-process
        throws is not for itself (the standard is silent; it would not end)."""
        inside, at = run, run
        while at is not None:
            if at is not run and self.is_open_scope(at) and not at.interrupted:
                found = self.best([s for sub in at.element.event_subs for s in sub.inside
                                   if s.type == "startEvent" and sub is not inside.element],
                                  kind, code)
                if found:
                    return Option("sub", found, at)
            if at.role in ("plain", "body"):
                found = self.best(at.element.boundaries, kind, code)
                if found:
                    return Option("border", found, at)
            inside, at = at, at.parent
        return None

    def best(self, events, kind, code):
        named = [e for e in events if e.trigger == kind and e.ref == code]
        others = [e for e in events if e.trigger == kind and e.ref is None]
        return (named + others + [None])[0]

    def throw_error(self, run, code):
        option = self.catcher(run, "error", code)
        if option is not None:
            self.take_effect(option)
            return
        caller = run.root().caller
        if caller is None or caller.gone or not self.is_caught_above(caller, "error", code):
            run.incident = "due"  # an unresolved error: an incident here, as in Camunda 8
            return
        self.doom(run.root())
        self.happenings.append(Happening(("error", code), [Option("call", caller.element, caller)]))

    def is_caught_above(self, caller, kind, code):
        while caller is not None:
            if self.catcher(caller, kind, code):
                return True
            caller = caller.root().caller
        return False

    def throw_escalation(self, run, code):
        option = self.catcher(run, "escalation", code)
        if option is not None:
            self.take_effect(option)
            return
        caller = run.root().caller
        if caller is not None and not caller.gone and \
                self.is_caught_above(caller, "escalation", code):
            self.happenings.append(
                Happening(("escalation", code), [Option("call", caller.element, caller)]))

    def take_effect(self, option):
        if option.kind == "border":
            self.catch_at_border(option.run, option.element)
        else:
            self.catch_in_scope(option.run, option.element)

    def thrown_by_child(self, happening, option):
        """Errors and escalations of a called process arrive at the call activity."""
        self.happenings.remove(happening)
        kind, code = happening.what
        if kind == "error":
            self.throw_error(option.run, code)
        else:
            self.throw_escalation(option.run, code)

    # ---- variables --------------------------------------------------------------------------------

    def variables(self, run):
        found = {}
        while run is not None:
            found = {**run.locals, **found}
            run = run.parent
        return found

    def assign(self, run, name, value):
        """To the innermost scope that has the variable, else to the instance."""
        at = run
        while name not in at.locals and at.parent is not None:
            at = at.parent
        at.locals[name] = value

    # ---- what may happen now ----------------------------------------------------------------------

    def enabled(self):
        found = []
        for start in self.starting:
            found.append(Action("PROCESS_ACTIVATED", start[0], start[2],
                                lambda start=start: self.begin(start)))
        for instance in list(self.instances):
            for run in list(instance.subtree()):
                found += self.enabled_at(run)
        return found + self.silent()

    def enabled_at(self, run):
        if run.doomed:
            return self.terminations(run)
        return self.flows(run) + self.activations(run) + self.completions(run) + \
            self.compensations(run.compensation)

    def silent(self):
        found = []
        self.redeliver()
        for happening in list(self.happenings):
            options = self.open_options(happening)
            if not options:
                self.happenings.remove(happening)
            for option in options:
                do = self.thrown_by_child if option.kind == "call" else self.fire
                action = Action("HAPPENS", option.element, option.run,
                                lambda do=do, h=happening, o=option: do(h, o), True, option)
                action.happening = happening
                found.append(action)
        for sent in self.sent:
            arrives = Action("ARRIVES", sent.name, None, lambda s=sent: self.deliver(s), True)
            arrives.sent = sent
            found.append(arrives)
        for child in self.canceling:
            found.append(Action("CANCELS", child.element, child,
                                lambda c=child: self.cancel(c), True))
        for instance in self.instances:
            for run in instance.subtree():
                found += self.answers_at(run) + self.resets(run) + self.cancels(run)
        return found

    def open_options(self, happening):
        """Who may get it now: of a message that is kept also one that has come since."""
        sent = happening.what
        if not isinstance(sent, Sent) or sent not in self.buffered:
            return happening.alive()
        mine = [o for o in self.options(self.matcher(sent))
                if self.model.root_of(o.element) is happening.process]
        options = [o for o in mine if o.kind != "start"] or mine
        if not options:
            sent.served.discard(happening.process.id)
        return options

    def deliver(self, sent):
        self.sent.remove(sent)
        self.arrive(sent)

    def cancel(self, child):
        self.canceling.remove(child)
        if not child.gone:
            self.doom(child)

    def terminations(self, run):
        if run.children:
            return []
        name = "PROCESS_TERMINATED" if run.role == "process" else "ELEMENT_TERMINATED"
        return [Action(name, run.element, run, lambda: self.leave(run))]

    def flows(self, scope):
        return [Action("FLOW_TAKEN", flow, scope, lambda flow=flow: self.take(scope, flow))
                for flow in scope.leaving]

    def take(self, scope, flow):
        scope.leaving.remove(flow)
        scope.tokens[flow.id] += 1

    # ---- activation -------------------------------------------------------------------------------

    def activations(self, scope):
        found = [Action("ELEMENT_ACTIVATED", entry.element, scope,
                        lambda e=entry: self.enter(scope, e))
                 for entry in scope.entries if entry.is_ready()]
        targets = {}
        for name, count in scope.tokens.items():
            if count > 0:
                flow = self.model.flows[name]
                targets.setdefault(flow.target, []).append(flow)
        for name, flows in targets.items():
            element = self.model.elements[name]
            consumed = self.consumes(scope, element, flows)
            if consumed:
                found.append(Action("ELEMENT_ACTIVATED", element, scope,
                                    lambda e=element, c=consumed: self.consume(scope, e, c)))
        return found

    def consumes(self, scope, element, flows):
        """The flows from which the element takes a token each to begin; empty: it cannot (13.3)."""
        if element.type == "parallelGateway":
            return flows if len(flows) == len(element.incoming) else []
        if element.type == "inclusiveGateway":
            return flows if not self.is_blocked(scope, element, set()) else []
        if element.type == "complexGateway":
            return flows if self.is_active(scope, element, flows) else []
        count = sum(scope.tokens[flow.id] for flow in flows)
        if count < element.start_quantity:
            return []
        each = [flow for flow in flows for _ in range(scope.tokens[flow.id])]
        return each[:element.start_quantity]

    def is_blocked(self, scope, gateway, consumed):
        """Some token can come to an empty incoming flow and to no other (13.4.3)."""
        reaches, instead = self.model.reaches(gateway), self.model.reaches(gateway, True)
        full = {flow.id for flow in gateway.incoming
                if scope.tokens[flow.id] > 0 or flow.id in consumed}
        empty = {flow.id for flow in gateway.incoming} - full
        for to_empty, to_full in zip(self.places(scope, False), self.places(scope, True)):
            can_come = any(reaches.get(flow.id, set()) & empty for flow in to_empty)
            if can_come and not any(instead.get(flow.id, set()) & full for flow in to_full):
                return True
        return False

    def places(self, scope, instead):
        """Where tokens are, each as the flows on which it is or on which it may go on."""
        for name, count in scope.tokens.items():
            if count > 0:
                yield [self.model.flows[name]]
        for flow in scope.leaving:
            yield [flow]
        for child in scope.children:
            if not child.doomed:
                yield self.model.exits(child.element, instead)
        for entry in scope.entries:
            yield self.model.exits(entry.element, instead)

    def is_active(self, scope, gateway, flows):
        """The complex gateway waiting for start (13.4.5)."""
        if gateway.id in scope.resetting:
            return False
        if gateway.activation is None:
            raise NotCovered("complex gateway without a condition")
        count = sum(scope.tokens[flow.id] for flow in flows)
        known = {**self.variables(scope), "activationCount": count}
        return evaluate(gateway.activation, known) is True

    def resets(self, scope):
        """The complex gateway waiting for reset (13.4.5). Flows without a condition are for the first
        phase alone: else a discriminator would fire twice. The standard is silent."""
        found = []
        for name, consumed in scope.resetting.items():
            gateway = self.model.elements[name]
            if not self.is_blocked(scope, gateway, consumed):
                found.append(Action("RESETS", gateway, scope,
                                    lambda g=gateway, c=consumed: self.reset(scope, g, c), True))
        return found

    def reset(self, scope, gateway, consumed):
        del scope.resetting[gateway.id]
        for flow in gateway.incoming:
            if flow.id not in consumed and scope.tokens[flow.id] > 0:
                scope.tokens[flow.id] -= 1

    def consume(self, scope, element, flows):
        for flow in flows:
            scope.tokens[flow.id] -= 1
        if element.type == "complexGateway":
            scope.resetting[element.id] = {flow.id for flow in flows}
        after_gateway = self.model.elements[flows[0].source].type == "eventBasedGateway"
        run = self.activate(element, scope)
        run.occurred = run.occurred or (after_gateway and run.role != "body")
        return run

    def enter(self, scope, entry):
        scope.entries.remove(entry)
        variables = entry.variables
        if entry.role == "inner":
            scope.begun += 1
            variables = {"loopCounter": scope.begun}
        return self.activate(entry.element, scope, entry.role, entry.start, variables)

    def activate(self, element, scope, role="plain", start=None, variables=None):
        if role == "plain" and element.loop is not None:
            role = "body"
        run = Run(element, scope, role)
        run.locals.update(variables or {})
        scope.children.append(run)
        if role == "body":
            self.begin_loop(run)
        elif element.is_scope:
            self.open_scope(run, start)
        elif element.type == "callActivity" and not self.is_worked_on(run):
            self.call(run)
        elif element.type in ("endEvent", "intermediateThrowEvent"):
            self.throw(run)
        self.set_timers(run)
        return run

    def set_timers(self, run):
        self.set_timers_at(run, self.options_at(run, lambda e, r: e.duration is not None))

    def set_timers_at(self, run, options):
        for option in options:
            if option.run is run:
                run.timers.append([option.element, self.now + option.element.duration])

    def begin(self, start):
        self.starting.remove(start)
        process, event, caller, variables = start
        instance = Run(process, None, "process")
        instance.caller = caller
        instance.locals = variables
        self.first = self.first or instance
        if caller is not None:
            caller.child = instance
        self.instances.append(instance)
        self.open_scope(instance, event)
        self.set_timers(instance)
        return instance

    def open_scope(self, run, start):
        starts = [start] if start is not None else self.model.starts_of(run.element)
        if not starts and self.manual and run.role == "process":
            starts = [e for e in run.element.inside if e.type == "startEvent"][:1]
        run.entries = [Entry(element) for element in starts]

    def call(self, run):
        if run.element.called not in self.model.processes:
            raise NotCovered("call of a process that is not there")
        self.starting.append((self.model.processes[run.element.called], None, run,
                              self.variables(run)))

    # ---- loops (10.3.8, 13.3.6, 13.3.7) ------------------------------------------------------------

    def begin_loop(self, body):
        loop = body.element.loop
        if loop.is_multi:
            count = evaluate(loop.count, self.variables(body)) if loop.count else 1
            body.total = count if isinstance(count, int) else 1
        if loop.is_multi and not loop.sequential:
            body.entries = [Entry(body.element, role="inner") for _ in range(body.total)]
        elif loop.is_multi or loop.test_before and not self.manual:
            self.go_around(body)
        else:
            body.entries = [Entry(body.element, role="inner")]

    def go_around(self, body):
        loop = body.element.loop
        if loop.is_multi:
            again = body.begun < body.total
        else:
            condition = None if self.manual else loop.condition
            again = not (loop.maximum and body.finished >= loop.maximum) and (
                condition is None or evaluate(condition, self.variables(body)) is True)
            if condition is None and not loop.maximum:
                again = False
        if again:
            body.entries = [Entry(body.element, role="inner")]

    def one_finished(self, body):
        loop = body.element.loop
        body.finished += 1
        if loop.is_multi and loop.until and not self.manual:
            known = {**self.variables(body), "numberOfInstances": body.total,
                     "numberOfCompletedInstances": body.finished,
                     "numberOfActiveInstances": len(body.children)}
            if evaluate(loop.until, known) is True:
                self.interrupt(body)
                return
        if loop.sequential:
            self.go_around(body)

    # ---- completion -------------------------------------------------------------------------------

    def completions(self, run):
        if run.incident:
            return self.incidents_at(run)
        if not self.can_complete(run):
            return []
        if self.is_stuck(run):
            run.incident = "due"  # the standard's exception: an incident, as in Camunda 8
            return self.incidents_at(run)
        name = "PROCESS_COMPLETED" if run.role == "process" else "ELEMENT_COMPLETED"
        return [Action(name, run.element, run, lambda: self.complete(run))]

    def incidents_at(self, run):
        if run.incident != "due":
            return []
        return [Action("INCIDENT_CREATED", run.element, run, lambda: self.note_incident(run))]

    def note_incident(self, run):
        run.incident = "noted"

    def can_complete(self, run):
        element = run.element
        if run.children or run.entries or run.leaving or any(run.tokens.values()):
            return False
        if run.role == "container":
            return run.compensation is None or run.compensation.is_done()
        if run.role == "body" or element.is_scope:
            return True
        if element.trigger == "terminate":
            return len(run.parent.children) == 1
        if element.trigger in ("error", "cancel") and element.type == "endEvent":
            return False
        if run.compensation is not None:
            return run.compensation.is_done()
        if self.is_waiting(run):
            return False
        if self.is_worked_on(run):
            return self.is_answered(run)
        if element.type == "eventBasedGateway":
            return run.chosen is not None
        if element.type == "callActivity":
            return run.child_ended
        return True

    def is_answered(self, run):
        name = run.element.id
        if run.occurred:
            return True
        if run.element.type == "userTask" and not self.manual:
            return False
        if any(answer[0] == name for answer in self.answers):
            return False
        return name not in self.waits and self.mentions[name] <= 0

    def answers_at(self, run):
        """A script's answer to the element's next job."""
        if run.doomed or run.incident or not self.is_worked_on(run):
            return []
        for answer in self.answers:
            if answer[0] == run.element.id:
                return [Action("ANSWERED", run.element, run,
                               lambda a=answer: self.answer(run, a), True)]
        return []

    def answer(self, run, answer):
        self.answers.remove(answer)
        name, code, retries = answer
        if code is not None:
            self.throw_error(run, code)
        elif retries <= 0:
            run.incident = "due"

    def complete(self, run):
        self.before_leaving(run)
        going = self.chosen_flows(run)
        self.leave(run)
        scope = run.parent
        if run.on_end:
            return
        if run.role == "inner":
            self.one_finished(scope)
        elif scope is not None:
            scope.leaving += going
            self.follow_link(run)

    def before_leaving(self, run):
        element = run.element
        if element.script is not None and run.role != "body" and not self.manual:
            known = self.variables(run)
            self.assign(run, element.result, evaluate(element.script, known))
        if (element.trigger == "message" or element.trigger == "signal" and self.manual) and (
                element.type in ("endEvent", "intermediateThrowEvent") or
                element.type == "sendTask" and run.role != "body" and not self.is_worked_on(run)):
            key = evaluate(element.correlation, self.variables(run)) \
                if element.correlation and not self.manual else None
            # With what variables the standard leaves to data associations; without any, all that the
            # sender sees (the engine's choice).
            self.send(Sent(element.trigger, element.ref, key,
                           variables=None if self.manual else self.variables(run)))
        if element.type == "callActivity" and run.child is not None:
            for name, value in run.child.locals.items():
                self.assign(run, name, value)
        self.remember(run)

    def send(self, sent):
        """A signal is for those that wait now. A message may take its time, and waits for a while for
        who comes; in a walk it does not."""
        if sent.kind == "signal":
            self.arrive(sent)
            return
        sent.expected = self.options(self.matcher(sent))
        if self.manual:
            self.sent.append(sent)
        else:
            sent.lives_until = self.now + THROWN_LIVES
            self.arrive(sent)

    def remember(self, run):
        """What can be compensated from now on. A handler of an activity with instances is called once,
        as in Camunda 8; the standard is silent."""
        element, scope = run.element, run.parent
        if scope is None or run.on_end:
            return
        undoes = any(start.trigger == "compensate" for sub in element.event_subs
                     for start in sub.inside)
        if element.handler is not None and run.role != "inner":
            scope.completed.append(Record(element, "handler", []))
        elif element.is_scope and (run.completed or undoes or run.role == "body") \
                and element.handler is None:
            if run.completed or undoes and run.role != "body":
                scope.completed.append(Record(element, run.role, run.completed))

    def leave(self, run):
        """The run is gone: completed or terminated."""
        run.gone = True
        if run.parent is not None:
            run.parent.children.remove(run)
        if run.role == "process":
            self.instances.remove(run)
            self.ended.append(run)
            if run.caller is not None and not run.doomed:
                run.caller.child_ended = True
        if run.on_end:
            run.on_end.current = None

    def follow_link(self, run):
        if run.element.trigger == "link" and run.element.type == "intermediateThrowEvent":
            target = self.model.link_target(run.element)
            run.parent.entries.append(Entry(target))

    # ---- which flows ------------------------------------------------------------------------------

    def chosen_flows(self, run):
        element = run.element
        if element.type == "eventBasedGateway":
            return [f for f in element.outgoing if f.target == run.chosen.id][:1]
        if run.role in ("inner", "process", "container"):
            return []
        flows = self.selected(run)
        if self.manual and element.id not in self.takes:
            self.walked.update(flow.id for flow in flows)
        return [flow for flow in flows for _ in range(element.completion_quantity)]

    def selected(self, run):
        element = run.element
        choosing = element.type in ("exclusiveGateway", "inclusiveGateway", "complexGateway")
        if choosing and element.id in self.takes:
            wanted = self.takes[element.id]
            taken = [self.model.flows[name] for name in wanted
                     if name in self.model.flows and self.model.flows[name] in element.outgoing]
            if taken:
                return taken[:1] if element.type == "exclusiveGateway" else taken
        default = self.model.flows.get(element.default)
        if self.manual:
            return self.walk(element, default) if choosing else list(element.outgoing)
        if element.type == "parallelGateway":
            return list(element.outgoing)
        known = self.variables(run)
        holding = [flow for flow in element.outgoing if flow is not default and
                   (flow.condition is None or evaluate(flow.condition, known) is True)]
        if element.type == "exclusiveGateway":
            holding = holding[:1]
        none_holds = not holding if choosing else \
            all(flow.condition is None for flow in holding)
        if default is not None and none_holds:
            holding = holding + [default] if not choosing else [default]
        return holding

    def walk(self, element, default):
        """The standard leaves it to the conditions, of which a walk knows none: the default, else the
        first; a way that led back here not again while there is another (docs: simulate)."""
        way = default or next(iter(element.outgoing), None)
        for other in element.outgoing:
            if way is None or not self.model.leads_back(way) or not self.walked[way.id]:
                break
            if not self.walked[other.id] or not self.model.leads_back(other):
                way = other
        return [] if way is None else [way]

    def is_stuck(self, run):
        """A gateway of whose conditions none holds, without a default (13.4.2, 13.4.3, 13.4.5)."""
        element = run.element
        return element.type in ("exclusiveGateway", "inclusiveGateway", "complexGateway") and \
            bool(element.outgoing) and not self.selected(run)

    # ---- compensation (13.5.5) --------------------------------------------------------------------

    def compensations(self, compensation):
        if compensation is None or not compensation.may_go_on():
            return []
        record = compensation.queue[0]
        element = record.element.handler if record.role == "handler" else record.element
        action = Action("ELEMENT_ACTIVATED", element, compensation.where,
                        lambda: self.compensate(compensation, element))
        action.undoes = True
        return [action]

    def compensate(self, compensation, element):
        record = compensation.queue.pop(0)
        if record.role == "handler":
            run = self.activate(element, compensation.where)
        else:
            run = Run(element, compensation.where, "container")
            compensation.where.children.append(run)
            self.reopen(run, record)
        run.on_end = compensation
        compensation.current = run
        return run

    def reopen(self, run, record):
        """A completed sub-process is compensated by its event sub-process, else by what is inside."""
        subs = [sub for sub in run.element.event_subs
                if any(start.trigger == "compensate" for start in sub.inside)]
        run.completed = list(record.contents)
        if subs and record.role != "body":
            run.entries = [Entry(subs[0], start=subs[0].inside[0])]
        else:
            run.compensation = Compensation(run, run, run.completed)
            run.completed = []

    def cancels(self, run):
        """A transaction is canceled when what was done in it has been undone (13.3.8)."""
        if run.element.trigger != "cancel" or run.doomed or run.compensation is None \
                or not run.compensation.is_done():
            return []
        return [Action("CANCELS", run.element, run, lambda: self.cancel_transaction(run), True)]

    def cancel_transaction(self, end):
        transaction = end.parent if end.parent.role != "inner" else end.parent.parent
        found = [b for b in transaction.element.boundaries if b.trigger == "cancel"]
        self.doom(transaction)
        for boundary in found[:1]:
            transaction.parent.entries.append(Entry(boundary, [transaction]))

    # ---- a run of its own -------------------------------------------------------------------------

    def next_due(self):
        return min((due for run in self.runs() for _, due in run.timers), default=None)

    def pass_time(self):
        """To the next timer within the step; False: there is none."""
        due = self.next_due()
        if due is None or due > self.deadline:
            return False
        self.now = max(self.now, due)
        for run in list(self.runs()):
            for timer in [t for t in run.timers if t[1] <= self.now]:
                run.timers.remove(timer)
                self.ring(run, timer[0])
        return True

    def ring(self, run, element):
        options = self.options_at(run, lambda e, r: e is element)
        if options:
            self.happenings.append(Happening("timer", options))

    def settle(self, choose=lambda actions: actions[0], limit=2000):
        """Until nothing can happen any more; the actions that happened."""
        happened = []
        while len(happened) < limit:
            actions = self.enabled()
            if not actions:
                if not self.pass_time():
                    break
                continue
            action = choose(actions)
            happened.append(action)
            action.do()
        return happened

    def waiting(self):
        """Ids of what waits, as often as it does."""
        return sorted(run.element.id for run in self.runs()
                      if not run.element.is_scope and run.role != "body"
                      and not (run.element.type == "callActivity" and not self.is_worked_on(run)))

    def state(self):
        if any(run.incident == "noted" for run in self.runs()):
            return "incident"
        if self.instances:
            return "waiting"
        return "terminated" if any(i.doomed and i.caller is None for i in self.ended) \
            else "completed"
