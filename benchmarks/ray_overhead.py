#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""What da3.ray costs beside the network: CPU time a photo, and the driver's memory.

benchmarks/ray_overhead.py [--workers N...] [--photos N] [--names N...]

For each number of workers (more than the machine has cores: they are pretended) a cluster of this machine does photos
with a null model: the bytes are read, a constant depth is written, the manifests are kept. CPU time is that of the
driver, of Ray's processes and of the workers, from the first block to the last; next to it that of the same work in one
process without Ray. Then a driver whose workers do nothing is given lists of so many names; its greatest memory is
taken. Needs da3 and Ray in this Python."""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from da3.ray import _blocks, _inputs, _photos, _places
from da3.ray._worker import Report, Worker

PHOTO_BYTES = 100_000  # as a small JPEG has
RESULT = bytes(20_000)


class NullPredictor:
    """Any bytes are a photo, and its depth is a constant."""

    batch = 1
    spec = {"name": "null", "weights": {"sha256": "0"}}  # noqa: RUF012

    def decode(self, data: bytes) -> Any:
        return SimpleNamespace(size=len(data))

    def predict(self, photos: list[Any]) -> list[Any]:
        return photos

    def outcome(self, photo: Any, found: Any) -> _photos.Outcome:
        return _photos.Outcome(files={"png16": RESULT})


class Idle:
    """A worker that does nothing at all."""

    def run(self) -> dict[str, Any]:
        return {"model": "none", "sha256": "0"}

    def process(self, block: _blocks.Block, overwrite: bool = False, ended: Any = None) -> Report:
        return Report(done=len(block.entries))


def cpu_seconds() -> float:
    """CPU time of this process and of all below it that are alive."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(folder.name)] = int(fields[1])
        ticks[int(folder.name)] = sum(map(int, fields[11:15]))
    mine = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in mine and pid not in mine}:
        mine |= more
    return sum(ticks[pid] for pid in mine if pid in ticks) / os.sysconf("SC_CLK_TCK")


def overhead(workers: int, photos: Path, names: int, block: int, folder: Path) -> tuple[float, float, float]:
    """CPU milliseconds a photo with Ray, without it, and wall seconds with it."""
    import ray

    from da3.ray._job import Pool

    def place(name: str) -> _places.Place:
        return _places.Place.of(str(folder / name))

    work = _photos.Work()
    inputs, entries = _inputs.inputs(str(photos))
    alone = Worker(work, inputs, place("alone"), NullPredictor())
    began = time.process_time()
    for each in _blocks.blocks(entries, block):
        alone.process(each)
    without = (time.process_time() - began) / names * 1000

    ray.init(num_cpus=workers, log_to_driver=False, logging_level="error")
    output = place("ray")
    pool = Pool(lambda: Worker(work, inputs, output, NullPredictor()), workers, {"num_cpus": 1})
    pool.start()
    pool.wait_for_all()
    before, began = cpu_seconds(), time.monotonic()
    totals = pool.run(_blocks.blocks(_inputs.inputs(str(photos))[1], block), False, lambda *_: None)
    spent, took = cpu_seconds() - before, time.monotonic() - began
    assert totals.done == names, totals
    pool.close()
    ray.shutdown()
    return spent / names * 1000, without, took


def driver_megabytes(names: int, block: int) -> float:
    """The greatest memory of this process after a list of so many names."""
    import ray

    from da3.ray._job import Pool

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "list.txt"
        with open(file, "w", encoding="utf-8") as out:
            out.writelines(f"/photos/of/somebody/{number:09d}.jpg\n" for number in range(names))
        ray.init(num_cpus=2, log_to_driver=False, logging_level="error")
        pool = Pool(Idle, 2, {"num_cpus": 1})
        pool.start()
        totals = pool.run(_blocks.blocks(_inputs.inputs(str(file))[1], block), False, lambda *_: None)
        assert totals.done == names, totals
        pool.close()
        ray.shutdown()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 8, 64])
    parser.add_argument("--photos", type=int, default=20_000)
    parser.add_argument("--names", type=int, nargs="*", default=[1_000, 1_000_000])
    parser.add_argument("--block", type=int, default=64)
    parser.add_argument("--driver", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.driver:
        print(f"{driver_megabytes(options.driver, options.block):.0f}")
        return
    if options.workers:
        print("| workers | CPU ms a photo | without Ray | Ray's share | photos/s |\n| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder) / "photos"
        for number in range(options.photos if options.workers else 0):
            file = photos / f"{number // 1000:03d}" / f"{number:06d}.jpg"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(bytes(PHOTO_BYTES))
        for workers in options.workers:
            out = Path(folder) / f"out-{workers}"
            found, without, took = overhead(workers, photos, options.photos, options.block, out)
            share = found - without
            print(
                f"| {workers} | {found:.2f} | {without:.2f} | {share:.2f} | {options.photos / took:.0f} |", flush=True
            )
    if options.names:
        print("\n| names | driver's greatest memory, MB |\n| --- | --- |")
    for names in options.names:
        # A process each: the greatest memory never falls.
        told = subprocess.run(
            [sys.executable, __file__, "--driver", str(names), "--block", str(options.block)],
            capture_output=True,
            text=True,
            check=True,
        )
        print(f"| {names} | {told.stdout.strip()} |", flush=True)


if __name__ == "__main__":
    main()
