# SPDX-License-Identifier: Apache-2.0
"""`baton mine` beside PM4Py on generated logs, and on the logs that are named. Started by tests/insight/oracle."""
import csv
import io
import json
import math
import os
import subprocess
import sys
import tempfile
import warnings

sys.path.insert(0, os.path.dirname(__file__))
warnings.simplefilter("ignore")
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import pm4py  # noqa: E402
from pm4py.algo.evaluation.simplicity import algorithm as simplicity  # noqa: E402
from pm4py.algo.discovery.inductive import algorithm as inductive_miner  # noqa: E402
from generate import Log  # noqa: E402

BATON = os.environ["BATON"]
checks = failures = 0


def baton(*words):
    done = subprocess.run([BATON, "mine", *map(str, words), "--output", "json"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"baton mine {' '.join(map(str, words))}: {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout)


def close(a, b):
    if a is None or b is None or (isinstance(b, float) and math.isnan(b)):
        return a is None and (b is None or math.isnan(b))
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)


def check(what, same, *found):
    global checks, failures
    checks += 1
    if not same:
        failures += 1
        print(f"DIFFERS {what}", *found)


def same_counts(what, ours, theirs):
    theirs = {key: int(value) for key, value in theirs.items()}
    check(what, ours == theirs, ours, theirs)


def frame_of(path):
    """As PM4Py reads it, put in order as format_dataframe does."""
    if str(path).endswith((".csv", ".csv.gz")):
        frame = pd.read_csv(path)
        for column in ("start_time", "end_time"):
            frame[column] = pd.to_datetime(frame[column], utc=True, format="ISO8601")
        return pm4py.format_dataframe(frame, case_id="case_id", activity_key="activity", timestamp_key="end_time")
    return pm4py.format_dataframe(pm4py.read_xes(str(path)))


def compare_statistics(path, frame):
    stats = baton(path, "stats")
    variants = pm4py.get_variants(frame)
    check(f"{path} events", stats["events"] == len(frame), stats["events"], len(frame))
    check(f"{path} traces", stats["traces"] == frame["case:concept:name"].nunique())
    check(f"{path} activities", stats["activities"] == frame["concept:name"].nunique())
    check(f"{path} variants", stats["variants"] == len(variants))
    times = frame["start_time"] if "start_time" in frame else frame["time:timestamp"]
    check(f"{path} start", pd.Timestamp(stats["start"]) == times.min(), stats["start"], times.min())
    check(f"{path} end", pd.Timestamp(stats["end"]) == frame["time:timestamp"].max())
    same_counts(f"{path} start activities", stats["start_activities"], pm4py.get_start_activities(frame))
    same_counts(f"{path} end activities", stats["end_activities"], pm4py.get_end_activities(frame))
    ours = {tuple(each["activities"]): each["frequency"] for each in baton(path, "variants")["variants"]}
    same_counts(f"{path} variants", ours, variants)


def compare_follows(path, frame):
    edges = {(edge["from"], edge["to"]): edge for edge in baton(path, "dfg")["edges"]}
    counts, _, _ = pm4py.discover_dfg(frame)
    same_counts(f"{path} dfg", {key: edge["frequency"] for key, edge in edges.items()}, counts)
    times, _, _ = pm4py.discover_performance_dfg(frame, perf_aggregation_key="raw_values")
    for key, values in times.items():
        edge = edges[key]
        for name, value in (("mean_s", np.mean(values)), ("median_s", np.median(values)), ("p95_s", np.percentile(values, 95)),
                            ("min_s", min(values)), ("max_s", max(values))):
            check(f"{path} {key} {name}", close(edge[name], float(value)), edge[name], value)


def compare_filters(path, frame):
    """Each condition leaves the cases that PM4Py's filter of the same meaning leaves; in order, they compose."""
    counts = frame["concept:name"].value_counts()
    first, second = counts.index[0], counts.index[min(1, len(counts) - 1)]
    # PM4Py takes completions alone for the time of a case; here it lasts from its first start.
    begun = frame.assign(begun=frame["start_time"] if "start_time" in frame else frame["time:timestamp"]).groupby("case:concept:name")["begun"].min()
    took = (frame.groupby("case:concept:name")["time:timestamp"].max() - begun).dt.total_seconds()
    middle = int(took.median())
    quoted = f'"{first}"'
    cases = [
        (f"duration <= {middle}", lambda f: f[f["case:concept:name"].isin(took[took <= middle].index)]),
        (f"rework {quoted}", lambda f: pm4py.filter_activities_rework(f, first, 2)),
        (f'follows {quoted} -> "{second}"', lambda f: pm4py.filter_directly_follows_relation(f, [(first, second)])),
        (f'follows {quoted} ->> "{second}"', lambda f: pm4py.filter_eventually_follows_relation(f, [(first, second)])),
        (f"not has {quoted}", lambda f: pm4py.filter_event_attribute_values(f, "concept:name", [first], level="case", retain=False)),
        (f"starts {quoted}", lambda f: pm4py.filter_start_activities(f, [first])),
        (f"ends {quoted}", lambda f: pm4py.filter_end_activities(f, [first])),
        ("events <= 4", lambda f: pm4py.filter_case_size(f, 1, 4)),
        (f"has {quoted}; events <= 6", lambda f: pm4py.filter_case_size(
            pm4py.filter_event_attribute_values(f, "concept:name", [first], level="case", retain=True), 1, 6)),
    ]
    for condition, theirs in cases:
        left = set(theirs(frame)["case:concept:name"])
        done = subprocess.run([BATON, "mine", path, "export", "--format", "csv", "--filter", condition], capture_output=True, text=True)
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        name = next((key for key in ("case:concept:name", "case_id", "case") if rows and key in rows[0]), None)
        ours = {row[name] for row in rows}
        check(f"{path} filter {condition}", ours == left, len(ours), len(left), done.stderr)


DECLARE = """existence absence exactly_one init responded_existence coexistence response precedence succession altresponse altprecedence altsuccession
chainresponse chainprecedence chainsuccession noncoexistence""".split()


def compare_declare(path, frame, folder):
    """Every rule with its counts; then the rules that hold often, held against the log."""
    theirs = pm4py.discover_declare(frame, min_support_ratio=0.0, min_confidence_ratio=0.0)
    ours = {}
    for rule in baton(path, "declare", "--support", "0", "--confidence", "0")["constraints"]:
        ours.setdefault(rule["template"], {})[(rule["a"], rule["b"]) if "b" in rule else rule["a"]] = (rule["activated"], rule["kept"])
    for template in DECLARE:
        wanted = {key: (value["support"], value["confidence"]) for key, value in theirs[template].items()
                  if not isinstance(key, tuple) or key[0] != key[1]}
        wanted = {key: value for key, value in wanted.items() if value[0] > 0}
        differ = {key: (ours.get(template, {}).get(key), value) for key, value in wanted.items() if ours.get(template, {}).get(key) != value}
        check(f"{path} declare {template}", not differ and len(ours.get(template, {})) == len(wanted), list(differ.items())[:3],
              len(ours.get(template, {})), len(wanted))
    rules = f"{folder}/rules.json"
    with open(rules, "w", encoding="utf-8") as out:
        json.dump(baton(path, "declare", "--support", "0.3", "--confidence", "1"), out)
    check(f"{path} declare fits itself", baton(path, "conform", "--method", "declare", "--model", rules)["fitness"] == 1)


def skippable(tree):
    """Can the tree do nothing?"""
    operator = tree.operator.value if tree.operator else None
    if operator is None:
        return tree.label is None
    if operator == "*":
        return skippable(tree.children[0])
    return (any if operator == "X" else all)(skippable(child) for child in tree.children)


def normal(tree):
    """The tree as nested tuples, children of choices and parallels in order, without silent steps that change nothing: what is equal has the
    same language."""
    operator = tree.operator.value if tree.operator else None
    if operator is None:
        return ("leaf", tree.label)
    kept = tree.children
    if operator == "X":
        kept = [child for child in tree.children if child.operator or child.label is not None]
        if len(kept) < len(tree.children) and not any(skippable(child) for child in kept):
            kept = [*kept, pm4py.objects.process_tree.obj.ProcessTree()]
    children = []
    for child in map(normal, kept):
        children += child[1:] if child[0] == operator and operator != "*" else [child]
    if operator in ("X", "+"):
        children.sort(key=repr)
    return children[0] if len(children) == 1 else (operator, *children)


def compare_trees(path, frame, folder):
    for algorithm, noise in (("im", None), ("imf", "0.2"), ("imf", "0.5"), ("imd", None)):
        model = f"{folder}/model.ptml"
        baton(path, "discover", "--algorithm", algorithm, "--out", model, *(["--noise", noise] if noise else []))
        variant = {"im": inductive_miner.Variants.IM, "imf": inductive_miner.Variants.IMf, "imd": inductive_miner.Variants.IMd}[algorithm]
        theirs = inductive_miner.apply(frame, parameters={"noise_threshold": float(noise or 0)}, variant=variant)
        ours = pm4py.objects.process_tree.utils.generic.fold(pm4py.read_ptml(model))
        a, b = normal(ours), normal(theirs)
        check(f"{path} {algorithm} {noise or ''}", a == b, "\n ", ours, "\n ", theirs)


def compare_models(path, folder):
    """A mined model in other notations: a sound net that PM4Py reads, and a diagram that can be deployed."""
    baton(path, "discover", "--algorithm", "imf", "--out", f"{folder}/model.pnml")
    net, initial, final = pm4py.read_pnml(f"{folder}/model.pnml")
    check(f"{path} is a workflow net", pm4py.check_is_workflow_net(net) and len(initial) == 1 and len(final) == 1)
    baton(path, "discover", "--algorithm", "imf", "--out", f"{folder}/model.bpmn")
    lint = subprocess.run([BATON, "lint", f"{folder}/model.bpmn"], capture_output=True, text=True, check=False)
    check(f"{path} can be deployed", lint.returncode == 0 and not lint.stdout, lint.stdout)
    check(f"{path} has a picture", "BPMNShape" in open(f"{folder}/model.bpmn", encoding="utf-8").read())


def compare_conformance(path, frame, model):
    """Replay, precision, generalization and simplicity on a net that PM4Py and we read from the same file."""
    net, initial, final = pm4py.read_pnml(model)
    theirs = pm4py.fitness_token_based_replay(frame, net, initial, final)
    ours = baton(path, "conform", "--model", model, "--method", "replay")
    check(f"{path} replay", close(ours["fitness"], theirs["log_fitness"]), ours["fitness"], theirs["log_fitness"])
    check(f"{path} average", close(ours["average_fitness"], theirs["average_trace_fitness"]), ours, theirs)
    share = theirs["percentage_of_fitting_traces"] / 100 * ours["traces"]
    check(f"{path} fitting", close(ours["fitting_traces"], share), ours, theirs)
    traces = [json.loads(line) for line in subprocess.run(
        [BATON, "mine", path, "conform", "--model", model, "--per-trace"], capture_output=True, text=True, check=True).stdout.splitlines()]
    check(f"{path} per trace", sum(trace["fits"] for trace in traces) == ours["fitting_traces"] and len(traces) == ours["traces"])
    if frame["case:concept:name"].nunique() < 100:
        theirs = pm4py.fitness_alignments(frame, net, initial, final)
        ours = baton(path, "conform", "--model", model, "--method", "align")
        check(f"{path} alignments", close(ours["fitness"], theirs["log_fitness"]), ours["fitness"], theirs["log_fitness"])
        check(f"{path} alignments' mean", close(ours["average_fitness"], theirs["average_trace_fitness"]), ours, theirs)
        check(f"{path} alignments' traces", close(ours["fitting_traces"], theirs["percentage_of_fitting_traces"] / 100 * ours["traces"]))
    ours = baton(path, "precision", "--model", model)
    for name, theirs in (("precision", pm4py.precision_token_based_replay(frame, net, initial, final)),
                         ("generalization", pm4py.generalization_tbr(frame, net, initial, final)),
                         ("simplicity", simplicity.apply(net))):
        check(f"{path} {name}", close(ours[name], theirs), ours[name], theirs)


def compare(path, folder):
    frame = frame_of(path)
    compare_statistics(path, frame)
    compare_follows(path, frame)
    compare_filters(path, frame)
    compare_declare(path, frame, folder)
    compare_trees(path, frame, folder)
    compare_models(path, folder)
    for noise in ("0", "0.4"):
        baton(path, "discover", "--algorithm", "imf", "--noise", noise, "--out", f"{folder}/model.pnml")
        compare_conformance(path, frame, f"{folder}/model.pnml")


def generated(folder, long):
    """Paths of logs: plain, noisy, with equal times, out of order, with two transitions an activity, with start and end."""
    for seed in range(40 if long else 4):
        kinds = {"plain": {}, "noisy": {"noise": 0.3}, "ties": {"ties": 0.5}, "odd": {"odd": True, "ties": 0.3}}
        for kind, options in kinds.items():
            log = Log(seed * 7 + len(kind), traces=60, leaves=4 + seed % 9, **options)
            log.write_xes(f"{folder}/{kind}-{seed}.xes.gz" if seed % 2 else f"{folder}/{kind}-{seed}.xes")
            yield f"{folder}/{kind}-{seed}.xes" + (".gz" if seed % 2 else "")
            log.write_csv(f"{folder}/{kind}-{seed}.csv")
            yield f"{folder}/{kind}-{seed}.csv"
        log.write_xes(f"{folder}/two-{seed}.xes", lifecycle=True)
        yield f"{folder}/two-{seed}.xes"


def main(words):
    long = "--long" in words
    logs = 0
    with tempfile.TemporaryDirectory() as folder:
        for path in [*generated(folder, long), *(word for word in words if word != "--long")]:
            compare(path, folder)
            logs += 1
    print(f"{logs} logs, {checks} comparisons with PM4Py {pm4py.__version__}, {failures} differ")
    return 1 if failures else 0


sys.exit(main(sys.argv[1:]))
