# SPDX-License-Identifier: Apache-2.0
"""Waits with known causes: each scenario plays a process in which it is known second by second why a case waits, and `baton mine LOG waits`
has to say the same for 95 % of the time."""
import json
import os
import random
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone

BATON = os.environ["BATON"]
MONDAY = datetime(2024, 1, 1, tzinfo=timezone.utc)
HOUR = 3600
CAUSES = ("batching", "contention", "prioritisation", "unavailability", "external", "handling")


def opens(t):
    """The moment from t on when a day's work goes on: Monday to Friday, 9 to 17."""
    while True:
        day, second = divmod(t, 24 * HOUR)
        if day % 7 < 5 and second < 17 * HOUR:
            return max(t, day * 24 * HOUR + 9 * HOUR)
        t = (day + 1) * 24 * HOUR




class World:
    """Rows of a log, and the truth."""

    def __init__(self):
        self.rows, self.truth = [], dict.fromkeys(CAUSES, 0)

    def add(self, case, activity, enabled, start, end, who, **causes):
        self.rows.append((case, activity, enabled, start, end, who))
        for cause, seconds in causes.items():
            self.truth[cause] += seconds
        assert sum(causes.values()) == start - enabled, (causes, enabled, start)


def queue(world, rng, prefix, prioritised):
    """One clerk, always at work, with a queue: first come first served, or the newest first. Waits end when the clerk is free."""
    arrivals = sorted(rng.sample(range(0, 28 * 24 * HOUR), 1500))
    free, waiting, at = 0, [], 0
    while at < len(arrivals) or waiting:
        while at < len(arrivals) and (arrivals[at] <= free or not waiting):
            waiting.append(arrivals[at])
            at += 1
        enabled = waiting.pop(-1 if prioritised else 0)
        start = max(free, enabled)
        free = start + rng.randint(600, 2600)
        yield enabled, start, free


def contention(world, rng):
    for n, (enabled, start, end) in enumerate(queue(world, rng, "c", False)):
        world.add(f"c{n}", "Check", enabled, start, end, "Carla", contention=start - enabled)


def prioritisation(world, rng):
    done = []
    for n, (enabled, start, end) in enumerate(queue(world, rng, "p", True)):
        earlier = sum(max(0, min(e, start) - max(s, enabled)) for other, s, e in done if other <= enabled)
        world.add(f"p{n}", "Pick", enabled, start, end, "Paul", contention=earlier, prioritisation=start - enabled - earlier)
        done.append((enabled, start, end))


def unavailability(world, rng):
    """One who works by the week's hours, with so little to do that work begins as soon as it may."""
    t = 0
    for n in range(400):
        t += rng.randint(5 * HOUR, 20 * HOUR)
        start = opens(t)
        end = start + rng.randint(60, 300)
        world.add(f"u{n}", "Unlock", t, start, end, "Una", unavailability=start - t)
        t = end
    for day in range(0, 300):  # and signs of life, so that the hours can be learned
        if day % 7 < 5:
            for hour in range(9, 17):
                s = day * 24 * HOUR + hour * HOUR + 3000
                world.add(f"ul{day}-{hour}", "Look", s, s, s + 30, "Una")


def batching(world, rng):
    """Ten are put together, and done one after the other when the last is there."""
    t, n = 0, 0
    for _ in range(120):
        times = []
        for _ in range(10):
            t += rng.randint(300, 3000)
            times.append(t)
        clock = t
        for k, enabled in enumerate(times):
            end = clock + 60
            world.add(f"b{n + k}", "Bundle", enabled, clock, end, "Bea", batching=t - enabled, contention=clock - t)
            clock = end
        n += 10
        t = clock


def external(world, rng):
    t = 0
    for n in range(300):
        t += rng.randint(HOUR, 9 * HOUR)
        start = t + rng.randint(60, 9 * HOUR)
        world.add(f"e{n}", "Hear", t, start, start + 60, "", external=start - t)


def handling(world, rng):
    """One who is always there and takes his time."""
    t = 0
    for n in range(900):
        start = t + rng.randint(60, 1800)
        end = start + rng.randint(60, 600)
        world.add(f"h{n}", "Handle", t, start, end, "Hal", handling=start - t)
        t = end + rng.randint(0, 1800)


def write(world, path):
    def text(t):
        return (MONDAY + timedelta(seconds=t)).isoformat()
    with open(path, "w", encoding="utf-8") as file:
        file.write("case_id,activity,enabled_time,start_time,end_time,resource\n")
        for case, activity, enabled, start, end, who in world.rows:
            file.write(f"{case},{activity},{text(enabled)},{text(start)},{text(end)},{who}\n")


def main():
    failed = 0
    together = World()
    for name in CAUSES:
        world = World()
        globals()[name](world, random.Random(7))
        globals()[name](together, random.Random(8))
        failed += not judge(name, world)
    failed += not judge("all together", together)
    print(f"{len(CAUSES) + 1} scenarios, {failed} of them below 95 %")
    return 1 if failed else 0


def judge(name, world):
    with tempfile.TemporaryDirectory() as folder:
        write(world, f"{folder}/log.csv")
        done = subprocess.run([BATON, "mine", f"{folder}/log.csv", "waits", "--output", "json"], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    total = sum(world.truth.values())
    right = sum(min(found["causes_s"][cause], world.truth[cause]) for cause in CAUSES)
    is_exact = abs(sum(found["causes_s"].values()) - found["waiting_s"]) < 1e-3 and abs(found["waiting_s"] - total) < 1e-3
    print(f"{name:16} {100 * right / total:5.1f} % of {total / HOUR:.0f} h right{'' if is_exact else ', but the parts are not the whole'}")
    if right < 0.95 * total:
        print("   truth", {k: round(v / HOUR) for k, v in world.truth.items()}, "\n   found", {k: round(v / HOUR) for k, v in found["causes_s"].items()})
    return is_exact and right >= 0.95 * total


if __name__ == "__main__":
    sys.exit(main())
