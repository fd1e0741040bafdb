# SPDX-License-Identifier: Apache-2.0
"""`baton predict` on claims whose truth is known: what it tells of each prefix, beside what came, is as good as the model says, and what is
wrong with a log or a model is named."""
import csv
import json
import os
import random
import subprocess
import tempfile
import unittest
from datetime import datetime, timedelta, timezone

BATON = os.environ["BATON"]
BEGIN = datetime(2026, 1, 5, tzinfo=timezone.utc)


def write_claims(path, cases, first=0, seed=11):
    """Two ways: simple claims (70 %) take an hour or two, suspicious ones days; 5 % of the former are fraud, 60 % of the latter."""
    rng = random.Random(seed)
    with open(path, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["case_id", "activity", "start_time", "end_time", "case:fraud", "case:channel"])
        for n in range(first, first + cases):
            at, suspicious = BEGIN + timedelta(hours=n), rng.random() < 0.3
            fraud = rng.random() < (0.6 if suspicious else 0.05)
            steps = [("Register", 0.1), ("Investigate", rng.uniform(20, 90)) if suspicious else ("Check", rng.uniform(0.5, 2)),
                     ("Decide", rng.uniform(0.2, 1)), ("Pay", rng.uniform(0.1, 0.4))]
            for activity, hours in steps:
                end = at + timedelta(hours=hours)
                rows.writerow([f"claim {n}", activity, at.isoformat(), end.isoformat(), str(fraud).lower(), rng.choice(["web", "mail"])])
                at = end


def run(*words):
    return subprocess.run([BATON, "predict", *words], capture_output=True, text=True, check=False)


class Predict(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = cls.folder.name
        cls.log, cls.later, cls.model = f"{cls.path}/claims.csv", f"{cls.path}/later.csv", f"{cls.path}/claims.model"
        write_claims(cls.log, 3000)
        write_claims(cls.later, 1000, first=4000, seed=12)
        cls.done = run("train", cls.log, "--outcome", "fraud", "--out", cls.model, "--output", "json")
        cls.trained = json.loads(cls.done.stdout)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_it_says_what_it_is_worth_beside_the_baseline(self):
        report = self.trained
        self.assertEqual(self.done.stderr, "")
        self.assertEqual((report["cases"], report["held_out_cases"], report["activities"]), (3000, 600, 5))
        self.assertGreater(report["next"]["accuracy"], report["next"]["baseline"]["accuracy"] + 0.2)
        self.assertLess(report["remaining"]["mae_s"], 0.95 * report["remaining"]["baseline"]["mae_s"])
        self.assertTrue(0.88 <= report["remaining"]["coverage"] <= 0.92, report["remaining"])
        self.assertLess(report["outcome"]["brier"], 0.85 * report["outcome"]["baseline"]["brier"])
        self.assertGreater(report["outcome"]["auc"], 0.65)
        ladder = {row["model"]: row for row in report["ladder"]}
        self.assertEqual(ladder["prior"]["states"], 1)
        for target, loss in (("next", "log_loss"), ("remaining", "mae_s"), ("outcome", "brier")):
            chosen = ladder[report[target]["model"]][loss]
            self.assertLess(chosen, ladder["prior"][loss])
            self.assertLessEqual(chosen, min(row[loss] for row in report["ladder"]) * 1.001)

    def test_prefixes_of_new_cases_are_told_as_well_as_it_says(self):
        done = run("score", self.model, self.later, "--per-prefix")
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(len(lines), 1000 * 5)
        running = [line for line in lines if line["actual_remaining_s"] is not None]
        self.assertEqual(len(running), 4000)
        covered = sum(line["low_s"] <= line["actual_remaining_s"] <= line["high_s"] for line in running) / len(running)
        self.assertTrue(0.87 <= covered <= 0.93, covered)
        error = sum(abs(line["remaining_s"] - line["actual_remaining_s"]) for line in running) / len(running)
        self.assertLess(error, 1.2 * self.trained["remaining"]["mae_s"])
        right = sum(line["next"][0]["activity"] == line["actual_next"] for line in lines) / len(lines)
        self.assertAlmostEqual(right, self.trained["next"]["accuracy"], delta=0.03)
        self.assertTrue(all(line["ended"] == (line["actual_next"] is None) for line in lines))

    def test_probabilities_are_as_high_as_things_are_frequent(self):
        lines = [json.loads(line) for line in run("score", self.model, self.later, "--per-prefix").stdout.splitlines()]
        with open(self.later, encoding="utf-8") as file:
            fraud = {row["case_id"]: row["case:fraud"] == "true" for row in csv.DictReader(file)}
        for activity in ("Check", "Investigate"):
            here = [line for line in lines if line.get("activity") == activity]
            told = sum(line["outcome"] for line in here) / len(here)
            self.assertAlmostEqual(told, sum(fraud[line["case"]] for line in here) / len(here), delta=0.06)

    def test_reasons_add_up(self):
        lines = [json.loads(line) for line in run("score", self.model, self.later, "--output", "json").stdout.splitlines()]
        self.assertEqual(len(lines), 1000)
        for line in lines[:100]:
            n = int(line["case"].split()[1])
            passed = (datetime.fromisoformat(line["at"]) - (BEGIN + timedelta(hours=n))).total_seconds()
            added = sum(reason["added_s"] for reason in line["reasons"])
            self.assertAlmostEqual(line["expected_at_begin_s"] + added, passed + line["remaining_s"], delta=0.01)
            added = sum(reason["added_outcome"] for reason in line["reasons"])
            self.assertAlmostEqual(line["outcome_at_begin"] + added, line["outcome"], delta=1e-9)
            longest = max(line["reasons"], key=lambda reason: reason["added_s"])["activity"]
            suspicious = any(reason["activity"] == "Investigate" for reason in line["reasons"])
            self.assertEqual(longest == "Investigate", suspicious)

    def test_models_shows_what_is_in_a_file(self):
        shown = json.loads(run("models", self.model, self.model, "--output", "json").stdout)
        self.assertEqual(len(shown), 2)
        self.assertEqual(shown[0]["version"], self.trained["version"])
        self.assertEqual(shown[0]["remaining"], self.trained["remaining"])
        self.assertIn("of fraud: AUC", run("models", self.model).stdout)

    def test_a_label_and_an_end_are_outcomes_as_well(self):
        other = f"{self.path}/other.model"
        report = json.loads(run("train", self.log, "--outcome", "channel=web", "--out", other, "--output", "json").stdout)
        self.assertEqual(report["outcome"]["of"], "channel=web")
        self.assertEqual(report["outcome"]["model"], "prior")  # nothing tells it
        done = run("train", self.log, "--outcome", "channel", "--out", other)
        self.assertEqual(done.returncode, 1)
        self.assertIn("neither true nor false: say which value is meant, as channel=", done.stderr)
        done = run("train", self.log, "--outcome-end", "Pay", "--out", other)
        self.assertIn("not enough cases yet (n = 0 in which it is false, needs 10)", done.stderr)
        done = run("train", self.log, "--outcome-end", "Burn", "--out", other)
        self.assertIn("the log has no activity 'Burn'", done.stderr)

    def test_too_few_cases_are_said_and_leave_no_model(self):
        few, model = f"{self.path}/few.csv", f"{self.path}/few.model"
        write_claims(few, 12)
        done = run("train", few, "--out", model)
        self.assertEqual(done.returncode, 1)
        self.assertIn("not enough cases yet (n = 12, needs 100)", done.stderr)
        self.assertFalse(os.path.exists(model))

    def test_a_cut_model_is_refused(self):
        with open(self.model, "rb") as file:
            whole = file.read()
        cut = f"{self.path}/cut.model"
        with open(cut, "wb") as file:
            file.write(whole[:-7])
        done = run("score", cut, self.later)
        self.assertEqual(done.returncode, 2)
        self.assertIn("is cut or damaged", done.stderr)

    def test_the_same_log_gives_the_same_file(self):
        again = f"{self.path}/again.model"
        report = json.loads(run("train", self.log, "--outcome", "fraud", "--out", again, "--output", "json").stdout)
        self.assertEqual(report["version"], self.trained["version"])
        with open(again, "rb") as one, open(self.model, "rb") as two:
            self.assertEqual(one.read(), two.read())


unittest.main()
