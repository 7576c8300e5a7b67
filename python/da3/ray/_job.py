# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""The driver: hands blocks to workers, and hands them on when a worker dies."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import ray
from ray.exceptions import OutOfMemoryError, RayError, RayTaskError
from ray.util import metrics

import da3
from da3.ray import _actors
from da3.ray._blocks import Block
from da3.ray._progress import Totals
from da3.ray._worker import Report, Worker, failure

# So many workers may die before any has loaded its model, for each that is wanted.
STARTS = 5
# The photos of a block that took so many workers along are tried one by one; one that takes as many along has failed.
DEATHS = 2
# A straggler's block is given to an idle worker as well once it takes so many times the usual.
SLOW = 3.0


@dataclass
class _Parts:
    """A block whose photos are tried one by one, because workers died with it."""

    block: Block
    open: int
    report: Report = field(default_factory=Report)


@dataclass
class _Task:
    block: Block
    of: _Parts | None = None
    """Of an attempt at one photo: what it belongs to."""
    ended: _Parts | None = None
    """Of a block whose photos have all been tried."""
    deaths: int = 0
    began: float = 0.0
    copies: int = 0
    finished: bool = False


def _of_memory(problem: Exception) -> bool:
    """Whether Ray killed a worker because its node ran out of memory."""
    return isinstance(problem, OutOfMemoryError) or "low on memory" in str(problem)


def _cause(problem: RayTaskError) -> BaseException:
    """What a worker raised, as it raised it."""
    return problem.cause if isinstance(problem.cause, BaseException) else problem


class _Hand:
    """A worker's actor and what it was given."""

    def __init__(self, actor: Any) -> None:
        self.actor = actor
        self.tasks: dict[Any, _Task] = {}

    def give(self, task: _Task, overwrite: bool) -> None:
        task.began = task.began or time.monotonic()
        task.copies += 1
        if task.of is not None:
            ref = self.actor.attempt.remote(task.block, overwrite)
        else:
            ended = None if task.ended is None else task.ended.report.rows
            ref = self.actor.process.remote(task.block, overwrite, ended)
        self.tasks[ref] = task


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
        self._class = _actors.actor_class(resources)
        self._make = ray.cloudpickle.dumps(make)
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
        self._starting[actor.begin.remote(_actors.BUILD, self._make)] = actor

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
            work = _actors.work_of(work)
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
        if self._unstarted >= STARTS * self._wanted and not self._ready:
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
                    hand.give(task, overwrite)
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
                try:
                    report: Report = ray.get(ref)
                except RayTaskError as problem:
                    raise _cause(problem) from None
                except RayError as problem:
                    totals.deaths += 1
                    self._bury(hand, again, problem)
                    break
                task = hand.tasks.pop(ref)
                if task.finished:
                    continue
                task.finished = True
                if task.of is not None:
                    self._attempted(task.of, report, again)
                    continue
                if task.ended is not None:
                    report.done += task.ended.report.done
                    report.skipped += task.ended.report.skipped
                else:
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
        if idle.tasks or usual == 0:
            return None
        # Of a worker that hangs, after its running block the next one, too.
        first = [next((task for task in hand.tasks.values() if not task.finished), None) for hand in self._ready]
        late = [
            task
            for task in first
            if task is not None and task.copies == 1 and time.monotonic() - task.began > SLOW * usual + 5
        ]
        return min(late, key=lambda task: task.began, default=None)

    def _bury(self, hand: _Hand, again: deque[_Task], problem: Exception) -> None:
        """Hands a dead worker's blocks on and starts another one."""
        tasks = list(hand.tasks.values())
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
            if task.deaths < DEATHS:
                again.append(task)
            elif task.of is None:
                parts = _Parts(task.block, len(task.block.entries))
                again.extend(_Task(Block(task.block.key, (entry,)), of=parts) for entry in task.block.entries)
            else:
                task.finished = True
                (entry,) = task.block.entries
                text = f"took {DEATHS} workers along ({str(problem).splitlines()[0]}); try it with da3 infer"
                row = failure(entry, "memory.exhausted" if _of_memory(problem) else "internal", text)
                self._attempted(task.of, Report(rows={entry.name: row}), again)

    @staticmethod
    def _attempted(parts: _Parts, report: Report, again: deque[_Task]) -> None:
        """Notes the end of a photo that was tried alone; after the last one the block's manifest is asked for."""
        parts.report.rows.update(report.rows)
        parts.report.done += report.done
        parts.report.skipped += report.skipped
        parts.open -= 1
        if parts.open == 0:
            again.append(_Task(parts.block, ended=parts))

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
