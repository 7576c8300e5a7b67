# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m da3.ray INPUT OUTPUT``: depth for a prefix of an object store or a folder, on a Ray cluster."""

from __future__ import annotations

import argparse
import functools
import itertools
import sys
from typing import Any

import da3
from da3.ray import _blocks, _photos, _places

EXIT = {
    "usage": 2,
    "input.none": 2,
    "model": 3,
    "device": 4,
    "precision": 4,
    "memory": 4,
    "output": 6,
    "interrupted": 130,
}


def exit_code(error: da3.Error) -> int:
    """The exit code of `da3` for an error that ends it (docs/cli.md)."""
    return EXIT.get(error.code, EXIT.get(error.code.split(".")[0], 70))


def parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(
        prog="python -m da3.ray",
        description="Depth for photos of a folder or an object store, on a Ray cluster. The same command goes on where "
        "an earlier one stopped. Results are named NAME.EXT.png and so on, after the whole name of the photo.",
        epilog="Exit codes are those of da3 infer: 0 all done, 1 some photos failed, 2 usage, 3 model, 4 device, "
        "6 output, 130 interrupted.",
    )
    result.add_argument(
        "input", metavar="INPUT", help="folder, glob or URL (s3://, gs://, az://, hdfs://), or a list: .txt, .parquet"
    )
    result.add_argument("output", metavar="OUTPUT", help="folder or URL of the results")
    result.add_argument("-m", "--model", help="installed name or file on every node, or a URL, fetched once a node")
    result.add_argument("-f", "--format", default="png16", help="list of " + ", ".join(da3.FORMATS) + " (png16)")
    result.add_argument(
        "--address",
        default="auto",
        help="of the Ray cluster; local: one on this machine (auto: a running one, else local)",
    )
    result.add_argument("--workers", default="auto", help="auto: one a GPU, else one a node")
    result.add_argument("--batch", default="auto", help="photos per forward (auto: 1 on a CPU, 8 on a GPU)")
    result.add_argument(
        "--block", type=int, default=64, help="photos a task, about; a killed node costs its running tasks (64)"
    )
    result.add_argument("--device", help="cpu, cuda; none: the best that a worker has")
    result.add_argument("--precision")
    result.add_argument("--size", choices=("input", "model"), default="input")
    result.add_argument("--process-res", type=int)
    result.add_argument("--focal", type=float, metavar="PX")
    result.add_argument("--hfov", type=float, metavar="DEG")
    result.add_argument("--colormap", default="spectral")
    result.add_argument("--confidence", action="store_true")
    result.add_argument("--sky", action="store_true")
    result.add_argument("--allow-synthetic", action="store_true")
    result.add_argument("--overwrite", action="store_true", help="do everything again")
    result.add_argument("--limit", type=int, help="at most N photos")
    result.add_argument("-q", "--quiet", action="store_true")
    return result


def work_of(options: argparse.Namespace, threads: int) -> _photos.Work:
    formats = tuple(each for each in options.format.split(",") if each)
    for each in formats:
        if each not in da3.FORMATS:
            raise da3.UsageError(f"--format: '{each}' is not one of {', '.join(da3.FORMATS)}", "usage")
    batch: Any = options.batch
    if batch != "auto" and not (batch.isdigit() and int(batch) > 0):
        raise da3.UsageError(f"--batch: expected auto or a number above 0, found '{batch}'", "usage")
    if options.workers != "auto" and not (options.workers.isdigit() and int(options.workers) > 0):
        raise da3.UsageError(f"--workers: expected auto or a number above 0, found '{options.workers}'", "usage")
    if options.block < 1:
        raise da3.UsageError(f"--block: expected 1 or more, found {options.block}", "usage")
    return _photos.Work(
        model=options.model,
        formats=formats,
        size=options.size,
        confidence=options.confidence,
        sky=options.sky,
        process_res=options.process_res,
        focal_px=options.focal,
        hfov_deg=options.hfov,
        colormap=options.colormap,
        precision=options.precision,
        allow_synthetic=options.allow_synthetic,
        device=options.device,
        threads=threads,
        batch=batch if batch == "auto" else int(batch),
    )


def make_worker(work: _photos.Work, inputs: _places.Place, output: _places.Place) -> Any:
    from da3.ray._worker import Worker

    return Worker(work, inputs, output)


def run(options: argparse.Namespace) -> int:
    import ray

    from da3.ray._job import Line, Pool, auto_workers

    work_of(options, 0)
    try:
        place, entries = _places.inputs(options.input)
        first = next(entries, None)
    except FileNotFoundError:
        raise da3.InputError(f"{options.input}: not found", "input.not_found") from None
    if first is None:
        raise da3.UsageError(f"{options.input}: no pictures there", "input.none")
    entries = itertools.islice(itertools.chain([first], entries), options.limit)
    output = _places.Place.of(options.output)
    if not ray.is_initialized():
        address = None if options.address == "local" else options.address
        try:
            ray.init(address=address, log_to_driver=False, logging_level="warning")
        except ConnectionError as problem:
            if options.address != "auto":
                raise da3.DeviceError(f"--address {options.address}: {problem}", "device.unavailable") from None
            ray.init(log_to_driver=False, logging_level="warning")
    workers, resources = auto_workers(options.device, options.workers)
    work = work_of(options, int(resources["num_cpus"]) if "num_gpus" not in resources else 0)
    pool = Pool(functools.partial(make_worker, work, place, output), workers, resources)
    try:
        facts = pool.start()
        about = {
            "schema": 1,
            "tool": {"version": da3.__version__},
            "model": facts["name"],
            "sha256": facts["sha256"],
            "options": work.options(),
        }
        differs = _blocks.agree(output, about, options.overwrite)
        if differs is not None:
            raise da3.UsageError(
                f"{options.output}: holds results of other options ({differs}); give --overwrite or another OUTPUT",
                "usage",
            )
        line = Line(options.quiet)
        totals = pool.run(_blocks.blocks(entries, options.block), options.overwrite, line.tell)
        line.finish(totals, options.output)
        return 1 if totals.failed else 0
    finally:
        pool.close()


def main() -> int:
    options = parser().parse_args()
    try:
        return run(options)
    except da3.InputError as problem:
        print(f"da3.ray: {problem}", file=sys.stderr)
        return 2
    except da3.Error as problem:
        print(f"da3.ray: {problem}", file=sys.stderr)
        return exit_code(problem)
    except KeyboardInterrupt:
        print("da3.ray: interrupted; the same command goes on", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
