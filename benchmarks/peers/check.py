# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of what the peers share with da3. Needs numpy alone; ends with 77 where that is missing."""

import csv
import io
import json
import math
from pathlib import Path
import sys
import unittest

try:
    import numpy
except ImportError:
    print("skipped: numpy is missing")
    sys.exit(77)

_HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(_HERE))
from peer import environment, photo, recipe, report, sampler, statistics, worker  # noqa: E402

_DATA = _HERE.parent.parent / "tests" / "data" / "golden"


class Recipe(unittest.TestCase):
    def test_gives_the_check_values(self):
        with open(_DATA / "recipe_check.tsv") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
        self.assertGreater(len(rows), 10)
        for row in rows:
            shape = tuple(map(int, row["shape"].split("x")))
            values = recipe.fill(row["name"], shape, int(row["seed"])).ravel()
            wanted = [float(v) for v in row["first_values_and_last"].split()]
            found = [float(v) for v in values[: len(wanted) - 1]] + [float(values[-1])]
            self.assertEqual(found, wanted, row["name"])


class Photo(unittest.TestCase):
    def test_grain_is_xorshift_32(self):
        state, wanted = 0x9E3779B9 + 3, []
        for _ in range(1000):
            state ^= state << 13 & 0xFFFFFFFF
            state ^= state >> 17
            state ^= state << 5 & 0xFFFFFFFF
            wanted.append(state)
        self.assertEqual([int(v) for v in photo._random_words(1000, 3)], wanted)

    def test_processed_sizes_are_those_of_the_original(self):
        checked = 0
        with open(_DATA / "preprocess" / "sizes.tsv") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                if row["method"] == "upper_bound_resize":
                    photo_size = int(row["height"]), int(row["width"])
                    wanted = int(row["out_height"]), int(row["out_width"])
                    self.assertEqual(photo.processed_size(*photo_size, int(row["process_res"])), wanted, row)
                    checked += 1
        self.assertGreater(checked, 20)


class Input(unittest.TestCase):
    def test_is_normalised_channels_first(self):
        from peer import weights

        x = weights.normalise(numpy.array([[[[0, 128, 255], [255, 0, 0]]]], numpy.uint8))
        self.assertEqual(x.shape, (1, 1, 3, 1, 2))
        self.assertTrue(x.flags["C_CONTIGUOUS"])
        wanted = [[(0 - 0.485) / 0.229, (1 - 0.485) / 0.229], [(128 / 255 - 0.456) / 0.224, -0.456 / 0.224]]
        for channel in (0, 1):
            for column in (0, 1):
                self.assertAlmostEqual(float(x[0, 0, channel, 0, column]), wanted[channel][column], places=5)

    def test_errors_are_relative_to_the_mean(self):
        from peer import programs

        found = programs.mean_relative_error(numpy.array([1.0, 3.0]), numpy.array([2.0, 2.0]))
        self.assertAlmostEqual(found, 0.5)

    def test_refuses_what_a_peer_does_not_have(self):
        from peer import programs

        peer = programs.Original()
        peer.check({"precision": "bf16", "attention": "manual"})
        with self.assertRaisesRegex(ValueError, "no precision 'int8'"):
            peer.check({"precision": "int8"})
        with self.assertRaisesRegex(ValueError, "no attention"):
            peer.check({"precision": "fp32", "attention": "flash"})


class Statistics(unittest.TestCase):
    def test_of_known_values(self):
        found = statistics.summary([[1.0, 2.0], [4.0], [math.nan]], 9.0)
        self.assertEqual((found["n"], found["median"], found["min"], found["max"]), (3, 2.0, 1.0, 4.0))
        self.assertAlmostEqual(found["p90"], 3.6)
        self.assertAlmostEqual(found["iqr"], 1.5)
        self.assertAlmostEqual(found["stdev"], math.sqrt(7 / 3))
        self.assertIsNone(found["p99"])
        self.assertEqual(found["samples"], [1.0, 2.0, 4.0, None])
        self.assertEqual((found["rounds"], found["first"]), ([2, 1, 1], 9.0))
        self.assertLessEqual(found["ci95"][0], 2.0)
        self.assertGreaterEqual(found["ci95"][1], 2.0)

    def test_of_none_and_one(self):
        self.assertIsNone(statistics.summary([], None)["median"])
        one = statistics.summary([[5.0]], None)
        self.assertEqual((one["median"], one["stdev"], one["ci95"]), (5.0, None, None))


class Sampling(unittest.TestCase):
    def test_variants_alternate_and_turn_round(self):
        order = []
        loads = [sampler.Workload([("t_ms", lambda name=name: order.append(name))]) for name in "AB"]
        measured = sampler.Sampler(loads, lambda: {"fp32_gflops": 1.0})
        measured.warm_up(1)
        for runs in sampler.spread_runs(3, 2):
            measured.run_round(runs)
        self.assertEqual("".join(order), "AB" "ABAB" "BA")
        self.assertEqual([len(r) for r in measured.samples[0].rounds["t_ms"]], [2, 1])
        self.assertEqual(measured.calibrations, {"fp32_gflops": [1.0, 1.0]})

    def test_a_failure_ends_its_own_variant_only(self):
        def fail():
            raise ValueError("no")

        measured = sampler.Sampler([sampler.Workload([("t_ms", fail)]), sampler.Workload([("t_ms", int)])], None)
        measured.run_round(2)
        self.assertEqual(measured.samples[0].failure, "ValueError: no")
        self.assertEqual(len(measured.samples[1].rounds["t_ms"][0]), 2)

    def test_what_a_run_held_is_released_after_it(self):
        held, runs = [], []

        def work():
            self.assertEqual(held, [])
            held.append(1)
            runs.append(1)
            if len(runs) == 3:
                raise ValueError("no")

        measured = sampler.Sampler([sampler.Workload([("t_ms", work)], release=held.clear)], None)
        measured.run_round(4)
        self.assertEqual((measured.samples[0].failure, held, len(runs)), ("ValueError: no", [], 3))


class _FakeSession:
    def __init__(self, suite, cases):
        self.sampler = sampler.Sampler([sampler.Workload([("forward_ms", int)])], lambda: {"fp32_gflops": 2.0})
        self.facts, self.failures, self.variants = [{"tokens": 721}, {}], [None, "no such model"], [0, None]


class Protocol(unittest.TestCase):
    def test_answers_each_line_by_one(self):
        requests = [
            {"do": "round", "runs": 1},
            {"do": "open", "group": {"suite": "throughput", "cases": [{}, {}]}, "warmups": 1},
            {"do": "round", "runs": 2},
            {"do": "dance"},
        ]
        out = io.StringIO()
        worker.Server(_FakeSession, None).serve([json.dumps(r) + "\n" for r in requests], out, {"schema": 1})
        lines = [json.loads(line) for line in out.getvalue().splitlines()]
        self.assertEqual(lines[0], {"worker": 1, "report": {"schema": 1}})
        self.assertFalse(lines[1]["ok"])
        self.assertEqual(lines[2]["cases"][1], {"facts": {}, "failure": "no such model"})
        self.assertEqual(len(lines[3]["cases"][0]["values"]["forward_ms"]), 2)
        self.assertEqual(lines[3]["cases"][1], {"values": {}, "failure": "no such model"})
        self.assertEqual(lines[3]["calibration"], {"fp32_gflops": 2.0})
        self.assertFalse(lines[4]["ok"])
        self.assertEqual(len(lines), 5)


class Reports(unittest.TestCase):
    def test_have_the_fields_of_the_schema(self):
        schema = json.loads((_HERE.parent.parent / "docs" / "bench-schema-1.json").read_text())
        found = report.Report({}, environment.capture([], {}, 2, True), {"left_out": []}, "")
        samples = sampler.Samples({"forward_ms": [[2.0], [4.0]]}, {"forward_ms": 9.0})
        found.add([report.case("throughput", {"batch": 3}, {}, samples, {"fp32_gflops": [1.0]}, {})], {})
        value = json.loads(found.text())
        for name in schema["required"]:
            self.assertIn(name, value)
        for name in schema["properties"]["environment"]["required"]:
            self.assertIn(name, value["environment"])
        for name in schema["$defs"]["case"]["required"]:
            self.assertIn(name, value["cases"][0])
        for name in schema["$defs"]["metric"]["required"]:
            self.assertIn(name, value["cases"][0]["metrics"]["forward_ms"])
        self.assertEqual(value["cases"][0]["metrics"]["images_per_s"], 1000.0)
        self.assertEqual([(w["code"], w["subject"]) for w in value["warnings"]], [("few_runs", "throughput batch=3")])

    def test_the_noisiest_time_of_a_millisecond_and_more_is_named(self):
        rounds = {"a_ms": [[2.0, 3.0, 2.5]], "b_ms": [[2.0, 9.0, 4.0]], "short_ms": [[0.1, 0.9, 0.4]], "share": [[1.0, 9.0]]}
        result = report.case("preprocess", {"device": "cpu"}, {}, sampler.Samples(rounds), {}, {})
        self.assertEqual([w["message"].split(":")[0] for w in report.judge_case(result)], ["b_ms"])


if __name__ == "__main__":
    unittest.main(verbosity=1)
