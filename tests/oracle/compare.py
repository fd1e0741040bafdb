# SPDX-License-Identifier: Apache-2.0
"""Lets the slow interpreter follow a trace of `baton simulate --batch`: each event must be an action
that the semantics allows there and then, and where the engine rests nothing may be left to do. So any
order that the standard allows is right, and no other."""

from datetime import datetime, timezone

from interpreter import Interpreter, Sent
from model import Model, NotCovered

BEGIN = datetime(2026, 1, 1, tzinfo=timezone.utc)
MOVES = {"PROCESS_ACTIVATED", "PROCESS_COMPLETED", "PROCESS_TERMINATED", "ELEMENT_ACTIVATED",
         "ELEMENT_COMPLETED", "ELEMENT_TERMINATED", "FLOW_TAKEN", "INCIDENT_CREATED"}
HINTS = {"SUBSCRIPTION_CORRELATED", "TIMER_FIRED", "JOB_ERROR_THROWN", "JOB_FAILED", "TOKENS_DROPPED"}


class Difference(Exception):
    """The engine did what the standard does not allow, or did not do what it asks for."""


class Follower:
    def __init__(self, xml, script, manual=False):
        self.oracle = Interpreter(Model(xml, manual))
        self.script = script
        self.oracle.read_script(script) if script else None
        self.keys = {}
        self.published, self.correlating = [], {}  # keys of messages; subscription -> message
        self.refused = False
        self.happened = []
        self.later = []

    def follow(self, lines):
        lines = list(lines)
        for at, line in enumerate(lines):
            name = line["event"]
            self.later = lines[at + 1:at + 80]
            if name == "STEP":
                self.begin_step(line)
            elif name == "END":
                self.end(line)
            elif name in MOVES:
                self.catch_up(line)
                self.move(line)
            elif name in HINTS:
                self.hint(line)
            elif name == "MESSAGE_PUBLISHED":
                self.published.append(line["key"])
            elif name == "MESSAGE_CORRELATING":
                self.correlating[line["scope"]] = line["key"]

    # ---- steps and time ----------------------------------------------------------------------------

    def begin_step(self, line):
        self.rest()
        self.oracle.end_step()
        self.happened.append(line)
        self.refused = not self.oracle.step(self.script[line["key"] - 1])

    def rest(self):
        """Here the engine does nothing any more: then nothing may be possible."""
        self.be_quiet()
        due = self.oracle.next_due()
        if due is not None and due <= self.oracle.deadline:
            raise Difference(f"a timer due at {due} s did not fire")

    def be_quiet(self):
        for _ in range(1000):
            actions = self.oracle.enabled()
            lazy = [a for a in actions if a.name in ("RESETS", "ARRIVES", "CANCELS")
                    or self.is_lost(a)]
            if not actions:
                return
            if not lazy:
                raise Difference(f"rests, though this is due: {actions}")
            self.be_late(lazy[0])

    def is_lost(self, action):
        """In a walk a message is for any one of those that wait for it; who was meant may have gone in
        the meantime, and a receive task goes on without one."""
        happening = action.happening
        if not self.oracle.manual or happening is None or not isinstance(happening.what, Sent):
            return False
        return happening.what.kind == "message" and (
            self.is_received(happening.what) or len(happening.alive()) < len(happening.options))

    def is_received(self, sent):
        return any(e.type == "receiveTask" and e.ref == sent.name
                   for e in self.oracle.model.elements.values())

    def be_late(self, action):
        """What is on its way arrives at last. Who waits only since then was too late for what is not
        kept; who has waited all the time must have got it."""
        if action.happening is not None:
            self.oracle.happenings.remove(action.happening)
        elif action.name == "ARRIVES" and (action.sent.kind == "signal" or self.oracle.manual):
            self.arrive_late(action.sent)
        else:
            action.do()

    def arrive_late(self, sent):
        self.oracle.sent.remove(sent)
        due = [o for o in sent.expected if o.is_alive() and o.kind != "start"]
        if sent.kind == "message" and (len(due) < len(sent.expected) or self.is_received(sent)):
            return
        if due:
            raise Difference(f"rests, though {sent.name} was thrown for {due[0].element}")

    def catch_up(self, line):
        at = (datetime.fromisoformat(line["time"]) - BEGIN).total_seconds()
        while at > self.oracle.now:
            self.be_quiet()
            if not self.oracle.pass_time():
                raise Difference(f"time passes to {at} s without a timer: {brief(line)}")

    # ---- events ------------------------------------------------------------------------------------

    def move(self, line):
        self.happened.append(line)
        for _ in range(8):
            found = [a for a in self.candidates(line) if a.element.id == line["element"]
                     and a.name == line["event"]]
            if found:
                found.sort(key=lambda a: a.undoes != self.is_undone_next(line))
                self.keys_of(line, found[0].do())
                return
            silent = [a for a in self.oracle.silent() if self.explains(a, line)]
            silent.sort(key=self.shown_at)
            if not silent:
                raise Difference(f"{brief(line)} is not possible here; this is: "
                                 f"{self.oracle.enabled()}")
            silent[0].do()
        raise Difference(f"{brief(line)} is not possible here")

    # Of several explanations the one that what comes next agrees with.

    def is_undone_next(self, line):
        return bool(self.later) and self.later[0]["event"] == "COMPENSATION_TRIGGERED" and \
            self.later[0]["scope"] == line["key"]

    def shown_at(self, action):
        """How soon what the event leads to is seen."""
        option = action.option
        if option is not None and option.kind == "call":
            option = self.oracle.catcher(option.run, *action.happening.what)
        if action.name == "CANCELS" and action.run.role != "process":
            host = self.transaction(action)
            wanted = [b.id for b in host.element.boundaries if b.trigger == "cancel"]
            return self.soonest(wanted[0], host.parent) if wanted else len(self.later)
        if option is None or option.kind not in ("border", "sub"):
            return len(self.later) + 1
        if option.kind == "border":
            return self.soonest(option.element.id, option.run.parent)
        return self.soonest(option.element.scope.id, option.run)

    def transaction(self, action):
        """What a cancel end event ends; all instances of it."""
        scope = action.run.parent
        return scope.parent if scope.role == "inner" else scope

    def soonest(self, name, scope):
        for at, line in enumerate(self.later):
            if line["event"] == "ELEMENT_ACTIVATED" and line["element"] == name and \
                    self.keys.get(line["scope"]) is scope:
                return at
        return len(self.later) + 1

    def keys_of(self, line, run):
        if line["event"] in ("PROCESS_ACTIVATED", "ELEMENT_ACTIVATED"):
            self.keys[line["key"]] = run

    def candidates(self, line):
        oracle, name = self.oracle, line["event"]
        if name == "PROCESS_ACTIVATED":
            return [a for a in oracle.enabled() if a.name == name]
        run, scope = self.keys.get(line["key"]), self.keys.get(line["scope"])
        if name in ("FLOW_TAKEN", "ELEMENT_ACTIVATED"):
            return self.candidates_in(scope, name) if scope and not scope.doomed else []
        if name == "INCIDENT_CREATED":
            return [a for a in oracle.enabled() if a.name == name]
        if run is None or run.gone:
            return []
        return oracle.terminations(run) if run.doomed else oracle.completions(run)

    def candidates_in(self, scope, name):
        if name == "FLOW_TAKEN":
            return self.oracle.flows(scope)
        found = self.oracle.activations(scope)
        for run in scope.root().subtree():
            if run.compensation is not None and run.compensation.where is scope:
                found += self.oracle.compensations(run.compensation)
        return found

    # ---- what happens unseen, and what tells of it --------------------------------------------------

    def hint(self, line):
        """Says which of several possible things happened; whether it may is the interpreter's."""
        run = self.keys.get(line["scope"])
        if line["event"] == "TIMER_FIRED":
            self.catch_up(line)
        for action in sorted(self.oracle.silent(), key=lambda a: not self.is_told(a, line)):
            answered = line["event"].startswith("JOB_") and action.name == "ANSWERED" or \
                line["event"] == "TOKENS_DROPPED" and action.name == "RESETS" and \
                action.element.id == line["element"]
            option = action.option
            if action.run is run and (answered or option and option.element.id == line["element"]):
                action.do()
                return
        self.hint_of_sent(line, run)

    def is_told(self, action, line):
        """Whether the event says that it is this message that came."""
        message = self.correlating.get(line["key"])
        if message not in self.published or action.happening is None:
            return False
        number = self.published.index(message)
        sent = self.oracle.messages[number] if number < len(self.oracle.messages) else None
        return action.happening.what is sent

    def hint_of_sent(self, line, run):
        def is_meant(option):
            return option.run is run and option.element.id == line["element"]

        sent = [a for a in self.oracle.silent() if a.name == "ARRIVES"
                and any(is_meant(option) for option in self.reached(a))]
        sent.sort(key=lambda a: not any(is_meant(option) for option in a.sent.expected))
        if sent:
            sent[0].do()
            self.hint(line)

    def reached(self, action):
        return self.oracle.options(self.oracle.matcher(action.sent))

    def explains(self, action, line):
        if action.name == "HAPPENS" and action.option.kind == "call":
            return self.explains_call(action.option, line)
        if action.name == "HAPPENS":
            return self.explains_option(action.option, line)
        if action.name == "ARRIVES":
            return any(self.explains_option(o, line) for o in self.reached(action))
        if action.name == "CANCELS":
            top = action.run if action.run.role == "process" else self.transaction(action)
            return self.is_ended_under(line, top)
        if action.name == "ANSWERED":
            return line["event"] in ("ELEMENT_TERMINATED", "INCIDENT_CREATED")
        return action.name == "RESETS"

    def is_ended_under(self, line, top):
        run = self.keys.get(line["key"])
        return line["event"].endswith("TERMINATED") and run is not None and run.is_under(top)

    def explains_call(self, option, line):
        run = self.keys.get(line["key"])
        scope = self.keys.get(line["scope"])
        around = (option.run.root(), option.run.child)
        return any(r is not None and top is not None and r.is_under(top)
                   for r in (run, scope) for top in around)

    def explains_option(self, option, line):
        run, scope = self.keys.get(line["key"]), self.keys.get(line["scope"])
        name, element = line["event"], option.element
        if option.kind == "start":
            return name == "PROCESS_ACTIVATED" and \
                line["element"] == self.oracle.model.root_of(element).id
        if option.kind in ("run", "gateway"):
            return name == "ELEMENT_COMPLETED" and run is option.run
        entered, place = (element, option.run.parent) if option.kind == "border" \
            else (element.scope, option.run)
        if name == "ELEMENT_ACTIVATED":
            return line["element"] == entered.id and scope is place
        inside = run is not option.run or option.kind == "border"
        return element.interrupting and inside and self.is_ended_under(line, option.run)

    # ---- the end -----------------------------------------------------------------------------------

    def end(self, line):
        self.happened.append(line)
        error = line.get("error")
        if error and "CATCH_AMBIGUOUS" in error:
            raise NotCovered("two that catch the same, which the engine refuses")
        if self.refused or error:
            if not (self.refused and error and "nothing waits" in error):
                raise Difference(f"the run stops with {error!r}; by the standard the last step "
                                 f"{'is in vain' if self.refused else 'takes effect'}")
            return
        self.rest()
        self.same("state", line["state"], self.oracle.state())
        self.same("what waits", sorted(w["element"] for w in line["waiting"]),
                  self.oracle.waiting())
        first = self.oracle.first
        if not self.oracle.manual:
            self.same("variables", line["variables"], first.locals if first else {})

    def same(self, what, actual, wanted):
        if actual != wanted:
            raise Difference(f"{what} at the end: {actual}, by the standard {wanted}")


def brief(line):
    return f"{line['event']} {line.get('element')}"
