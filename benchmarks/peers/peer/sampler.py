# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Measures variants side by side, in the order of src/bench/measure/sampler.hpp."""

from collections.abc import Callable
from dataclasses import dataclass, field
import time


@dataclass
class Workload:
    """What a case does in one run."""

    steps: list[tuple[str, Callable[[], None]]]  # metric and work
    prepare: Callable[[], None] | None = None  # before each run, not timed
    total_metric: str = ""
    release: Callable[[], None] | None = None  # after each run, failed or not, not timed


@dataclass
class Samples:
    """What was measured of one variant."""

    rounds: dict[str, list[list[float]]] = field(default_factory=dict)
    first: dict[str, float] = field(default_factory=dict)
    failure: str | None = None


def spread_runs(runs: int, rounds: int) -> list[int]:
    """How many runs each round takes, earlier rounds first; each has one at least."""
    rounds = max(1, min(rounds, runs))
    return [runs // rounds + (1 if i < runs % rounds else 0) for i in range(rounds)]


class Sampler:
    """A B A B within a round, in reverse order every other round."""

    def __init__(self, workloads: list[Workload], calibrate: Callable[[], dict[str, float]] | None) -> None:
        self._workloads = workloads
        self._calibrate = calibrate
        self.rounds_done = 0
        self.samples = [Samples() for _ in workloads]
        self.calibrations: dict[str, list[float]] = {}

    def warm_up(self, warmups: int) -> None:
        for workload, samples in zip(self._workloads, self.samples):
            for i in range(warmups):
                values = self._run(workload, samples)
                if i == 0 and values:
                    samples.first = values

    def run_round(self, runs: int) -> None:
        if self._calibrate is not None:
            for name, value in self._calibrate().items():
                self.calibrations.setdefault(name, []).append(value)
        pairs = list(zip(self._workloads, self.samples))
        for _ in range(runs):
            for workload, samples in pairs if self.rounds_done % 2 == 0 else reversed(pairs):
                for name, value in self._run(workload, samples).items():
                    rounds = samples.rounds.setdefault(name, [])
                    while len(rounds) <= self.rounds_done:
                        rounds.append([])
                    rounds[self.rounds_done].append(value)
        self.rounds_done += 1

    @staticmethod
    def _run(workload: Workload, samples: Samples) -> dict[str, float]:
        if samples.failure is not None:
            return {}
        values = {}
        try:
            if workload.prepare is not None:
                workload.prepare()
            begin = time.perf_counter_ns()
            for metric, work in workload.steps:
                start = time.perf_counter_ns()
                work()
                values[metric] = (time.perf_counter_ns() - start) * 1e-6
            if workload.total_metric:
                values[workload.total_metric] = (time.perf_counter_ns() - begin) * 1e-6
        except Exception as error:  # one case that fails must not end the others
            samples.failure = f"{type(error).__name__}: {error}"
            return {}
        finally:
            if workload.release is not None:
                workload.release()
        return values
