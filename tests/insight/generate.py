# SPDX-License-Identifier: Apache-2.0
"""Event logs out of known models, for tests: a random process tree is played out, with noise and odd times on request."""
import gzip
import random
from datetime import datetime, timedelta, timezone
from xml.sax.saxutils import quoteattr


class Tree:
    """A process tree: an operator (seq, xor, and, loop) with children, or a leaf with a name (None: silent)."""

    def __init__(self, operator=None, children=(), name=None):
        self.operator, self.children, self.name = operator, list(children), name

    def __repr__(self):
        return f"{self.operator}({', '.join(map(repr, self.children))})" if self.operator else repr(self.name)


def random_tree(rng, leaves, silent=0.1):
    """A tree of so many leaves, each of another name."""
    names = [f"{chr(65 + i % 26)}{i // 26 or ''}" for i in range(leaves)]

    def build(part):
        if len(part) == 1:
            leaf = Tree(name=part[0])
            return Tree("xor", [leaf, Tree()]) if rng.random() < silent else leaf
        operator = rng.choices(["seq", "xor", "and", "loop"], [5, 3, 2, 1])[0]
        if operator == "loop":
            cut = max(1, len(part) - rng.randint(1, max(1, len(part) // 3)))
            redo = build(part[cut:]) if rng.random() < 0.7 and cut < len(part) else Tree()
            return Tree("loop", [build(part[:cut] if redo.operator or redo.name else part), redo])
        cuts = sorted(rng.sample(range(1, len(part)), min(len(part) - 1, rng.randint(1, 3))))
        pieces = [part[a:b] for a, b in zip([0] + cuts, cuts + [len(part)])]
        return Tree(operator, [build(piece) for piece in pieces])

    return build(names)


def play(tree, rng):
    """One run of the tree, as a list of names."""
    if tree.operator is None:
        return [tree.name] if tree.name else []
    if tree.operator == "seq":
        return [name for child in tree.children for name in play(child, rng)]
    if tree.operator == "xor":
        return play(rng.choice(tree.children), rng)
    if tree.operator == "loop":
        run = play(tree.children[0], rng)
        while rng.random() < 0.3 and len(run) < 200:
            run += play(tree.children[1], rng) + play(tree.children[0], rng)
        return run
    runs, merged = [play(child, rng) for child in tree.children], []
    while any(runs):
        run = rng.choice([run for run in runs if run])
        merged.append(run.pop(0))
    return merged


def spoil(run, rng, share, names):
    """Swaps, drops and adds events in that share of runs."""
    run = list(run)
    if rng.random() >= share or not run:
        return run
    at = rng.randrange(len(run))
    kind = rng.choice(["swap", "drop", "add"])
    if kind == "drop" and len(run) > 1:
        del run[at]
    elif kind == "add":
        run.insert(at, rng.choice(names))
    elif at + 1 < len(run):
        run[at], run[at + 1] = run[at + 1], run[at]
    return run


class Log:
    """Traces of (activity, started, completed, resource); how they were made is in `tree`."""

    def __init__(self, seed, traces=200, leaves=8, noise=0.0, ties=0.0, odd=False):
        rng = random.Random(seed)
        self.tree = random_tree(rng, leaves)
        names = sorted({name for _ in range(50) for name in play(self.tree, rng)})
        clock = datetime(2024, 1, 1, 8, tzinfo=timezone.utc)
        self.cases = []
        while len(self.cases) < traces:
            run = spoil(play(self.tree, rng), rng, noise, names)
            if not run:
                continue
            clock += timedelta(seconds=rng.randint(0, 3600))
            now, events = clock, []
            for name in run:
                started = now + timedelta(milliseconds=0 if rng.random() < ties else rng.randint(0, 9 * 10**6))
                completed = started + timedelta(milliseconds=0 if rng.random() < ties else rng.randint(0, 10**6))
                events.append((name, started, completed, f"Resource {rng.randint(1, 9)}"))
                now = completed if not odd or rng.random() < 0.8 else started - timedelta(seconds=rng.randint(0, 99))
            self.cases.append((f"case {len(self.cases) + 1}", events))

    def write_xes(self, path, lifecycle=False):
        text = ['<?xml version="1.0" encoding="UTF-8" ?>\n<log xes.version="1.0">\n<string key="concept:name" value="made"/>\n']
        for case, events in self.cases:
            text.append(f"<trace><string key='concept:name' value={quoteattr(case)}/>\n")
            for name, started, completed, resource in events:
                moments = [("start", started), ("complete", completed)] if lifecycle else [("complete", completed)]
                for transition, time in moments:
                    text.append(f"<event><string key='concept:name' value={quoteattr(name)}/><string key='org:resource' value={quoteattr(resource)}/>"
                                f"<date key='time:timestamp' value='{time.isoformat(timespec='milliseconds')}'/>"
                                f"<string key='lifecycle:transition' value='{transition}'/><int key='cost' value='7'/></event>\n")
            text.append("</trace>\n")
        text.append("</log>\n")
        opened = gzip.open if str(path).endswith(".gz") else open
        with opened(path, "wt", encoding="utf-8") as file:
            file.write("".join(text))

    def write_csv(self, path):
        with open(path, "w", encoding="utf-8") as file:
            file.write("case_id,activity,start_time,end_time,resource\n")
            for case, events in self.cases:
                for name, started, completed, resource in events:
                    file.write(f"{case},{name},{started.isoformat()},{completed.isoformat()},{resource}\n")
