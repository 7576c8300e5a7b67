# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""The statistics of docs/bench-schema-1.json, defined as in src/bench/statistics/statistics.hpp."""

import math

_RESAMPLES = 4000
_MASK = (1 << 64) - 1


class _Random:
    """SplitMix64 from da3's fixed seed, so that both give the same intervals."""

    def __init__(self) -> None:
        self._state = 0xDA3

    def below(self, bound: int) -> int:
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        z = self._state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return (z ^ (z >> 31)) % bound


def quantile(ascending: list[float], q: float) -> float:
    """Type 7 of Hyndman and Fan (1996)."""
    position = q * (len(ascending) - 1)
    below = math.floor(position)
    above = min(below + 1, len(ascending) - 1)
    return ascending[below] + (position - below) * (ascending[above] - ascending[below])


def median_interval(rounds: list[list[float]]) -> list[float] | None:
    """95 % interval of the median by a two-stage bootstrap: rounds, then values within them."""
    kept = [finite for finite in ([v for v in r if math.isfinite(v)] for r in rounds) if finite]
    if sum(map(len, kept)) < 2:
        return None
    random = _Random()
    results = []
    for _ in range(_RESAMPLES):
        drawn: list[float] = []
        for _ in kept:
            chosen = kept[random.below(len(kept))]
            drawn.extend(chosen[random.below(len(chosen))] for _ in chosen)
        results.append(quantile(sorted(drawn), 0.5))
    results.sort()
    return [quantile(results, 0.025), quantile(results, 0.975)]


def summary(rounds: list[list[float]], first: float | None) -> dict:
    """A metric of schema 1: statistics, all samples, and the first run, which is none of them."""
    values = sorted(v for r in rounds for v in r if math.isfinite(v))
    n = len(values)
    mean = sum(values) / n if n else None
    return {
        "n": n,
        "median": quantile(values, 0.5) if n else None,
        "p90": quantile(values, 0.9) if n else None,
        "p99": quantile(values, 0.99) if n >= 100 else None,
        "mean": mean,
        "stdev": math.sqrt(sum((v - mean) ** 2 for v in values) / (n - 1)) if n > 1 else None,
        "iqr": quantile(values, 0.75) - quantile(values, 0.25) if n else None,
        "min": values[0] if n else None,
        "max": values[-1] if n else None,
        "ci95": median_interval(rounds),
        "samples": [v if math.isfinite(v) else None for r in rounds for v in r],
        "rounds": [len(r) for r in rounds],
        "first": first if first is not None and math.isfinite(first) else None,
    }
