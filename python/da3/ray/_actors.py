# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Workers as Ray's actors: one that has another da3 than the driver says so, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ray

import da3
from da3 import _build

if TYPE_CHECKING:
    from da3.ray._blocks import Block, Row
    from da3.ray._worker import Report

# The same on every node, else the bytes differ.
BUILD = {"da3": _build.VERSION, "LibTorch": _build.LIBTORCH}


def actor_class(resources: dict[str, float]) -> Any:
    """The class of the actors, which is sent to nodes as it is here, and uses no da3 that it has not looked at."""

    class Actor:
        def begin(self, build: dict[str, str], make_worker: bytes) -> dict[str, Any]:
            """What `Worker.run` says, or ``node`` and ``problem``."""
            # Not in the constructor, whose exceptions Ray hands on as text.
            import pickle

            from ray.util import get_node_ip_address

            node = get_node_ip_address()
            try:
                import da3
                from da3 import _build
            except ImportError as problem:
                return {"node": node, "problem": f"da3 cannot be imported ({problem})"}
            found = {"da3": _build.VERSION, "LibTorch": _build.LIBTORCH}
            if found != build:
                named = [", ".join(f"{name} {version}" for name, version in each.items()) for each in (found, build)]
                return {"node": node, "problem": f"expected {named[1]}, as the driver has, found {named[0]}"}
            try:
                self._worker = pickle.loads(make_worker)()
            except da3.Error as problem:
                raise type(problem)(f"{problem} (on node {node})", problem.code) from None
            return self._worker.run()

        def process(self, block: Block, overwrite: bool, ended: dict[str, Row] | None) -> Report:
            return self._worker.process(block, overwrite, ended)

        def attempt(self, block: Block, overwrite: bool) -> Report:
            return self._worker.attempt(block, overwrite)

    # Records of every task, for Ray's dashboard, would grow with their number.
    return ray.remote(Actor).options(max_restarts=0, max_task_retries=0, enable_task_events=False, **resources)


def work_of(begun: dict[str, Any]) -> dict[str, Any]:
    """What a worker has begun with. Raises DeviceError if its node has another da3."""
    if "problem" in begun:
        raise da3.DeviceError(
            f"node {begun['node']}: {begun['problem']}; install the same da3 on every node", "device.unavailable"
        )
    return begun


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
