# SPDX-License-Identifier: Apache-2.0
"""One random process from drawing to verdict: the engine runs what the script says so far, the slow
interpreter follows, and from what waits then the next step is drawn."""

import json
import random
import subprocess

from compare import Difference, Follower
from generate import draw

STEPS = 7


class Crash(Exception):
    """The program went away."""


class Baton:
    """A `baton simulate --batch -` that answers run by run."""

    def __init__(self, path):
        self.path = path
        self.process = None

    def run(self, xml, script, manual, verify=False):
        if self.process is None:
            self.process = subprocess.Popen([self.path, "simulate", "--batch", "-"], text=True,
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        ask = {"models": [xml], "script": script, "manual": manual, "verify": verify}
        try:
            self.process.stdin.write(json.dumps(ask) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if line.startswith('{"event":"END"'):
                return lines
        code = self.process.wait()
        self.process = None
        raise Crash(f"baton simulate ended with {code}")

    def close(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait()


class Session:
    def __init__(self, baton, seed, unstructured, manual):
        self.baton, self.manual = baton, manual
        self.random = random.Random(f"script {seed}/{unstructured}/{manual}")
        self.xml = draw(seed, unstructured, manual)
        self.script, self.seen, self.events = [], [], 0
        self.follower = None

    def play(self):
        """Raises Difference or NotCovered; else all is as the standard says."""
        self.follower = Follower(self.xml, self.script, self.manual)
        self.script += self.opening()
        self.follower.oracle.read_script(self.script)
        end = self.go_on()
        for _ in range(self.random.randint(0, STEPS)):
            step = self.next_step()
            if step is None or "error" in end:
                break
            self.script.append(step)
            end = self.go_on()
        self.verify()

    def go_on(self):
        """Runs the script as it is now; follows what is new."""
        lines = self.baton.run(self.xml, self.script, self.manual)
        before = self.seen
        if lines[:len(before)] != before:
            raise Difference("the same commands gave another history")
        self.seen = lines[:-1]
        self.follower.follow(json.loads(line) for line in lines[len(before):])
        return json.loads(lines[-1])

    def verify(self):
        """The promises: history folds to the stored image after each command, and working on images
        gives the same as working in memory."""
        lines = self.baton.run(self.xml, self.script, self.manual, verify=True)
        end = json.loads(lines[-1])
        if "error" in end and "nothing waits" not in end["error"]:
            raise Difference(f"a promise is broken: {end['error']}")
        if lines[:-1] != self.seen:
            raise Difference("on stored images the history is another")
        self.events = len(self.seen)

    # ---- drawing the script ------------------------------------------------------------------------

    def opening(self):
        model = self.follower.oracle.model
        jobs = [e.id for e in model.elements.values() if e.id[0] in "jh"]
        steps = []
        kept = [name for name in jobs if self.random.random() < 0.2]
        if self.manual:
            kept += [e.id for e in model.elements.values() if e.id[0] == "u"]
        if kept:
            steps.append({"wait": kept})
        for name in jobs:
            if name not in kept and self.random.random() < 0.2:
                steps.append(self.answer(name))
        for _ in range(self.random.randint(0, 2)):
            steps += self.takes(model, starting=True)
        variables = {} if self.manual else {"n": self.random.randint(0, 3), "key": "k"}
        return steps + [{"start": "p", "variables": variables}]

    def answer(self, name):
        if self.random.random() < 0.7:
            return {"bpmnError": {"element": name, "code": self.random.choice(["e0", "e1", "E0"])
                                  if not self.manual else self.random.choice(["E0", "E1"])}}
        return {"fail": {"element": name, "retries": self.random.choice([0, 1, 2]),
                         "message": "no"}}

    def takes(self, model, starting=False):
        """What a gateway decides; going back is decided only between other steps, for a cycle without
        a pause would not end."""
        gateways = [e for e in model.elements.values() if len(e.outgoing) > 1 and
                    e.type in ("exclusiveGateway", "inclusiveGateway")]
        if not gateways:
            return []
        gateway = self.random.choice(gateways)
        count = 1 if gateway.type == "exclusiveGateway" else self.random.randint(1, 2)
        flows = [flow.id for flow in gateway.outgoing]
        if self.counts(model, gateway):
            return []
        return [{"take": {gateway.id: self.random.sample(flows, count)}}]

    def counts(self, model, gateway):
        """Its cycle ends by counting, which is not to be overruled."""
        return any(model.elements[flow.source].type == "scriptTask" for flow in gateway.incoming)

    def next_step(self):
        oracle = self.follower.oracle
        if not oracle.instances and self.random.random() < 0.9:
            return None
        kind = self.random.random()
        options = [o for o in oracle.options(lambda element, run: True)
                   if o.element.trigger not in ("cancel", "error", "escalation") and
                   (o.element.trigger or o.kind != "start")]
        if kind < 0.45:
            return self.trigger_step(oracle, options)
        if kind < 0.60:
            return {"message": self.message(options)}
        if kind < 0.72:
            return {"signal": {"name": self.reference(options, "signal", ["s0", "s1"])}}
        if kind < 0.90:
            return {"advance": f"PT{self.random.randint(1, 4)}H"}
        if kind < 0.97:
            return (self.takes(oracle.model) or [None])[0]
        return {"start": "p", "variables": {"n": 1, "key": "k"}}

    def trigger_step(self, oracle, options):
        names = [o.element.id for o in options]
        names += [r.element.id for r in oracle.runs() if oracle.is_worked_on(r) and not r.incident]
        if not names:
            return {"trigger": "n1", "variables": {"n": 1, "key": "k"}} if self.random.random() < 0.1 else {"advance": "PT1H"}
        step = {"trigger": self.random.choice(names)}
        if step["trigger"][0] == "u" and not self.manual and self.random.random() < 0.4:
            step["variables"] = {"n": self.random.randint(0, 4)}
        return step

    def reference(self, options, kind, names):
        waited = [o.element.ref for o in options if o.element.trigger == kind and not self.manual]
        return self.random.choice(waited or names)

    def message(self, options):
        name = self.reference(options, "message", ["m0", "m1", "m2", "mk"])
        message = {"name": name}
        if name == "mk":
            message["correlationKey"] = self.random.choice(["k", "k", "k", "other"])
        if self.random.random() < 0.3:
            message["timeToLive"] = self.random.choice(["PT90M", "PT150M"])
        return message


def judge(baton, xml, script, manual):
    """A model and script as they are: what is different, or None."""
    try:
        lines = baton.run(xml, script, manual)
        Follower(xml, script, manual).follow(json.loads(line) for line in lines)
        stored = baton.run(xml, script, manual, verify=True)
        end = json.loads(stored[-1])
        if "error" in end and "nothing waits" not in end["error"]:
            return f"a promise is broken: {end['error']}"
        if lines != stored:
            return "on stored images the history is another"
    except Difference as difference:
        return str(difference)
    except Crash as crash:
        return str(crash)
    return None
