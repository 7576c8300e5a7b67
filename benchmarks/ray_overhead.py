#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""benchmarks/ray_overhead.py [--photos N] [--workers N...]: what da3.ray costs a photo beside the model.

A null model answers at once, photos are files of 1 kB, workers are pretended CPUs of this machine. Printed is the
processor time of the driver, of the workers and of Ray's own processes while the blocks run."""

from __future__ import annotations

import argparse
import functools
import os
import tempfile
import time
from pathlib import Path

import ray
from da3.ray import _blocks, _photos, _places
from da3.ray._job import Pool

TICK = os.sysconf("SC_CLK_TCK")


class Null:
    """A model that does nothing."""

    batch = 1
    spec = {"name": "null", "weights": {"sha256": "0" * 64}}

    def decode(self, data: bytes) -> bytes:
        return data

    def predict(self, photos: list[bytes]) -> list[bytes]:
        return photos

    def outcome(self, photo: bytes, found: bytes) -> _photos.Outcome:
        return _photos.Outcome(files={"png16": found})


def make_worker(inputs: _places.Place, output: _places.Place) -> object:
    from da3.ray._worker import Worker

    return Worker(_photos.Work(), inputs, output, predictor=Null())


def processor_seconds() -> dict[str, float]:
    """Of this process, of workers, and of Ray's own processes."""
    found = {"driver": 0.0, "workers": 0.0, "ray": 0.0}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        seconds = (int(fields[11]) + int(fields[12])) / TICK
        if int(entry.name) == os.getpid():
            found["driver"] += seconds
        elif b"ray::Actor" in command:
            found["workers"] += seconds
        elif b"raylet" in command or b"gcs_server" in command or b"/ray/" in command or b"ray::" in command:
            found["ray"] += seconds
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--photos", type=int, default=20000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument("--block", type=int, default=64)
    options = parser.parse_args()
    ray.init(num_cpus=max(options.workers), log_to_driver=False, logging_level="error", include_dashboard=False)
    print(
        "| workers | photos/s | driver ms/photo | workers ms/photo | Ray ms/photo | all |\n| --- | --- | --- | --- | --- | --- |"
    )
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder, "photos")
        for number in range(options.photos):
            file = photos / str(number % 100) / f"{number}.jpg"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(bytes(1000))
        for workers in options.workers:
            place, entries = _places.inputs(str(photos))
            output = _places.Place.of(f"{folder}/{workers}")
            pool = Pool(functools.partial(make_worker, place, output), workers, {"num_cpus": 1})
            pool.start()
            while len(pool._ready) < workers:
                pool._settle(timeout=1)
            before, began = processor_seconds(), time.monotonic()
            totals = pool.run(_blocks.blocks(entries, options.block), False, lambda *_: None)
            took = time.monotonic() - began
            after = processor_seconds()
            pool.close()
            assert totals.done == options.photos
            spent = [1000 * (after[key] - before[key]) / options.photos for key in ("driver", "workers", "ray")]
            print(
                f"| {workers} | {options.photos / took:.0f} | "
                + " | ".join(f"{each:.3f}" for each in [*spent, sum(spent)])
                + " |",
                flush=True,
            )


if __name__ == "__main__":
    main()
