# SPDX-License-Identifier: Apache-2.0
"""Logs that nobody would want, and what they may cost: every verb ends within its time, with an answer or an error that names what is wrong."""
import os
import random
import subprocess
import sys
import tempfile
import time

BATON = os.environ["BATON"]
SECONDS = float(os.environ.get("BAD_INPUT_SECONDS", "60"))
rng = random.Random(1)


def traces(count, length, activities):
    return [[f"a{rng.randrange(activities)}" for _ in range(length)] for _ in range(count)]


LOGS = {  # name: traces without times
    "10,000 activities": traces(1500, 30, 10000),
    "traces of 100,000 events": traces(2, 100000, 20),
    "as many variants as traces": traces(60000, 6, 12),
    "spaghetti": traces(300, 40, 60),
    "1,400 processes in one": [[f"a{i * 7 + k}" for k in range(7)] for i in range(1400)],
    "one event": [["a"]],
}
XES = {  # name: text, part of the refusal
    "cut in a tag": ("<log><trace><event><string key='concept:name' val", "is not XML"),
    "cut behind an event": ("<log><trace><event><string key='concept:name' value='a'/></event>", "is not XML"),
    "no trace": ("<log></log>", "no event"),
    "a page": ("<html><body>404</body></html>", "<log>"),
    "an entity that grows": ("<!DOCTYPE l [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><log>&b;</log>", "DOCTYPE"),
    "nothing": ("", "empty"),
    "half of a gzip": ("\x1f\x8b\x08", "gzip"),
}
VERBS = (["stats"], ["dfg"], ["variants", "--top", "1"], ["kpi"], ["discover", "--out", "MODEL"], ["discover", "--algorithm", "imd"],
         ["discover", "--algorithm", "imf"], ["conform", "--model", "MODEL"], ["conform", "--model", "MODEL", "--method", "align"],
         ["precision", "--model", "MODEL"])


def run(words):
    begun = time.monotonic()
    try:
        done = subprocess.run([BATON, "mine", *words, "--output", "json"], capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return None, "", SECONDS
    return done.returncode, done.stderr.decode(), time.monotonic() - begun


def main():
    failed = runs = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, log in LOGS.items():
            with open(f"{folder}/log.csv", "w", encoding="utf-8") as file:
                file.write("case,activity\n" + "".join(f"{i},{a}\n" for i, trace in enumerate(log) for a in trace))
            for verb in VERBS:
                code, text, seconds = run([f"{folder}/log.csv", *[word.replace("MODEL", f"{folder}/model.pnml") for word in verb]])
                runs += 1
                if code != 0:
                    failed += 1
                    print(f"{name}: {' '.join(verb)}: {'no end' if code is None else code} after {seconds:.0f} s\n{text[-300:]}")
        for name, (text, refusal) in XES.items():
            with open(f"{folder}/log.xes", "w", encoding="latin-1") as file:
                file.write(text)
            code, said, _ = run([f"{folder}/log.xes", "stats"])
            runs += 1
            if code != 2 or refusal not in said:
                failed += 1
                print(f"{name}: {code} {said}")
    print(f"{runs} runs, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
