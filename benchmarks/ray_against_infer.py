#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Workers of da3.ray on this machine against `da3 infer` on the same folder: images/s.

benchmarks/ray_against_infer.py [-m MODEL] [--workers N] [--photos N] [--rounds N] [--folder PHOTOS]

The machine's cores are divided among the workers (2 workers on 2 cores: one thread each); `da3 infer` has all of them
and its defaults. Each round runs, alternately, `da3 infer`, `python -m da3.ray`, and the same job in a cluster whose
workers have loaded their models. Seconds are those of the first two commands, start and end of Ray included; images/s is
what `da3 infer` says of itself (from its first photo on), and that of the third run. Without --folder the photos are
cuts of the examples, 1280x720, in JPEG. Needs da3, Ray and Pillow in this Python."""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import da3

ROOT = Path(__file__).resolve().parents[1]


def make_photos(folder: Path, count: int) -> None:
    from PIL import Image

    rng = random.Random(1)
    sources = [
        Image.open(file).convert("RGB").resize((1600, 1200)) for file in sorted((ROOT / "examples").glob("*.png"))
    ]
    folder.mkdir()
    for number in range(count):
        x, y = rng.randrange(320), rng.randrange(480)
        cut = sources[number % len(sources)].crop((x, y, x + 1280, y + 720))
        cut.save(folder / f"{number:05d}.jpg", quality=90)


def timed(command: list[str]) -> tuple[float, str]:
    """Wall seconds of a command, and what it wrote to standard error."""
    began = time.monotonic()
    ended = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    took = time.monotonic() - began
    if ended.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit code {ended.returncode}\n{ended.stderr}")
    return took, ended.stderr


def steady(photos: str, output: str, model: str | None, workers: int) -> float:
    """Images/s of workers that have loaded their models."""
    import functools

    import ray

    from da3.ray import _blocks, _inputs, _photos, _places
    from da3.ray.__main__ import make_worker
    from da3.ray._actors import auto_workers
    from da3.ray._job import Pool

    ray.init(log_to_driver=False, logging_level="error")
    count, resources = auto_workers("cpu", workers)
    work = _photos.Work(model=model, device="cpu", threads=int(resources["num_cpus"]), allow_synthetic=True)
    inputs, entries = _inputs.inputs(photos)
    pool = Pool(functools.partial(make_worker, work, inputs, _places.Place.of(output)), count, resources)
    pool.start()
    pool.wait_for_all()
    totals = pool.run(_blocks.blocks(entries, BLOCK), False, lambda *_: None)
    pool.close()
    ray.shutdown()
    return totals.done / totals.elapsed_s


# Photos a block: with few photos, so few that no worker waits long for the last one.
BLOCK = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("-m", "--model")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--photos", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder")
    parser.add_argument("--steady", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.steady:
        print(steady(*options.steady, options.model, options.workers))
        return
    model = ["-m", options.model] if options.model else []
    rows = []
    with tempfile.TemporaryDirectory() as below:
        folder = options.folder or os.path.join(below, "photos")
        if not options.folder:
            make_photos(Path(folder), options.photos)
        out = os.path.join(below, "out")
        common = [*model, "-f", "png16", "--device", "cpu", "--allow-synthetic"]
        program = [str(da3.prefix() / "bin" / "da3"), "infer", folder, "-o", out, *common]
        cluster = ["-m", "da3.ray", folder, out, *common, "--address", "local"]
        cluster += ["--workers", str(options.workers), "--block", str(BLOCK)]
        again = [__file__, *model, "--workers", str(options.workers), "--steady", folder, out]
        print("| round | da3 infer, s | da3.ray, s | da3 infer, images/s | da3.ray, images/s | ratio |", flush=True)
        print("| --- | --- | --- | --- | --- | --- |", flush=True)
        for number in range(options.rounds):
            whole, told = timed(program)
            found = re.search(r"\(([\d.]+) images/s\)", told)
            assert found, told
            shutil.rmtree(out)
            whole_ray, _ = timed([sys.executable, *cluster])
            shutil.rmtree(out)
            ended = subprocess.run([sys.executable, *again], stdout=subprocess.PIPE, text=True, check=True)
            shutil.rmtree(out)
            rate, rate_ray = float(found.group(1)), float(ended.stdout)
            rows.append(rate_ray / rate)
            print(
                f"| {number + 1} | {whole:.1f} | {whole_ray:.1f} | {rate:.3g} | {rate_ray:.3g} | {rows[-1]:.3f} |",
                flush=True,
            )
    print(f"\nratio: median {statistics.median(rows):.3f}, least {min(rows):.3f}, greatest {max(rows):.3f}")


if __name__ == "__main__":
    main()
