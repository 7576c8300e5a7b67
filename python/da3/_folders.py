# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Folder runs: what `da3 infer` does, as an iterator."""

from __future__ import annotations

import atexit
import itertools
import json
import os
import queue
import sys
import threading
import warnings as python_warnings
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from da3 import _core
from da3._checks import depth_range, positive, text, whole
from da3._errors import Error, Interrupted, UsageError, error_of
from da3._models import Model, at_model_size, batch_of, load

_STATUS = ("done", "skipped", "failed")


@dataclass(frozen=True)
class ImageResult:
    """One finished input of a folder run.

    Attributes
    ----------
    path : str
        As given or found.
    status : str
        ``"done"``, ``"skipped"`` (finished by an earlier run) or ``"failed"``.
    error : Error or None
        Why it failed; not raised.
    record : dict
        The image record of docs/cli.md: sizes, names of the results, statistics of the depth, times.
    warnings : list of str
        Such as a focal length taken from EXIF.
    """

    path: str
    status: str
    error: Error | None
    record: dict[str, Any]
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Progress:
    """Where a folder run stands; `total` and `remaining_s` are None until they are known."""

    done: int
    failed: int
    skipped: int
    total: int | None
    images_per_s: float
    remaining_s: float | None


@dataclass(frozen=True)
class Summary:
    """What a folder run did."""

    done: int
    failed: int
    skipped: int
    interrupted: bool
    elapsed_s: float


class _Work:
    """The thread of a folder run. It knows nothing of the `FolderRun` that users hold, which can so be dropped."""

    def __init__(
        self, begin: Callable[[_Work], tuple[Any, ...]], folder: str, shard: tuple[int, int] = (0, 0)
    ) -> None:
        self._begin = begin
        self._folder = folder
        self._shard = shard
        self.taken_by = 0  # The thread that takes the events
        self.number = 0  # Of the runs in the order of their beginnings
        # Bounded, so that a slow loop slows the run down instead of filling memory.
        self.events: queue.Queue[ImageResult | None] = queue.Queue(maxsize=256)
        self.stopping = False  # No lock: the garbage collector may set it at any time, whatever this thread does
        self.taken_over = False  # Stopped by a further call, not by its own loop
        self.results_lost = False
        self.failure: BaseException | None = None
        self.summary: Summary | None = None
        self.progress: Progress | None = None
        # A daemon that _finish_all waits for: a script may end in the middle of a run, with finished results whole.
        self.thread = threading.Thread(target=self._run, name="da3.infer", daemon=True)

    def _run(self) -> None:
        try:
            self._wait_for_left_runs()
            self.summary = Summary(*self._begin(self))
        except BaseException as failure:
            self.failure = failure
        finally:
            self.put(None)

    def _wait_for_left_runs(self) -> None:
        """A run that was left (`break`) has the folder's lock until what was running is finished."""
        for other in _runs_under_way():
            # Two that waited for each other would never end.
            if other.number >= self.number or other._folder != self._folder or not other.thread.is_alive():
                continue
            # Held in a variable, it was not stopped by its end; who begins the same anew has left it.
            if other._shard == self._shard and other.taken_by == self.taken_by:
                # Whether its loop was left or goes on, as around this call, shows only when it asks for more.
                other.taken_over = other.taken_over or not other.stopping
                other.stopping = True
            if other.stopping:
                other.thread.join()

    def put(self, event: ImageResult | None) -> bool:
        """Hands an event over; returns whether the run is to stop."""
        while not self.stopping:
            try:
                self.events.put(event, timeout=0.1)
                return self.stopping
            except queue.Full:
                continue
        self.results_lost = self.results_lost or event is not None
        return True

    @property
    def is_whole(self) -> bool:
        return self.summary is not None and not self.summary.interrupted

    def get(self) -> ImageResult | None:
        """The next event; None once there is no further one."""
        while True:
            # Whatever was put before its end is in the queue by then.
            alive = self.thread.is_alive()
            try:
                return self.events.get(timeout=0.2 if alive else 0)
            except queue.Empty:
                if not alive:
                    return None

    def finish(self) -> None:
        """Stops, and waits until what is running is finished."""
        self.stopping = True
        # A callback of the run itself may ask, too: the run ends after it.
        if self.thread.ident is not None and self.thread is not threading.current_thread():
            self.thread.join()

    def start(self) -> None:
        with _under_way_lock:
            self.number = next(_numbers)
            _under_way.add(self)
        self.thread.start()


_numbers = itertools.count(1)
_under_way: weakref.WeakSet[_Work] = weakref.WeakSet()
_under_way_lock = threading.Lock()  # A set that grows while it is read is an error


def _runs_under_way() -> list[_Work]:
    with _under_way_lock:
        return list(_under_way)


@atexit.register
def _finish_all() -> None:
    for work in _runs_under_way():
        work.finish()


class FolderRun(Iterator[ImageResult]):
    """A folder run; made by `infer`, begun by the first `next` or by `wait`.

    Leaving it before its end (`stop`, the end of a ``with`` block, an exception such as KeyboardInterrupt in the
    loop) finishes what is running; the same call goes on later. So does a further call for the same output in the same
    thread; a loop that goes on after it gets `Interrupted`.
    """

    def __init__(
        self, begin: Callable[[_Work], tuple[Any, ...]], folder: str, shard: tuple[int, int] = (0, 0)
    ) -> None:
        self._work = _Work(begin, folder, shard)

    @property
    def summary(self) -> Summary | None:
        """What the run did; None before its end."""
        return self._work.summary

    @property
    def progress(self) -> Progress | None:
        """Where the run stands; None before the first report."""
        return self._work.progress

    def stop(self) -> None:
        """Asks the run to stop and waits until what is running is finished."""
        self._work.finish()

    def wait(self) -> Summary:
        """Runs to the end.

        Returns
        -------
        Summary

        Raises
        ------
        Error
            That ended the run; an input that fails does not. `Interrupted` if `stop` ended it.
        """
        for _ in self:
            pass
        if self.summary is None or not self._work.is_whole:
            raise Interrupted("the folder run was stopped before its end; the same call goes on later", "interrupted")
        return self.summary

    def __iter__(self) -> FolderRun:
        return self

    def __next__(self) -> ImageResult:
        work = self._work
        work.taken_by = threading.get_ident()
        if work.thread.ident is None:
            if work.stopping:
                raise StopIteration
            work.start()
        try:
            event = work.get()
        except BaseException:
            work.finish()
            raise
        if event is not None:
            return event
        work.thread.join()
        if work.failure is not None:
            failure, work.failure = work.failure, None
            raise failure
        if work.taken_over and (work.results_lost or not work.is_whole):
            raise Interrupted(
                "the folder run was stopped before its end: a further call of this thread took the folder over;"
                " finish one loop before the next one begins, or give the other an output folder of its own",
                "interrupted",
            )
        raise StopIteration

    def __enter__(self) -> FolderRun:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __del__(self) -> None:
        self._work.stopping = True


class _Line:
    """One line of progress on standard error."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._shown = ""

    def show(self, progress: Progress) -> None:
        finished = progress.done + progress.failed + progress.skipped
        of = "" if progress.total is None else f" of {progress.total}"
        text = f"da3: {finished}{of}"
        if progress.failed:
            text += f", {progress.failed} failed"
        if progress.images_per_s > 0:
            text += f", {progress.images_per_s:.3g} images/s"
        if progress.remaining_s is not None:
            text += f", {progress.remaining_s:.0f} s left"
        if self._terminal and text != self._shown:
            print("\r" + text.ljust(len(self._shown)), end="", file=sys.stderr, flush=True)
            self._shown = text

    def finish(self, summary: tuple[Any, ...]) -> None:
        done, failed, skipped, _, elapsed_s = summary
        text = f"da3: {done} done, {failed} failed, {skipped} done before in {elapsed_s:.1f} s"
        print(("\r" if self._shown else "") + text.ljust(len(self._shown)), file=sys.stderr, flush=True)


def _shard_of(shard: Any) -> tuple[int, int]:
    if shard is None:
        return 0, 0
    try:
        index, count = shard
    except (TypeError, ValueError):
        raise UsageError(f"shard: expected (i, n), found {shard!r}", "usage") from None
    return whole("shard", index), whole("shard", count)


def infer(
    inputs: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    output: str | os.PathLike[str] = "depth",
    model: Model | str | os.PathLike[str] | None = None,
    *,
    formats: Sequence[str] = ("png16", "vis"),
    recursive: bool = False,
    size: str = "input",
    confidence: bool = False,
    sky: bool = False,
    overwrite: bool = False,
    process_res: int | None = None,
    resize_method: str | None = None,
    focal_px: float | None = None,
    hfov_deg: float | None = None,
    colormap: str = "spectral",
    vis_range: tuple[float, float] | None = None,
    batch: int | str = "auto",
    memory_fraction: float = 0.85,
    decode_threads: int = 0,
    shard: tuple[int, int] | None = None,
    limit: int | None = None,
    max_pixels: int | None = None,
    allow_synthetic: bool = False,
    progress: bool | Callable[[Progress], object] = False,
    device: str | None = None,
    precision: str | None = None,
    attention: str | None = None,
    threads: int = 0,
) -> FolderRun:
    """Depth files for photos and folders, as ``da3 infer`` writes them (docs/cli.md).

    The output folder has a manifest: the same call again does only what is missing or has changed. Results appear
    whole or not at all. An input that fails is a result with its error; it does not stop the others.

    Parameters
    ----------
    inputs : path or iterable of paths
        Files and folders.
    output : path
        Folder of the results; a folder's tree is mirrored below it.
    model : Model, str or path, optional
        A loaded model, or what `load` takes; then `device`, `precision`, `attention` and `threads` are its options.
    formats : sequence of str
        Of `FORMATS`; empty: records only.
    recursive : bool
        Folders with their sub-folders.
    size : {"input", "model"}
        Resolution of the results.
    confidence, sky : bool
        Further arrays of ``npz`` and ``exr``.
    overwrite : bool
        Do everything again.
    process_res, resize_method, focal_px, hfov_deg
        As for `Model.predict`.
    colormap : str
        Colours of ``vis`` and ``side``.
    vis_range : (float, float), optional
        Depth shown nearest and farthest; None: of each picture's own.
    batch : int or "auto"
        Photos per forward; ``"auto"`` measures memory and throughput.
    memory_fraction : float
        Share of the memory free now that ``"auto"`` may fill.
    decode_threads : int
        Threads that decode, render and write; 0: from the machine.
    shard : (int, int), optional
        ``(i, n)``: only the inputs whose results' name hashes to i of n, i from 1.
    limit : int, optional
        At most so many inputs.
    max_pixels : int, optional
        Larger pictures are refused; None: 2^28.
    allow_synthetic : bool
        Run a model whose weights are synthetic.
    progress : bool or callable
        True: a line on standard error; a callable gets a `Progress` about ten times a second, from another thread.

    Returns
    -------
    FolderRun
        An iterator of `ImageResult`, in the order of completion. Nothing runs before its first `next` or `wait`.

    Raises
    ------
    Error
        While iterating: what ends a whole run (options, model, output folder in use, disk full).
    """
    options = _core.RunOptions()
    options.formats = "none" if not formats else ",".join([formats] if isinstance(formats, str) else map(str, formats))
    options.recursive = bool(recursive)
    options.at_model_size = at_model_size(size)
    options.confidence = bool(confidence)
    options.sky = bool(sky)
    options.overwrite = bool(overwrite)
    options.process_res = whole("process_res", process_res)
    options.resize_method = text(resize_method)
    options.focal_px = positive("focal_px", focal_px)
    options.hfov_deg = positive("hfov_deg", hfov_deg)
    options.colormap = str(colormap)
    options.vis_range = depth_range(vis_range)
    options.batch = batch_of(batch)
    options.memory_fraction = positive("memory_fraction", memory_fraction)
    options.decode_threads = whole("decode_threads", decode_threads, least=0)
    options.shard = _shard_of(shard)
    options.limit = whole("limit", limit, most=2**64 - 1)
    options.max_pixels = whole("max_pixels", max_pixels, most=2**64 - 1)
    options.allow_synthetic = bool(allow_synthetic)
    one = isinstance(inputs, (str, bytes, os.PathLike))
    paths = [os.fsencode(path) for path in ([inputs] if one else inputs)]  # type: ignore[list-item,union-attr]
    folder = os.fsencode(output)
    line = _Line() if progress is True else None

    def begin(work: _Work) -> tuple[Any, ...]:
        loaded = model if isinstance(model, Model) else load(model, device, precision, attention, threads)

        def on_image(path: str, status: int, code: str | None, message: str, record: str, warnings: list[str]) -> bool:
            error = None if code is None else error_of(code, message)
            return work.put(ImageResult(path, _STATUS[status], error, json.loads(record), warnings))

        def on_progress(
            done: int, failed: int, skipped: int, found: int, total_known: bool, images_per_s: float, remaining_s: float
        ) -> bool:
            work.progress = Progress(
                done,
                failed,
                skipped,
                found if total_known else None,
                images_per_s,
                remaining_s if remaining_s >= 0 else None,
            )
            if line is not None:
                line.show(work.progress)
            elif callable(progress):
                progress(work.progress)
            return work.stopping

        def on_note(is_warning: bool, text: str) -> bool:
            if is_warning:
                python_warnings.warn(text, RuntimeWarning, stacklevel=2)
            return work.stopping

        summary = _core.run(loaded._native, paths, folder, options, on_image, on_progress, on_note)
        if line is not None:
            line.finish(summary)
        return summary

    return FolderRun(begin, os.path.abspath(os.fsdecode(output)), options.shard)
