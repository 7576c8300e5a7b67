# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""A worker: one loaded model, one block at a time."""

from __future__ import annotations

import errno
import json
import threading
import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import da3
from da3 import _core
from da3.ray._blocks import ASKED_S, Block, Manifests, Row, foreign_until, taken_over
from da3.ray._photos import Outcome, Predictor, Work, decoded, windows
from da3.ray._places import RUN, Entry, Place, flaw_of, printable

STAGES = ("read", "decode", "predict", "encode", "write")


@dataclass
class Report:
    """What a worker did with a block."""

    done: int = 0
    skipped: int = 0
    failed: list[tuple[str, str, str]] = field(default_factory=list)
    """Name, code and message of inputs that failed."""
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))
    batches: list[int] = field(default_factory=list)
    rows: dict[str, Row] = field(default_factory=dict)
    """Of `Worker.attempt` alone: what goes into the manifest."""


def suffix(format: str) -> str:
    """What a format adds to an input's whole name: a.jpg becomes a.jpg.png."""
    return _core.format_suffix(format)


def failure(entry: Entry, code: str, text: str) -> Row:
    return Row(entry.name, entry.identity, "failed", code, f"{printable(entry.name)}: {text}", "{}")


# What ails the name of one result; anything else that cannot be written ends the job.
_OF_ITS_NAME = {
    errno.ENAMETOOLONG: ("output.name", "the output does not take a name as long as that of its result"),
    errno.EISDIR: ("output.exists", "a folder is in the way of its result"),
    errno.ENOTDIR: ("output.exists", "a file is in the way of its result's folder"),
    errno.EEXIST: ("output.exists", "a file is in the way of its result's folder"),
}


class Worker:
    """Reads, decodes, predicts, encodes and writes the inputs of blocks.

    Reading with decoding, and encoding with writing, run in threads next to the forward passes; a few photos are held
    at a time, whatever the size of a block.
    """

    def __init__(self, work: Work, inputs: Place, output: Place, predictor: Any = None) -> None:
        self._inputs = inputs
        self._output = output
        self._predictor = predictor if predictor is not None else Predictor(work)
        self._work = work
        self._manifests = Manifests(output, self.run())
        self._counting = threading.Lock()
        self._asked = float("-inf")
        self._foreign_until: int | None = None  # Once the job has begun; 0: nothing was there
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="da3.ray")

    def run(self) -> dict[str, Any]:
        """What has to stay the same from run to run: the model's name and hash, the options."""
        spec = self._predictor.spec
        return {"model": spec["name"], "sha256": spec["weights"]["sha256"], **self._work.options()}

    def process(self, block: Block, overwrite: bool = False, ended: Mapping[str, Row] | None = None) -> Report:
        """Does what is missing of a block and writes its manifest; a second call finds nothing to do. `ended`: what
        attempts have come to already."""
        report = Report()
        block, absent = self._identified(block)
        finished, missing, files = self._known(block, {**absent, **(ended or {})}, overwrite, report)
        for row in self._do(missing, report):
            finished[row.name] = row
            report.done += row.status == "done"
        for row in finished.values():
            if row.status == "failed":
                report.failed.append((printable(row.name), row.code or "internal", row.message or ""))
        if missing or absent or ended or len(files) != 1:
            self._commit(block, [finished[entry.name] for entry in block.entries], files)
        return report

    def attempt(self, block: Block, overwrite: bool = False) -> Report:
        """Does what is missing of a block, one photo after the other, and tells of each; no manifest is written."""
        report = Report()
        block, absent = self._identified(block)
        finished, missing, _ = self._known(block, absent, overwrite, report)
        for entry in missing:
            for row in self._do([entry], report):
                finished[row.name] = row
                report.done += row.status == "done"
        report.rows = finished
        return report

    def _known(
        self, block: Block, ended: Mapping[str, Row], overwrite: bool, report: Report
    ) -> tuple[dict[str, Row], list[Entry], list[str]]:
        """What has ended of a block, what is missing, and the files of its manifests."""
        self._require_ours()
        try:
            rows, files = self._manifests.known(block)
        except OSError as problem:
            raise da3.OutputError(f"the manifest of a block cannot be read ({problem})", "output.failed") from None
        finished: dict[str, Row] = dict(ended)
        missing: list[Entry] = []
        for entry in block.entries:
            row = rows.get(entry.name)
            if entry.name in finished:
                continue
            if row is not None and row.status == "done" and row.identity == entry.identity and not overwrite:
                finished[entry.name] = row
                report.skipped += 1
            else:
                missing.append(entry)
        return finished, missing, files

    def _commit(self, block: Block, rows: list[Row], before: list[str]) -> None:
        self._require_ours()
        try:
            self._manifests.commit(block, rows, before)
        except OSError as problem:
            raise da3.OutputError(f"the manifest of a block cannot be written ({problem})", "output.failed") from None

    def _in_the_way(self, name: str) -> str | None:
        """What a result would replace that da3.ray did not write. In a store only photos of INPUT are known."""
        inputs, output = (place.root.rstrip("/") + "/" for place in (self._inputs, self._output))
        if (
            inputs != "/"
            and self._inputs.filesystem == self._output.filesystem
            and self._output.path(name).startswith(inputs)
            and not output.startswith(inputs)
        ):
            return "its result would lie among the photos of the input"
        if self._foreign_until is None:
            self._foreign_until = foreign_until(self._output) or 0
        if self._foreign_until > 0 and self._output.has_unchanged(name, self._foreign_until):
            return "a file that da3.ray did not write has the name of its result"
        return None

    def _require_ours(self) -> None:
        """Raises if another job has the output by now: results of both would stand next to each other."""
        if time.monotonic() - self._asked < ASKED_S:
            return
        self._asked = time.monotonic()
        try:
            taken = taken_over(self._output, self.run())
        except OSError as problem:
            raise da3.OutputError(f"{RUN} of the output cannot be read ({problem})", "output.failed") from None
        if taken:
            raise da3.UsageError(
                "the output has been taken over by a job with another model or other options (--overwrite)", "usage"
            )

    def _identified(self, block: Block) -> tuple[Block, dict[str, Row]]:
        """The block with the identity of each input; inputs of a list that are not there are failures."""
        entries: list[Entry] = []
        absent: dict[str, Row] = {}
        for entry in block.entries:
            flaw = flaw_of(entry.name)
            if flaw is not None:
                absent[entry.name] = failure(entry, "output.name", flaw)
            elif not entry.identity:
                try:
                    entry = replace(entry, identity=self._inputs.identity(entry.path))
                except FileNotFoundError:
                    absent[entry.name] = failure(entry, "input.not_found", "not found")
                except OSError as problem:
                    absent[entry.name] = failure(entry, "input.unreadable", f"cannot be read ({problem})")
            entries.append(entry)
        return Block(block.key, tuple(entries)), absent

    def _do(self, entries: list[Entry], report: Report) -> list[Row]:
        size = self._predictor.batch
        pending = deque(windows(len(entries), size))
        reading: deque[tuple[range, list[Future[Any]]]] = deque()
        writing: deque[Future[Row]] = deque()
        rows: list[Row] = []
        while pending or reading:
            # Two windows ahead of the forward.
            while pending and len(reading) < 3:
                window = pending.popleft()
                reading.append((window, [self._threads.submit(self._read, entries[i]) for i in window]))
            window, futures = reading.popleft()
            read = [future.result() for future in futures]
            for _, seconds in read:
                for stage, spent in seconds.items():
                    report.seconds[stage] += spent
            photos = [photo for photo, _ in read]
            began = time.perf_counter()
            found = self._predictor.predict(photos)
            report.seconds["predict"] += time.perf_counter() - began
            report.batches.append(len(window))
            for i, photo, each in zip(window, photos, found, strict=True):
                writing.append(self._threads.submit(self._write, entries[i], photo, each, report))
            while len(writing) > 3 * size:
                rows.append(writing.popleft().result())
        rows.extend(future.result() for future in writing)
        return rows

    def _read(self, entry: Entry) -> tuple[da3.Photo | da3.Error, dict[str, float]]:
        began = time.perf_counter()
        try:
            data = self._inputs.read(
                entry.path[len(self._inputs.root) :].lstrip("/") if self._inputs.root else entry.path
            )
        except FileNotFoundError:
            return da3.InputError(f"{entry.name}: not found", "input.not_found"), {}
        except (OSError, ValueError) as problem:  # ValueError: a key that pyarrow takes for no path
            return da3.InputError(f"{entry.name}: cannot be read ({problem})", "input.unreadable"), {}
        read = time.perf_counter()
        photo = self._predictor.decode(data) if hasattr(self._predictor, "decode") else decoded(data)
        return photo, {"read": read - began, "decode": time.perf_counter() - read}

    def _write(self, entry: Entry, photo: Any, found: Any, report: Report) -> Row:
        began = time.perf_counter()
        outcome: Outcome = self._predictor.outcome(photo, found)
        encoded = time.perf_counter()
        names = {}
        for format, data in outcome.files.items():
            names[format] = entry.name + suffix(format)
            if not self._output.takes(names[format]):
                return failure(entry, *_OF_ITS_NAME[errno.ENAMETOOLONG])
            self._require_ours()
            if problem := self._in_the_way(names[format]):
                return failure(entry, "output.exists", problem)
            try:
                self._output.put(names[format], data)
            except OSError as problem:
                if problem.errno in _OF_ITS_NAME:
                    return failure(entry, *_OF_ITS_NAME[problem.errno])
                raise da3.OutputError(f"{names[format]}: cannot be written ({problem})", "output.failed") from None
        with self._counting:
            report.seconds["encode"] += encoded - began
            report.seconds["write"] += time.perf_counter() - encoded
        if outcome.error is not None:
            return failure(entry, outcome.error.code, str(outcome.error))
        record = {**outcome.record, "outputs": names}
        return Row(entry.name, entry.identity, "done", None, None, json.dumps(record, sort_keys=True))
