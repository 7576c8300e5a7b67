# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""The driver: hands blocks to workers, and hands them on when a worker dies."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError
from ray.util import metrics

import da3
from da3.ray._blocks import Block
from da3.ray._worker import STAGES, Report, Worker

# A block that took so many workers along is not handed to another one.
DEATHS = 5
# A straggler's block is given to an idle worker as well once it takes so many times the usual.
SLOW = 3.0


@dataclass
class Totals:
    """What a job did. Nothing here grows with the number of inputs."""

    done: int = 0
    skipped: int = 0
    failed: int = 0
    blocks: int = 0
    deaths: int = 0
    repeated: int = 0
    left: int | None = None
    """Photos not ended yet; None until the listing has come to its end."""
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))
    elapsed_s: float = 0.0


@dataclass
class _Task:
    block: Block
    deaths: int = 0
    began: float = 0.0
    copies: int = 0
    finished: bool = False


def _cause(problem: RayTaskError) -> BaseException:
    """What a worker raised, as it raised it."""
    return problem.cause if isinstance(problem.cause, BaseException) else problem


class _Hand:
    """A worker's actor and what it was given."""

    def __init__(self, actor: Any) -> None:
        self.actor = actor
        self.tasks: dict[Any, _Task] = {}


class Pool:
    """Workers of a cluster. A worker whose node or process dies is replaced; the job goes on with those that are left.

    Parameters
    ----------
    make : callable
        Makes a `Worker` in its own process.
    workers : int
        How many are wanted.
    resources : dict
        ``num_cpus`` and ``num_gpus`` of one.
    """

    def __init__(self, make: Callable[[], Worker], workers: int, resources: dict[str, float]) -> None:
        class Actor:
            def begin(self, make_worker: Callable[[], Worker]) -> dict[str, Any]:
                # Not in the constructor, whose exceptions Ray hands on as text.
                self._worker = make_worker()
                return self._worker.run()

            def process(self, block: Block, overwrite: bool) -> Report:
                return self._worker.process(block, overwrite)

        self._class = ray.remote(Actor).options(max_restarts=0, max_task_retries=0, **resources)
        self._make = make
        self._starting: dict[Any, Any] = {}
        self._ready: list[_Hand] = []
        self._wanted = workers
        self._unstarted = 0
        self.work: dict[str, Any] | None = None
        self._images = metrics.Counter("da3_images", "Photos that got their results")
        self._failures = metrics.Counter("da3_failures", "Photos that failed, by code", tag_keys=("code",))
        self._batch = metrics.Histogram("da3_batch_images", "Photos per forward", boundaries=[1, 2, 4, 8, 16, 32, 64])
        self._stage = metrics.Counter("da3_stage_seconds", "Seconds by stage", tag_keys=("stage",))

    def _start(self) -> None:
        actor = self._class.remote()
        self._starting[actor.begin.remote(self._make)] = actor

    def start(self) -> dict[str, Any]:
        """Starts the workers; returns what the first one says of its model and options (`Worker.run`)."""
        for _ in range(self._wanted):
            self._start()
        while self.work is None:
            self._settle(timeout=5.0)
        return self.work

    def wait_for_all(self) -> None:
        """Waits until every worker has loaded its model."""
        while self._starting:
            self._settle(timeout=5.0)

    def _settle(self, timeout: float) -> None:
        """Takes in workers that have started."""
        started, _ = ray.wait(list(self._starting), num_returns=1, timeout=timeout)
        for ref in started:
            actor = self._starting.pop(ref)
            try:
                work: dict[str, Any] = ray.get(ref)
            except RayTaskError as problem:
                raise _cause(problem) from None
            except RayError as problem:
                self._lost(problem)
                self._start()
                continue
            if self.work is None:
                self.work = work
            if work != self.work:
                raise da3.ModelError(
                    f"workers have different models of one name: {work['model']} {work['sha256'][:12]} and "
                    f"{self.work['model']} {self.work['sha256'][:12]}; put the same file on every node",
                    "model.damaged",
                )
            self._unstarted = 0
            self._ready.append(_Hand(actor))

    def _lost(self, problem: RayError) -> None:
        """Counts workers that die before they have loaded their model; no end of them is no reason to go on."""
        self._unstarted += 1
        if self._unstarted >= DEATHS * self._wanted and not self._ready:
            raise da3.DeviceError(
                f"{self._unstarted} workers died before their model was loaded ({str(problem).splitlines()[0]}); "
                "is there memory for one on each node? ray logs says more",
                "device.unavailable",
            )

    def run(self, blocks: Iterable[Block], overwrite: bool, tell: Callable[[Report, Totals], None]) -> Totals:
        """Every block, once as its reader sees it."""
        totals = Totals()
        began = time.monotonic()
        source: Iterator[Block] = iter(blocks)
        again: deque[_Task] = deque()
        usual = 0.0
        exhausted = False
        while True:
            # Two blocks a worker: the next one is there when the first is done.
            for hand in sorted(self._ready, key=lambda each: len(each.tasks)):
                while len(hand.tasks) < 2:
                    task = again.popleft() if again else None
                    while task is not None and task.finished:
                        task = again.popleft() if again else None
                    if task is None and not exhausted:
                        block = next(source, None)
                        exhausted = block is None
                        task = None if block is None else _Task(block)
                    if task is None:
                        task = self._straggler(hand, usual)
                        if task is None:
                            break
                        totals.repeated += 1
                    task.began = task.began or time.monotonic()
                    task.copies += 1
                    hand.tasks[hand.actor.process.remote(task.block, overwrite)] = task
            running = {ref: hand for hand in self._ready for ref in hand.tasks}
            open_tasks = [task for hand in self._ready for task in hand.tasks.values() if not task.finished]
            if exhausted and not again and not open_tasks:
                break
            waiting = list(running) + list(self._starting)
            if not waiting:
                self._start()
                continue
            finished, _ = ray.wait(waiting, num_returns=1, timeout=1.0)
            if any(ref in self._starting for ref in finished):
                self._settle(timeout=0)
            for ref in finished:
                hand = running.get(ref)
                if hand is None or ref not in hand.tasks:
                    continue
                task = hand.tasks.pop(ref)
                try:
                    report: Report = ray.get(ref)
                except RayTaskError as problem:
                    raise _cause(problem) from None
                except RayError as problem:
                    totals.deaths += 1
                    self._bury(hand, [task, *hand.tasks.values()], again, problem)
                    break
                if task.finished:
                    continue
                task.finished = True
                took = time.monotonic() - task.began
                usual = took if usual == 0 else 0.9 * usual + 0.1 * took
                self._count(report, totals)
                totals.elapsed_s = time.monotonic() - began
                if exhausted:
                    rest = {id(each): each for hand in self._ready for each in hand.tasks.values()}
                    rest.update({id(each): each for each in again})
                    totals.left = sum(len(each.block.entries) for each in rest.values() if not each.finished)
                tell(report, totals)
        totals.elapsed_s = time.monotonic() - began
        return totals

    def _straggler(self, idle: _Hand, usual: float) -> _Task | None:
        """The block that takes longest elsewhere, if it takes far longer than usual."""
        now = time.monotonic()
        running = [
            task
            for hand in self._ready
            if hand is not idle and not idle.tasks
            for task in list(hand.tasks.values())[:1]
            if not task.finished and task.copies == 1 and usual > 0 and now - task.began > SLOW * usual + 5
        ]
        return max(running, key=lambda task: now - task.began, default=None)

    def _bury(self, hand: _Hand, tasks: list[_Task], again: deque[_Task], problem: Exception) -> None:
        """Hands a dead worker's blocks on and starts another one."""
        if hand in self._ready:
            self._ready.remove(hand)
            self._end(hand.actor)  # It may only be out of reach.
            self._start()
        hand.tasks.clear()
        for number, task in enumerate(tasks):
            task.copies -= 1
            # Only the first one was running.
            task.deaths += number == 0
            if task.finished or task.copies > 0:
                continue
            if task.deaths >= DEATHS:
                names = ", ".join(entry.name for entry in task.block.entries[:3])
                raise da3.Error(
                    f"the block of {len(task.block.entries)} photos that begins with {names} took {DEATHS} workers "
                    f"along; look at them one by one with da3 infer ({str(problem).splitlines()[0]})",
                    "internal",
                )
            again.append(task)

    def _count(self, report: Report, totals: Totals) -> None:
        totals.blocks += 1
        totals.done += report.done
        totals.skipped += report.skipped
        totals.failed += len(report.failed)
        self._images.inc(report.done) if report.done else None
        for _, code, _ in report.failed:
            self._failures.inc(1, tags={"code": code})
        for batch in report.batches:
            self._batch.observe(batch)
        for stage, seconds in report.seconds.items():
            totals.seconds[stage] += seconds
            if seconds > 0:
                self._stage.inc(seconds, tags={"stage": stage})

    def close(self) -> None:
        """Ends the workers."""
        for actor in [*self._starting.values(), *(hand.actor for hand in self._ready)]:
            self._end(actor)
        self._starting.clear()
        self._ready.clear()

    @staticmethod
    def _end(actor: Any) -> None:
        try:
            ray.kill(actor)
        except RayError:
            pass


def auto_workers(device: str | None, workers: int | str) -> tuple[int, dict[str, float]]:
    """How many workers, and the resources of one: a GPU each where the cluster has some, else a node's cores each."""
    if workers != "auto":
        count = int(workers)
    nodes = [node for node in ray.nodes() if node["Alive"]]
    gpus = sum(node["Resources"].get("GPU", 0) for node in nodes)
    if gpus > 0 and device != "cpu":
        count = int(gpus) if workers == "auto" else count
        return count, {"num_cpus": 1, "num_gpus": 1}
    with_cores = [node["Resources"].get("CPU", 0) for node in nodes if node["Resources"].get("CPU", 0) >= 1]
    if not with_cores:
        raise da3.DeviceError("the cluster has no CPUs for workers; ray status shows what it has", "device.unavailable")
    count = len(with_cores) if workers == "auto" else count
    cores = min(with_cores) if workers == "auto" else max(1, int(sum(with_cores) // count))
    return count, {"num_cpus": int(min(cores, min(with_cores)))}


class Line:
    """Progress on standard error: a line that is rewritten on a terminal, else one every ten seconds."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._terminal = sys.stderr.isatty()
        self._last = 0.0

    def tell(self, report: Report, totals: Totals) -> None:
        for name, code, message in report.failed:
            print(f"da3.ray: {message} [{code}]", file=sys.stderr)
        now = time.monotonic()
        if self._quiet or now - self._last < (0.5 if self._terminal else 10):
            return
        self._last = now
        rate = totals.done / totals.elapsed_s if totals.elapsed_s > 0 else 0
        text = f"da3.ray: {totals.done} done, {totals.skipped} before, {totals.failed} failed, {rate:.3g} images/s"
        if totals.left is not None:
            text += f", {totals.left} left"
        print(text, end="\r" if self._terminal else "\n", file=sys.stderr, flush=True)

    def finish(self, totals: Totals, output: str) -> None:
        if self._quiet:
            return
        rate = totals.done / totals.elapsed_s if totals.elapsed_s > 0 else 0
        print(
            f"da3.ray: {totals.done} images done, {totals.skipped} done before, {totals.failed} failed in "
            f"{totals.elapsed_s:.1f} s ({rate:.3g} images/s), results in {output}",
            file=sys.stderr,
        )
        if totals.deaths or totals.repeated:
            print(f"     {totals.deaths} workers died, {totals.repeated} blocks were given out twice", file=sys.stderr)
