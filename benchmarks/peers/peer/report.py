# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Reports of docs/bench-schema-1.json."""

import json
import math
import os
from pathlib import Path

from peer import environment
from peer.sampler import Samples
from peer.statistics import quantile, summary

# Metrics of each suite in the order of da3's reports (src/bench/report/case_metrics.cpp).
_METRICS = {
    "throughput": "forward_ms images_per_s efficiency flops peak_tensor_bytes peak_rss_bytes peak_device_bytes",
    "load": "start_ms load_ms first_ms total_ms",
    "preprocess": "decode_ms preprocess_ms",
    "folder": "total_ms forward_only_ms images_per_s",
    "scene": "forward_ms view_ms peak_rss_bytes",
}
_NOISY_IQR = 0.10
_JUDGED_MS = 1  # shorter stages are noise themselves
_FEWEST_RUNS = 3
_FOREIGN_CORES = 0.10


def _median(values: list[float]) -> float | None:
    finite = sorted(v for v in values if math.isfinite(v))
    return quantile(finite, 0.5) if finite else None


def case(suite: str, settings: dict, facts: dict, samples: Samples, calibrations: dict, missing: dict) -> dict:
    """One case; `missing` says why a metric has no value."""
    metrics = {name: summary(rounds, samples.first.get(name)) for name, rounds in samples.rounds.items()}
    if suite == "throughput":
        forward = metrics.get("forward_ms", {}).get("median")
        if forward:
            metrics["images_per_s"] = 1000 * settings["batch"] / forward
        metrics["peak_rss_bytes"] = environment.peak_rss_bytes()
    if suite == "scene":
        forward = metrics.get("forward_ms", {}).get("median")
        if forward:
            metrics["view_ms"] = forward / settings["views"]
        metrics["peak_rss_bytes"] = environment.peak_rss_bytes()
    if suite == "folder":
        total = metrics.get("total_ms", {}).get("median")
        if total:
            metrics["images_per_s"] = 1000 * settings["images"] / total
    reasons = {}
    for name in _METRICS.get(suite, "").split():
        if name not in metrics:
            metrics[name] = None
            reasons[name] = samples.failure or missing.get(name, "not told here")
    order = _METRICS.get(suite, "").split()
    return {
        "suite": suite,
        "status": "done" if samples.failure is None else "failed",
        "reason": samples.failure,
        "settings": settings,
        "facts": facts,
        "metrics": {n: metrics[n] for n in order} | {n: m for n, m in sorted(metrics.items()) if n not in order},
        "missing": reasons,
        "calibration": {name: _median(values) for name, values in calibrations.items()},
    }


def case_name(result: dict) -> str:
    """As da3 names a case, so that its reports know which one a warning is about."""
    return " ".join([result["suite"]] + [f"{name}={value}" for name, value in result["settings"].items()])


def judge_case(result: dict) -> list[dict]:
    """Warnings as da3 gives them: the time with the fewest runs, and the noisiest one of 1 ms and more."""
    times = {m: v for m, v in result["metrics"].items() if isinstance(v, dict) and v["n"] > 0 and m.endswith("_ms")}
    warnings = []

    def warn(code: str, message: str, advice: str) -> None:
        warnings.append({"code": code, "subject": case_name(result), "message": message, "advice": advice})

    few = {metric: value["n"] for metric, value in times.items() if value["n"] < _FEWEST_RUNS}
    if few:
        metric = min(few, key=few.get)
        warn("few_runs", f"{metric}: {few[metric]} timed runs, too few to judge the spread", "give --runs 5 or more")
    noise = {m: v["iqr"] / v["median"] for m, v in times.items() if v["n"] >= _FEWEST_RUNS and v["median"] >= _JUDGED_MS}
    metric = max(noise, key=noise.get, default="")
    if metric and noise[metric] > _NOISY_IQR:
        spread = f"{metric}: the middle half of the runs spreads over {100 * noise[metric]:.0f} % of the median"
        warn("noise", spread, "end other work on this machine, or give more --runs")
    return warnings


def judge_load(before: tuple | None, after: tuple | None, wall_s: float) -> list[dict]:
    """A warning if other processes used the processor meanwhile."""
    if before is None or after is None or wall_s <= 0:
        return []
    foreign = ((after[0] - before[0]) - (after[1] - before[1])) / wall_s
    if foreign <= _FOREIGN_CORES:
        return []
    message = f"other processes used {foreign:.1f} cores on average"
    return [{"code": "foreign_load", "subject": "machine", "message": message, "advice": "end them and measure again"}]


class Report:
    """A whole report, saved after every case so that an interruption loses nothing."""

    def __init__(self, tool: dict, surroundings: dict, plan: dict, file: str) -> None:
        self._file = file
        self._value = {
            "schema": 1,
            "tool": tool,
            "environment": surroundings,
            "calibration": {},
            "plan": plan,
            "warnings": [],
            "cases": [],
        }
        self._calibrations: dict[str, list[float]] = {}

    def add(self, results: list[dict], calibrations: dict[str, list[float]]) -> None:
        for result in results:
            self._value["cases"].append(result)
            self._value["warnings"].extend(judge_case(result))
        for name, values in calibrations.items():
            self._calibrations.setdefault(name, []).extend(values)
            self._value["calibration"][name] = _median(self._calibrations[name])
        self._value["environment"]["peak_rss_bytes"] = environment.peak_rss_bytes()
        self.save()

    def warn(self, warnings: list[dict]) -> None:
        self._value["warnings"].extend(warnings)
        self.save()

    def failed(self) -> bool:
        return any(each["status"] == "failed" for each in self._value["cases"])

    def text(self) -> str:
        return json.dumps(self._value, indent=1, allow_nan=False) + "\n"

    def save(self) -> None:
        if not self._file:
            return
        temporary = Path(f"{self._file}.{os.getpid()}.tmp")
        temporary.write_text(self.text())
        temporary.replace(self._file)
