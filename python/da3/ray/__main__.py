# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m da3.ray INPUT OUTPUT``: depth for a prefix of an object store or a folder, on a Ray cluster."""

from __future__ import annotations

import argparse
import dataclasses
import functools
import itertools
import os
import sys
import uuid
from collections.abc import Iterator
from typing import Any

import da3
from da3.ray import _blocks, _inputs, _photos, _places

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
    result.add_argument("--resize-method")
    result.add_argument("--focal", type=float, metavar="PX")
    result.add_argument("--hfov", type=float, metavar="DEG")
    result.add_argument("--colormap", default="spectral")
    result.add_argument("--range", type=depths, metavar="NEAR,FAR", help="depth shown nearest and farthest")
    result.add_argument("--confidence", action="store_true")
    result.add_argument("--sky", action="store_true")
    result.add_argument("--allow-synthetic", action="store_true")
    result.add_argument("--trust-code", action="store_true", help="run the code that a foreign model file brings")
    result.add_argument("--overwrite", action="store_true", help="do everything again")
    result.add_argument("--limit", type=int, help="at most N photos")
    result.add_argument("-q", "--quiet", action="store_true")
    return result


def depths(text: str) -> tuple[float, float]:
    near, far = (float(each) for each in text.split(","))
    return near, far


def work_of(options: argparse.Namespace, threads: int) -> _photos.Work:
    formats = tuple(each for each in options.format.split(",") if each)
    for each in formats:
        if each not in da3.FORMATS:
            raise da3.UsageError(f"--format: '{each}' is not one of {', '.join(da3.FORMATS)}", "usage")
    for name, text in (("--batch", options.batch), ("--workers", options.workers)):
        if text != "auto" and not (text.isdecimal() and int(text) > 0):
            raise da3.UsageError(f"{name}: expected auto or a number above 0, found '{text}'", "usage")
    if options.limit is not None and options.limit < 1:
        raise da3.UsageError(f"--limit: expected 1 or more, found {options.limit}", "usage")
    if options.range is not None and not options.range[0] < options.range[1]:
        raise da3.UsageError("--range: expected the near depth below the far one", "usage")
    if options.block < 1:
        raise da3.UsageError(f"--block: expected 1 or more, found {options.block}", "usage")
    return _photos.Work(
        model=options.model,
        formats=formats,
        size=options.size,
        confidence=options.confidence,
        sky=options.sky,
        process_res=options.process_res,
        resize_method=options.resize_method,
        focal_px=options.focal,
        hfov_deg=options.hfov,
        colormap=options.colormap,
        vis_range=options.range,
        precision=options.precision,
        allow_synthetic=options.allow_synthetic,
        trust_code=options.trust_code,
        device=options.device,
        threads=threads,
        batch=options.batch if options.batch == "auto" else int(options.batch),
    )


def make_worker(work: _photos.Work, inputs: _places.Place, output: _places.Place) -> Any:
    from da3.ray._worker import Worker

    return Worker(work, inputs, output)


def listing(url: str, output: _places.Place) -> tuple[_places.Place, Iterator[_places.Entry]]:
    """The inputs, without what lies in an output below them."""

    def told(entries: Iterator[_places.Entry], without: str | None) -> Iterator[_places.Entry]:
        try:
            for entry in entries:
                if without is None or not entry.path.startswith(without):
                    yield entry
        except OSError as problem:
            raise da3.InputError(f"{url}: cannot be listed ({problem})", "input.unreadable") from None

    try:
        place, entries = _inputs.inputs(url)
    except FileNotFoundError:
        raise da3.InputError(f"{url}: not found", "input.not_found") from None
    except OSError as problem:
        raise da3.InputError(f"{url}: cannot be listed ({problem})", "input.unreadable") from None
    same = bool(place.root) and place.filesystem == output.filesystem
    if same and place.root == output.root:
        raise da3.UsageError(f"{url}: is the output as well; results get a folder or a prefix of their own", "usage")
    below = same and output.root.startswith(place.root.rstrip("/") + "/")
    return place, told(entries, output.root.rstrip("/") + "/" if below else None)


def connect(address: str) -> None:
    """Joins a cluster, or makes one on this machine."""
    # What one worker raises is told in one line; Ray would show it again for each of the others.
    os.environ.setdefault("RAY_IGNORE_UNHANDLED_ERRORS", "1")
    import ray

    if ray.is_initialized():
        return
    try:
        ray.init(address=None if address == "local" else address, log_to_driver=False, logging_level="warning")
    except ConnectionError as problem:
        if address != "auto":
            raise da3.DeviceError(f"--address {address}: {problem}", "device.unavailable") from None
        ray.init(log_to_driver=False, logging_level="warning")


def run(options: argparse.Namespace) -> int:
    work_of(options, 0)
    output = dataclasses.replace(_places.Place.of(options.output), job=uuid.uuid4().hex[:12])
    place, entries = listing(options.input, output)
    first = next(entries, None)
    if first is None:
        raise da3.UsageError(f"{options.input}: no pictures there", "input.none")
    entries = itertools.islice(itertools.chain([first], entries), options.limit)
    connect(options.address)
    from da3.ray._actors import auto_workers
    from da3.ray._job import Pool
    from da3.ray._progress import Line

    workers, resources = auto_workers(options.device, options.workers)
    work = work_of(options, int(resources["num_cpus"]) if "num_gpus" not in resources else 0)
    pool = Pool(functools.partial(make_worker, work, place, output), workers, resources)
    try:
        chosen = pool.start()
        try:
            differs = _blocks.agree(output, chosen, options.overwrite)
        except OSError as problem:
            raise da3.OutputError(f"{options.output}: cannot be written ({problem})", "output.failed") from None
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
        output.sweep()


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
    except Exception as problem:
        print(
            f"da3.ray: {type(problem).__name__}: {problem}\nThis is a bug in da3; please report it with the command.",
            file=sys.stderr,
        )
        return 70
    except KeyboardInterrupt:
        print("da3.ray: interrupted; the same command goes on", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
