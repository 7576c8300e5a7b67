# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""da3.ray under faults of nodes, workers, stores and drivers: every result once, with the bytes of one machine."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ray = pytest.importorskip("ray")

import da3  # noqa: E402
from da3.ray import _blocks, _inputs, _photos, _places, _worker  # noqa: E402
from da3.ray._job import DEATHS, Pool, _of_memory  # noqa: E402
from ray_cluster import (  # noqa: E402
    FAULTS,
    Cluster,
    Faults,
    Program,
    check,
    command,
    count_files,
    manifest_rows,
    of_one_machine,
    parents_of_clients,
    results,
    run,
    wait_until,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Ray's test cluster")
# Workers of other processes get what is defined in here as it is.
ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])


def working_actors() -> list[int]:
    listed = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
    return [int(line.split()[0]) for line in listed.splitlines() if "ray::Actor.process" in line]


def test_a_killed_worker_costs_its_running_blocks_alone(
    cluster: Cluster, folder: tuple[Path, int], expected: dict[str, str], tmp_path: Path
) -> None:
    with subprocess.Popen(
        command(folder[0], tmp_path, address=cluster.address), stderr=subprocess.PIPE, text=True
    ) as process:
        wait_until(lambda: count_files(tmp_path) > 20, "20 results")
        # One that works on a block: others may not have loaded their model yet.
        actors: list[int] = []
        wait_until(lambda: bool(actors.extend(working_actors()) or actors), "a worker at work")
        os.kill(actors[0], signal.SIGKILL)
        _, told = process.communicate(timeout=500)
    assert process.returncode == 1, told
    assert "workers died" in told
    check(_places.Place.of(str(tmp_path)), expected, folder[1])
    assert not (tmp_path / _places.STAGING).exists()


def test_a_killed_driver_leaves_what_is_done_and_the_same_command_goes_on(
    cluster: Cluster, folder: tuple[Path, int], expected: dict[str, str], tmp_path: Path
) -> None:
    process = subprocess.Popen(command(folder[0], tmp_path, address=cluster.address), stderr=subprocess.DEVNULL)
    wait_until(lambda: sum(1 for _ in tmp_path.rglob("*.parquet")) >= 3, "three manifests")
    process.kill()
    process.wait()
    ended = run(folder[0], tmp_path, address=cluster.address)
    assert ended.returncode == 1
    done, before = (int(ended.stderr.split(f" {word}")[0].split()[-1]) for word in ("images done", "done before"))
    assert before > 0 and done + before == len(expected), ended.stderr
    check(_places.Place.of(str(tmp_path)), expected, folder[1])


def test_a_killed_node_costs_its_running_blocks_alone(
    cluster: Cluster, folder: tuple[Path, int], expected: dict[str, str], tmp_path: Path
) -> None:
    with subprocess.Popen(
        command(folder[0], tmp_path, address=cluster.address), stderr=subprocess.PIPE, text=True
    ) as process:
        wait_until(lambda: count_files(tmp_path) > 20, "20 results")
        cluster.kill_node()
        _, told = process.communicate(timeout=500)
    assert process.returncode == 1, told
    check(_places.Place.of(str(tmp_path)), expected, folder[1])
    assert not (tmp_path / _places.STAGING).exists()


def test_a_store_that_fails_for_a_while_changes_nothing(
    cluster: Cluster, store: tuple[str, Faults], folder: tuple[Path, int], expected: dict[str, str]
) -> None:
    query, front = store
    front.failing = 0.2
    try:
        ended = run(f"s3://photos/in{query}", f"s3://depth/out{query}", address=cluster.address)
    finally:
        front.failing = 0.0
    assert ended.returncode == 1, ended.stderr
    assert min(front.failed[kind] for kind in FAULTS) > 3, front.failed
    check(_places.Place.of(f"s3://depth/out{query}"), expected, folder[1])
    ended = run(f"s3://photos/in{query}", f"s3://depth/out{query}", address=cluster.address)
    assert f"0 images done, {len(expected)} done before" in ended.stderr, ended.stderr


def test_of_a_killed_node_one_block_a_worker_is_done_again(
    cluster: Cluster, store: tuple[str, Faults], folder: tuple[Path, int], expected: dict[str, str]
) -> None:
    query, front = store
    source, place = f"s3://photos/in{query}", _places.Place.of(f"s3://depth/node{query}")
    front.puts.clear()
    arguments = command(source, f"s3://depth/node{query}", address=cluster.address)
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as process:
        wait_until(lambda: sum(front.puts.values()) > 20, "20 objects")
        cluster.kill_node(lambda raylet: raylet in parents_of_clients(front.server_address[1]))
        _, told = process.communicate(timeout=500)
    assert process.returncode == 1, told
    check(place, expected, folder[1])
    died, repeated = (int(told.split(f" {words}")[0].split()[-1]) for words in ("workers died", "blocks were given"))
    assert died >= 1, told
    twice = {path.removeprefix("/depth/node/") for path, count in front.puts.items() if count > 1}
    blocks = [
        {f"{entry.name}.png" for entry in block.entries} for block in _blocks.blocks(_inputs.inputs(source)[1], 8)
    ]
    again = [block for block in blocks if block & twice]
    assert len(again) <= died + repeated, told
    assert twice <= set().union(*again), "only results are put twice, no manifest"


def test_a_store_that_does_not_know_us_is_an_error_in_one_line(cluster: Cluster, store: tuple[str, Faults]) -> None:
    query, _ = store
    for source, out, code in (
        (f"s3://nobodys/in{query}", f"s3://depth/x{query}", 2),
        (f"s3://photos/in{query}", f"s3://nobodys/x{query}", 6),
    ):
        ended = run(source, out, address=cluster.address)
        assert ended.returncode == code and len(ended.stderr.strip().splitlines()) == 1, ended.stderr


def test_what_was_done_with_other_options_never_passes_for_done(
    cluster: Cluster, folder: tuple[Path, int], expected: dict[str, str], program: Program, tmp_path: Path
) -> None:
    photos, out = folder[0], tmp_path / "out"
    small = of_one_machine(photos, tmp_path / "small", program, "--size", "model")
    assert small.keys() == expected.keys() and not set(small.values()) & set(expected.values())
    assert run(photos, out, address=cluster.address).returncode == 1
    refused = run(photos, out, "--size", "model", address=cluster.address)
    assert refused.returncode == 2 and "size was input, now model" in refused.stderr

    # An --overwrite that is killed on its way leaves results of both; the command without it ends with its own alone.
    arguments = command(photos, out, "--size", "model", "--overwrite", address=cluster.address)
    process = subprocess.Popen(arguments, stderr=subprocess.DEVNULL)
    place = _places.Place.of(str(out))

    def has_new_results() -> bool:
        with contextlib.suppress(FileNotFoundError):  # The old manifests go meanwhile.
            return any(results(place).get(name) == what for name, what in small.items())
        return False

    wait_until(has_new_results, "a result of the new")
    process.kill()
    process.wait()
    assert run(photos, out, "--size", "model", address=cluster.address).returncode == 1
    check(place, small, folder[1])


class Pretended:
    """In a network's place: the bytes of a file are its result."""

    batch = 1
    spec = {"name": "pretended", "weights": {"sha256": "0"}}  # noqa: RUF012

    def decode(self, data: bytes) -> Any:
        return data

    def predict(self, photos: list[Any]) -> list[Any]:
        return photos

    def outcome(self, photo: Any, found: Any) -> _photos.Outcome:
        return _photos.Outcome(files={"png16": photo})


class Deadly(Pretended):
    """One kind of photo takes the process along, as the system does when memory runs out."""

    def predict(self, photos: list[Any]) -> list[Any]:
        if any(photo == b"deadly" for photo in photos):
            os.kill(os.getpid(), signal.SIGKILL)
        return photos


@pytest.fixture
def joined(cluster: Cluster) -> Iterator[None]:
    ray.init(address=cluster.address, log_to_driver=False)
    yield
    ray.shutdown()


def pool_run(make: Callable[[], Any], blocks: list[_blocks.Block], workers: int) -> tuple[Any, list[Any]]:
    """Totals of a job, and what failed."""
    pool = Pool(make, workers, {"num_cpus": 1})
    failed: list[Any] = []
    try:
        pool.start()
        return pool.run(blocks, False, lambda report, _: failed.extend(report.failed)), failed
    finally:
        pool.close()


def test_a_photo_that_kills_workers_fails_and_its_block_is_done(joined: None, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(20):
        (photos / f"{number:02d}.jpg").write_bytes(b"deadly" if number == 3 else b"photo %d" % number)
    inputs, entries = _inputs.inputs(str(photos))
    blocks = list(_blocks.blocks(entries, 5))
    output = _places.Place.of(str(tmp_path / "out"))

    def make() -> Any:
        return _worker.Worker(_photos.Work(), inputs, output, Deadly())

    for done_before in (0, 19):
        totals, failed = pool_run(make, blocks, 2)
        assert (totals.done + totals.skipped, totals.skipped, totals.failed) == (19, done_before, 1)
        ((name, code, message),) = failed
        assert (name, code) == ("03.jpg", "internal") and f"took {DEATHS} workers along" in message
        assert totals.deaths == 2 * DEATHS
        rows = {row["name"]: row["code"] for row in manifest_rows(output)}
        assert len(rows) == 20 and [each for each in rows.items() if each[1]] == [("03.jpg", "internal")]
    files = {file.name: file.read_bytes() for file in (tmp_path / "out").glob("*.png")}
    assert files == {f"{number:02d}.jpg.png": b"photo %d" % number for number in range(20) if number != 3}


def test_a_worker_that_ray_ends_for_memory_is_named_so() -> None:
    assert _of_memory(ray.exceptions.OutOfMemoryError("task"))
    killed = "The actor died.\nTask was killed due to the node running low on memory."
    assert _of_memory(ray.exceptions.RayError(killed))
    assert not _of_memory(ray.exceptions.RayError("killed by SIGKILL by OOM killer due to high memory usage, or gone"))


def test_a_slow_workers_block_is_given_to_an_idle_one_and_counts_once(joined: None, tmp_path: Path) -> None:
    blocks = [_blocks.Block(str(number), (_places.Entry(f"{number}.jpg", ""),)) for number in range(12)]
    first = tmp_path / "first"

    class Uneven:
        def run(self) -> dict[str, Any]:
            return {"model": "none", "sha256": "0"}

        def process(self, block: _blocks.Block, overwrite: bool, ended: Any) -> _worker.Report:
            if block.key == "7" and not first.exists():
                first.touch()
                time.sleep(3600)
            return _worker.Report(done=1)

    totals, failed = pool_run(Uneven, blocks, 2)
    # The block that hangs, and the one that waits behind it.
    assert (totals.done, totals.deaths, failed) == (12, 0, [])
    assert 1 <= totals.repeated <= 2


@pytest.fixture
def slow_photos(store: tuple[str, Faults]) -> Iterator[str]:
    """Photos that take so long to be got that every worker has begun before the last of them."""
    query, front = store
    front.delay_s = 0.3
    yield f"s3://photos/in{query}"
    front.delay_s = 0.0


def test_a_node_with_another_da3_ends_the_job_and_is_named(cluster: Cluster, slow_photos: str, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(Path(da3.__file__).parent, other / "da3")
    facts = other / "da3" / "_build.py"
    content = facts.read_text()
    facts.unlink()
    facts.write_text(content.replace(da3.__version__, "0.0.7"))
    with cluster.odd_node(PYTHONPATH=str(other)):
        ended = run(slow_photos, tmp_path / "out", "--workers", 4, address=cluster.address)
    assert ended.returncode == 4, ended.stderr
    last = ended.stderr.strip().splitlines()[-1]
    assert "found da3 0.0.7" in last and f"expected da3 {da3.__version__}" in last and "node " in last


@pytest.mark.parametrize("there", [None, "share/da3/models/starter/fastdepth.pt"])
def test_a_node_without_the_model_or_with_another_ends_the_job(
    there: str | None, cluster: Cluster, program: Program, slow_photos: str, tmp_path: Path
) -> None:
    here, odd = Path(os.environ["DA3_HOME"]) / "models", tmp_path / "home" / "models"
    for folder in (here, odd):
        folder.mkdir(parents=True, exist_ok=True)
    file = here / "everywhere.pt"
    program("model", "export", Path(__file__).parents[1] / "data/golden/tiny", "-o", file)
    if there is not None:
        shutil.copyfile(da3.prefix() / there, odd / "everywhere.pt")
    arguments = (slow_photos, tmp_path / "out", "-m", "everywhere", "--allow-synthetic", "--workers", 4)
    with cluster.odd_node(DA3_HOME=str(tmp_path / "home")):
        ended = run(*arguments, address=cluster.address)
    file.unlink()
    assert ended.returncode == 3, ended.stderr
    last = ended.stderr.strip().splitlines()[-1]
    assert ("on node " if there is None else "different models") in last, ended.stderr


def test_a_job_whose_output_is_taken_over_stops(
    cluster: Cluster,
    store: tuple[str, Faults],
    folder: tuple[Path, int],
    expected: dict[str, str],
    program: Program,
    tmp_path: Path,
) -> None:
    query, front = store
    out = tmp_path / "out"
    small = of_one_machine(folder[0], tmp_path / "small", program, "--size", "model")
    front.delay_s = 0.3
    try:
        arguments = command(f"s3://photos/in{query}", out, "--workers", 1, address=cluster.address)
        with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as process:
            wait_until(lambda: count_files(out) > 0, "a result")
            options = ("--size", "model", "--workers", 2)
            refused = run(folder[0], out, *options, address=cluster.address)
            assert refused.returncode == 2 and "size was input, now model" in refused.stderr, refused.stderr
            second = run(folder[0], out, *options, "--overwrite", address=cluster.address)
            _, told = process.communicate(timeout=300)
    finally:
        front.delay_s = 0.0
    assert process.returncode == 2 and "taken over" in told, told
    assert second.returncode == 1, second.stderr
    check(_places.Place.of(str(out)), small, folder[1])


def test_a_listing_that_lies_costs_no_result(
    cluster: Cluster, store: tuple[str, Faults], folder: tuple[Path, int], expected: dict[str, str]
) -> None:
    query, front = store
    here = {name.removeprefix("3/"): digest for name, digest in expected.items() if name.startswith("3/")}
    first, second, *_ = sorted(here)
    hidden, doubled = first.removesuffix(".png"), second.removesuffix(".png")

    def lie(content: bytes) -> bytes:
        """One photo is left out, one comes twice, one has another etag, one is not there, one was not asked for."""
        if hidden.encode() not in content or doubled.encode() not in content:
            return content
        each = {re.search(rb"<Key>([^<]*)</Key>", part).group(1): part for part in contents(content)}  # type: ignore[union-attr]
        told = [part for key, part in each.items() if not key.endswith(b"/" + hidden.encode())]
        twice = next(part for part in told if b"/" + doubled.encode() + b"<" in part)
        told.insert(told.index(twice), re.sub(rb"<ETag>[^<]*", b"<ETag>&quot;lie&quot;", twice))
        told.append(twice.replace(doubled.encode(), b"no such.jpg"))
        told.append(twice.replace(b"in/3/" + doubled.encode(), b"elsewhere/x.jpg"))
        return content.replace(b"".join(contents(content)), b"".join(told))

    def contents(content: bytes) -> list[bytes]:
        return re.findall(rb"<Contents>.*?</Contents>", content, re.S)

    source, out = f"s3://photos/in/3{query}", f"s3://depth/lies{query}"
    front.listing = lie
    try:
        ended = run(source, out, address=cluster.address)
    finally:
        front.listing = None
    assert ended.returncode == 1, ended.stderr
    assert "no such.jpg: not found [input.not_found]" in ended.stderr and "elsewhere" not in ended.stderr
    place = _places.Place.of(out)
    assert results(place) == {name: digest for name, digest in here.items() if name != first}
    # The truth is told: what was left out is done, and what had another etag again.
    ended = run(source, out, address=cluster.address)
    assert f"2 images done, {len(here) - 2} done before" in ended.stderr, ended.stderr
    assert results(place) == here


def test_clocks_that_are_wrong_change_nothing(cluster: Cluster, photo: Path, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for name, when in (("future.png", 4_000_000_000), ("past.png", 0), ("before.png", -1_000_000_000)):
        shutil.copyfile(photo, photos / name)
        os.utime(photos / name, (when, when))
    assert run(photos, tmp_path / "out", address=cluster.address).returncode == 0
    ended = run(photos, tmp_path / "out", address=cluster.address)
    assert "0 images done, 3 done before" in ended.stderr, ended.stderr
