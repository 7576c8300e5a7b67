#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""What many photos take on many workers: a table from a measured service time, and a simulation of the tail.

benchmarks/scaling.py [--seconds S | --report REPORT.json] [--photos N...] [--workers N...]

REPORT.json is one of `da3 bench`; its throughput cases give the service time. Blocks of --block photos go to workers as
da3.ray gives them out. Service times are lognormal around the measured one; a share of the workers is slow; workers
vanish (spot machines) at a rate an hour, and their running block begins again elsewhere."""

from __future__ import annotations

import argparse
import heapq
import json
import math
import random


def seconds_of(report: str) -> float:
    """Seconds a photo: the best median of the throughput cases."""
    with open(report, encoding="utf-8") as file:
        cases = json.load(file)["cases"]
    found = []
    for case in cases:
        metrics = case.get("metrics") or {}
        rate = metrics.get("images_per_s", {}).get("median")
        if case.get("suite") == "throughput" and rate:
            found.append(1 / rate)
    if not found:
        raise SystemExit(f"{report}: no throughput case with images_per_s")
    return min(found)


def simulate(
    blocks: int, workers: int, mean: float, *, spread: float, slow: float, spot: float, twice: bool, seed: int
) -> float:
    """Seconds until all blocks are done. A block's time is lognormal with `spread`; `slow` of the workers take four
    times as long; workers vanish `spot` times an hour; with `twice` idle workers repeat what takes longest."""
    rng = random.Random(seed)
    pace = [4.0 if rng.random() < slow else 1.0 for _ in range(workers)]
    shift = spread * spread / 2
    idle = [(0.0, worker) for worker in range(workers)]
    heapq.heapify(idle)
    running: list[tuple[float, float]] = []
    end = 0.0
    for _ in range(blocks):
        now, worker = heapq.heappop(idle)
        while True:
            time = mean * pace[worker] * rng.lognormvariate(-shift, spread)
            vanishes = rng.expovariate(spot / 3600) if spot > 0 else math.inf
            if vanishes >= time:
                break
            now += vanishes + 60.0  # a new machine
        running.append((now + time, now))
        heapq.heappush(idle, (now + time, worker))
        if len(running) > 4 * workers:
            running = [each for each in running if each[0] > now]
        end = max(end, now + time)
    if not twice:
        return end
    # Workers that are idle in the tail do the last blocks again, at the usual pace.
    free = sorted(time for time, _ in idle)
    finish = []
    for index, (done, began) in enumerate(sorted(running, reverse=True)):
        start = max(free[min(index, len(free) - 1)], began + 3 * mean)
        finish.append(min(done, start + mean * rng.lognormvariate(-shift, spread)))
    return max(finish)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--seconds", type=float, default=0.47, help="a photo on one worker (0.47: da3-base on two cores)"
    )
    parser.add_argument("--report", help="take it from a report of da3 bench instead")
    parser.add_argument("--photos", type=float, nargs="+", default=[1e6, 1e9])
    parser.add_argument("--workers", type=int, nargs="+", default=[64, 1024])
    parser.add_argument("--block", type=int, default=64)
    parser.add_argument("--overhead-ms", type=float, default=0.0, help="a photo, of reading, writing and dispatch")
    parser.add_argument("--dollars-hour", type=float, default=0.08, help="of a worker")
    parser.add_argument("--spread", type=float, default=0.3)
    options = parser.parse_args()
    seconds = seconds_of(options.report) if options.report else options.seconds
    each = seconds + options.overhead_ms / 1000

    print("| photos | workers | hours | worker hours | dollars | requests/s |\n| --- | --- | --- | --- | --- | --- |")
    for photos in options.photos:
        for workers in options.workers:
            hours = photos * each / workers / 3600
            requests = (2 + 3 / options.block) * photos / (hours * 3600)
            cost = hours * workers * options.dollars_hour
            print(f"| {photos:.0e} | {workers} | {hours:.3g} | {hours * workers:.3g} | {cost:.3g} | {requests:.3g} |")

    print(
        "\n| photos | workers | slow workers | vanishing an hour | ideal hours | hours | with slow blocks given out twice |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for workers in options.workers:
        photos = min(min(options.photos), workers * options.block * 200)
        blocks = math.ceil(photos / options.block)
        ideal = photos * each / workers / 3600
        for slow, spot in ((0.0, 0.0), (0.05, 0.0), (0.0, 0.1), (0.05, 0.1)):
            times = [
                simulate(
                    blocks,
                    workers,
                    each * options.block,
                    spread=options.spread,
                    slow=slow,
                    spot=spot,
                    twice=twice,
                    seed=1,
                )
                / 3600
                for twice in (False, True)
            ]
            print(f"| {photos:.2g} | {workers} | {slow:.0%} | {spot} | {ideal:.3g} | {times[0]:.3g} | {times[1]:.3g} |")


if __name__ == "__main__":
    main()
