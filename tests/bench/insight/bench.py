# SPDX-License-Identifier: Apache-2.0
"""Times of `insight-bench` and of PM4Py for the same work on the same log. Started by tests/bench/insight/run."""
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
import warnings

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../insight"))
from generate import Log  # noqa: E402

warnings.simplefilter("ignore")


def timed(function, *arguments):
    begun = time.perf_counter()
    result = function(*arguments)
    return time.perf_counter() - begun, result


def pm4py_times(path, model, pipe):
    """Sends (name, seconds) as each is done, so that one that does not end costs only itself."""
    import pm4py
    seconds, frame = timed(lambda: pm4py.format_dataframe(pm4py.read_xes(path)))
    pipe.send(("read", seconds))
    pipe.send(("dfg", timed(pm4py.discover_performance_dfg, frame)[0]))
    pipe.send(("variants", timed(pm4py.get_variants, frame)[0]))
    net = pm4py.read_pnml(model)
    pipe.send(("replay", timed(pm4py.fitness_token_based_replay, frame, *net)[0]))
    pipe.send(("im", timed(pm4py.discover_process_tree_inductive, frame)[0]))
    pipe.send(("precision", timed(pm4py.precision_token_based_replay, frame, *net)[0]))
    pipe.send(("alignments", timed(pm4py.fitness_alignments, frame, *net)[0]))
    pipe.send(None)


def beside(path, model, limit):
    """PM4Py's times; None for what took longer than the limit, and for what comes behind it."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.Process(target=pm4py_times, args=(path, model, theirs))
    process.start()
    times = {}
    while ours.poll(limit):
        message = ours.recv()
        if message is None:
            break
        times[message[0]] = message[1]
    process.kill()
    process.join()
    return times


def option(words, name, fallback):
    return words[words.index(name) + 1] if name in words else fallback


def main(words):
    as_json = option(words, "--output", "") == "json"
    limit = float(option(words, "--limit", "120"))
    logs = [word for word in words if os.path.exists(word)]
    with tempfile.TemporaryDirectory() as folder:
        path, model = logs[0] if logs else f"{folder}/log.xes.gz", f"{folder}/model.pnml"
        if not logs:
            Log(18, traces=13000, leaves=24, noise=0.3).write_xes(path)
        ours = json.loads(subprocess.run([os.environ["BENCH"], path, model], capture_output=True, text=True, check=True).stdout)
        theirs = {} if "--without-pm4py" in words else beside(path, model, limit)
    sizes = {name: ours.pop(name) for name in ("traces", "events", "variants_found", "places")}
    each = {name: ours.pop(name) for name in ("predict_score_us", "predict_learn_us")}
    rows = {name: {"baton_s": seconds, "pm4py_s": theirs.get(name)} for name, seconds in ours.items()}
    if as_json:
        print(json.dumps({**sizes, **each, "times": rows}))
        return
    print(", ".join(f"{count} {name.replace('_', ' ')}" for name, count in sizes.items()))
    print(f"{'':12} {'baton':>10} {'PM4Py':>10}")
    for name, row in rows.items():
        other = f"{row['pm4py_s']:10.3f}" if row["pm4py_s"] is not None else f"{'> ' + str(int(limit)):>10}" if theirs else f"{'-':>10}"
        print(f"{name:12} {row['baton_s']:10.4f} {other}  s")
    print(f"one prediction {each['predict_score_us']:.2f} µs, one event learned {each['predict_learn_us']:.2f} µs")


main(sys.argv[1:])
