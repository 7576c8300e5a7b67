# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""da3.ray on a real Ray: the bytes of the program, resuming, failures, faults of nodes, workers, stores and drivers."""

from __future__ import annotations

import collections
import contextlib
import hashlib
import http.server
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ray = pytest.importorskip("ray")
pytest.importorskip("pyarrow")
Image = pytest.importorskip("PIL.Image")

import da3  # noqa: E402
import da3.ray  # noqa: E402
from da3.ray import _blocks, _places  # noqa: E402

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Ray's test cluster")
Program = Callable[..., subprocess.CompletedProcess[str]]
PHOTOS = int(os.environ.get("DA3_RAY_PHOTOS", "240"))


def make_photos(folder: Path, count: int, source: Path) -> int:
    """Small photos of 20 shapes, about 1 % of them cut short; how many are."""
    rng = random.Random(1)
    shapes = [(rng.randrange(40, 160), rng.randrange(40, 160)) for _ in range(20)]
    pixels = da3.read(source).pixels
    broken = 0
    for number in range(count):
        height, width = shapes[number % len(shapes)]
        y, x = rng.randrange(pixels.shape[0] - height), rng.randrange(pixels.shape[1] - width)
        file = folder / str(number % 7) / f"{number:05d}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels[y : y + height, x : x + width]).save(file, quality=90)
        if number % 100 == 7:
            broken += 1
            file.write_bytes(file.read_bytes()[:300])
    return broken


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, photos: list[Path]) -> tuple[Path, int]:
    where = tmp_path_factory.mktemp("photos")
    return where, make_photos(where, PHOTOS, photos[2])


def of_one_machine(photos: Path, out: Path, program: Program, *options: object) -> dict[str, str]:
    """What one machine writes: hashes by the names that da3.ray gives."""
    with contextlib.suppress(subprocess.CalledProcessError):  # exit code 1: some are broken
        # fmt: off
        program("infer", photos, "-r", "-o", out, "-f", "png16", "--batch", 1, "--threads", 1, "--device", "cpu",
                *options)
        # fmt: on
    return {
        str(file.relative_to(out).with_suffix(".jpg.png")): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in out.rglob("*.png")
    }


@pytest.fixture(scope="module")
def expected(folder: tuple[Path, int], program: Program, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    found = of_one_machine(folder[0], tmp_path_factory.mktemp("expected"), program)
    assert len(found) == PHOTOS - folder[1]
    return found


def results(place: _places.Place) -> dict[str, str]:
    """Hashes of all results of an output, and nothing else lies there."""
    found: dict[str, str] = {}
    selector = _places.arrow.FileSelector(place.root, recursive=True)
    for info in place.filesystem.get_file_info(selector):
        name = info.path[len(place.root) :].lstrip("/")
        if info.type != _places.arrow.FileType.File or name.startswith(".da3/"):
            continue
        found[name] = hashlib.sha256(place.read(name)).hexdigest()
    return found


def manifest_rows(place: _places.Place) -> list[dict[str, Any]]:
    import pyarrow.parquet as parquet

    rows: list[dict[str, Any]] = []
    for info in place.filesystem.get_file_info(_places.arrow.FileSelector(f"{place.root}/.da3/blocks", recursive=True)):
        if info.path.endswith(".parquet"):
            rows += parquet.read_table(info.path, filesystem=place.filesystem).to_pylist()
    return rows


def check(place: _places.Place, expected: dict[str, str], broken: int) -> None:
    """Every result once with the bytes of one machine; every failure named; nothing left over."""
    assert results(place) == expected
    rows = manifest_rows(place)
    assert len({row["name"] for row in rows}) == len(rows) == len(expected) + broken
    failed = [row for row in rows if row["status"] == "failed"]
    assert len(failed) == broken and {row["code"] for row in failed} <= {"image.truncated"}


class Cluster:
    """Nodes of a real Ray cluster on this machine, with pretended CPUs; the head has none, so that workers are on the
    others."""

    def __init__(self, nodes: int) -> None:
        from ray.cluster_utils import Cluster as RayCluster

        self._cluster = RayCluster(initialize_head=True, head_node_args={"num_cpus": 0})
        self.nodes = [self._cluster.add_node(num_cpus=1) for _ in range(nodes)]
        self._cluster.wait_for_nodes()
        self.address = self._cluster.address

    def kill_node(self, among: Callable[[int], bool] = lambda _: True) -> None:
        """SIGKILL to the first raylet (its process number is given) that is among those wanted; its workers die with
        it. Another node comes in its place."""
        for number, node in enumerate(self.nodes):
            raylet = node.all_processes["raylet"][0].process.pid
            if among(raylet):
                os.kill(raylet, signal.SIGKILL)
                self.nodes[number] = self._cluster.add_node(num_cpus=1)
                return
        raise AssertionError("no such node")

    def close(self) -> None:
        self._cluster.shutdown()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    # The store's credentials: workers have the environment of their node.
    os.environ.update(
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",
        AWS_DEFAULT_REGION="us-east-1",
        AWS_EC2_METADATA_DISABLED="true",
    )
    made = Cluster(3)
    yield made
    made.close()


def command(*args: object, address: str) -> list[str]:
    return [sys.executable, "-m", "da3.ray", *map(str, args), "--address", address, "--device", "cpu", "--block", "8"]


def run(*args: object, address: str, timeout: float = 540) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*args, address=address), capture_output=True, text=True, timeout=timeout, check=False)


def wait_until(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 240
    while not condition():
        assert time.monotonic() < end, f"never seen: {what}"
        time.sleep(0.05)


def parents_of_clients(port: int) -> set[int]:
    """Parents of the processes that are connected to a port of this machine."""
    inodes = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[2].split(":")[1], 16) == port and fields[3] == "01":
            inodes.add(f"socket:[{fields[9]}]")
    parents = set()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if inodes & {os.readlink(each) for each in (process / "fd").iterdir()}:
                parents.add(int((process / "stat").read_text().rpartition(")")[2].split()[1]))
    return parents


def count_files(folder: Path) -> int:
    return sum(1 for _ in folder.rglob("*.png"))


def test_bytes_of_one_machine_then_only_what_is_missing(
    cluster: Cluster, folder: tuple[Path, int], expected: dict[str, str], tmp_path: Path
) -> None:
    photos, broken = folder
    ended = run(photos, tmp_path, address=cluster.address)
    assert ended.returncode == 1, ended.stderr
    assert ended.stderr.count("[image.truncated]") == broken
    check(_places.Place.of(str(tmp_path)), expected, broken)

    # The same again does nothing; a result that changed its photo is done again, and nothing else.
    before = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.png")}
    ended = run(photos, tmp_path, address=cluster.address)
    assert f"0 images done, {len(expected)} done before, {broken} failed" in ended.stderr, ended.stderr
    changed = photos / "1" / "00001.jpg"
    content = changed.read_bytes()
    try:
        changed.write_bytes((photos / "2" / "00002.jpg").read_bytes())
        (photos / "1" / "new.jpg").write_bytes(content)
        ended = run(photos, tmp_path, address=cluster.address)
        assert f"2 images done, {len(expected) - 1} done before" in ended.stderr, ended.stderr
        touched = {str(file.relative_to(tmp_path)) for file, when in before.items() if file.stat().st_mtime_ns != when}
        assert touched == {"1/00001.jpg.png"}
        assert results(_places.Place.of(str(tmp_path)))["1/new.jpg.png"] == expected["1/00001.jpg.png"]
    finally:
        changed.write_bytes(content)
        (photos / "1" / "new.jpg").unlink()

    # Other options are refused, with the way out.
    ended = run(photos, tmp_path, "-f", "exr", address=cluster.address)
    assert ended.returncode == 2 and "formats was ['png16'], now ['exr']" in ended.stderr
    assert "--overwrite" in ended.stderr


def test_usage_errors_have_the_exit_codes_of_the_program(cluster: Cluster, tmp_path: Path, photo: Path) -> None:
    (tmp_path / "empty").mkdir()
    for arguments, code in (
        ((tmp_path / "no", tmp_path / "out"), 2),
        ((tmp_path / "empty", tmp_path / "out"), 2),
        ((photo, tmp_path / "out", "-f", "gif"), 2),
        ((photo, tmp_path / "out", "--workers", "many"), 2),
        ((photo, tmp_path / "out", "-m", "no-such-model"), 3),
        ((photo, tmp_path / "out", "-m", tmp_path / "no.pt"), 3),
        ((photo, tmp_path / "out", "--precision", "fp16"), 4),
        ((photo, tmp_path / "out", "--resize-method", "stretch"), 2),
        ((photo, tmp_path / "out", "-f", "vis", "--colormap", "mud"), 2),
        ((photo, tmp_path / "out", "-f", "vis", "--range", "3,2"), 2),
        ((photo.parent, photo.parent), 2),
        ((photo, "/proc/out"), 6),
    ):
        ended = run(*arguments, address=cluster.address)
        assert ended.returncode == code, (arguments, ended.stderr)
        assert len(ended.stderr.strip().splitlines()) == 1, ended.stderr
    assert not (tmp_path / "out").exists()


def test_what_ails_one_name_fails_that_photo_alone(cluster: Cluster, photo: Path, tmp_path: Path) -> None:
    photos, out = tmp_path / "photos", tmp_path / "photos" / "depth"
    (photos / "sub").mkdir(parents=True)
    for name in ("a.jpg", "in the way.jpg", "n" * 251 + ".jpg", "sub/b.jpg"):
        (photos / name).write_bytes(photo.read_bytes())
    (out / "in the way.jpg.png").mkdir(parents=True)
    (out / "sub").write_text("a file")
    # The output is below the input, and its results are no inputs: neither its own nor those of another run.
    other = photos / "other"
    assert run(photos / "a.jpg", other, address=cluster.address).returncode == 0
    for _ in range(2):
        ended = run(photos, out, address=cluster.address)
        assert ended.returncode == 1, ended.stderr
        assert (ended.stderr.count("[output.exists]"), ended.stderr.count("[output.name]")) == (2, 1), ended.stderr
        assert "3 failed" in ended.stderr and "Traceback" not in ended.stderr, ended.stderr
    rows = {row["name"]: row["code"] for row in manifest_rows(_places.Place.of(str(out)))}
    assert rows == {
        "a.jpg": None,
        "in the way.jpg": "output.exists",
        "n" * 251 + ".jpg": "output.name",
        "sub/b.jpg": "output.exists",
    }
    assert (out / "a.jpg.png").exists()


def test_a_killed_worker_costs_its_running_blocks_alone(
    cluster: Cluster, folder: tuple[Path, int], expected: dict[str, str], tmp_path: Path
) -> None:
    with subprocess.Popen(
        command(folder[0], tmp_path, address=cluster.address), stderr=subprocess.PIPE, text=True
    ) as process:
        wait_until(lambda: count_files(tmp_path) > 20, "20 results")
        listed = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
        actors = [int(line.split()[0]) for line in listed.splitlines() if "ray::Actor" in line or "ray::Pool" in line]
        assert actors, listed
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
    wait_until(lambda: any(results(place).get(name) == what for name, what in small.items()), "a result of the new")
    process.kill()
    process.wait()
    assert run(photos, out, "--size", "model", address=cluster.address).returncode == 1
    check(place, small, folder[1])


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


def test_map_is_a_stage_of_ray_data(
    cluster: Cluster, folder: tuple[Path, int], expected: dict[str, str], photo: Path, model: da3.Model
) -> None:
    ray.init(address=cluster.address, log_to_driver=False, ignore_reinit_error=True)
    try:
        names = sorted(str(file.relative_to(folder[0])) for file in (folder[0] / "0").iterdir())[:20]
        rows = [{"name": name, "bytes": (folder[0] / name).read_bytes()} for name in names]
        encoded = da3.ray.map(ray.data.from_items(rows), formats=["png16"], num_cpus=1, device="cpu", rows=4).take_all()
        assert sorted(row["name"] for row in encoded) == names
        for row in encoded:
            if row["error"] is None:
                assert hashlib.sha256(row["png16"]).hexdigest() == expected[row["name"] + ".png"]
            else:
                assert json.loads(row["error"])["code"] == "image.truncated"
                assert row["name"] + ".png" not in expected
        depth = da3.ray.map(ray.data.from_items(rows[2:5]), num_cpus=1, device="cpu").take_all()
        single = da3.load(device="cpu", threads=1)
        for row in depth:
            assert np.array_equal(row["depth"], single.predict(folder[0] / row["name"]).depth)
        with pytest.raises(da3.UsageError):
            da3.ray.map(ray.data.from_items(rows), formats=["gif"])
    finally:
        ray.shutdown()


class Faults(http.server.ThreadingHTTPServer):
    """A store's front that answers 503 and cuts connections while `failing`, and hands everything else on."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        self.failing = 0.0
        self.failed = 0
        self.puts: collections.Counter[str] = collections.Counter()
        self.target = port

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def read_body(self) -> bytes:
                if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                    return self.rfile.read(int(self.headers.get("Content-Length") or 0))
                body = b""
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            def do_any(self) -> None:
                front: Faults = self.server  # type: ignore[assignment]
                body = self.read_body()
                chance = random.random()
                if chance < front.failing / 2:
                    front.failed += 1
                    self.send_response(503)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                if chance < front.failing:
                    front.failed += 1
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                request = urllib.request.Request(
                    f"http://127.0.0.1:{front.target}{self.path}", data=body or None, method=self.command
                )
                for name, value in self.headers.items():
                    if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                        request.add_header(name, value)
                if self.command in ("PUT", "POST") and not body:
                    request.data = b""
                try:
                    answer = urllib.request.urlopen(request, timeout=60)
                except urllib.error.HTTPError as problem:
                    answer = problem
                content = answer.read()
                if self.command == "PUT" and answer.status == 200:
                    front.puts[self.path.split("?")[0]] += 1
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    if name.lower() not in ("transfer-encoding", "connection", "content-length", "date", "server"):
                        self.send_header(name, value)
                length = answer.headers.get("Content-Length") if self.command == "HEAD" else str(len(content))
                self.send_header("Content-Length", length or "0")
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_any  # noqa: N815

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def store(folder: tuple[Path, int]) -> Iterator[tuple[str, Faults]]:
    """A bucket with the photos behind a front with faults; the query of its URLs."""
    moto = pytest.importorskip("moto.server")
    boto3 = pytest.importorskip("boto3")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}")
    client.create_bucket(Bucket="photos")
    client.create_bucket(Bucket="depth")
    for file in folder[0].rglob("*.jpg"):
        client.upload_file(str(file), "photos", f"in/{file.relative_to(folder[0])}")
    front = Faults(int(port))
    yield f"?endpoint_override=127.0.0.1:{front.server_address[1]}&scheme=http&region=us-east-1", front
    front.shutdown()
    server.stop()


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
    assert front.failed > 50
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
        {f"{entry.name}.png" for entry in block.entries} for block in _blocks.blocks(_places.inputs(source)[1], 8)
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


def test_a_model_is_fetched_from_a_url_and_verified(
    cluster: Cluster, store: tuple[str, Faults], photo: Path, tmp_path: Path
) -> None:
    import boto3

    query, front = store
    client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{front.target}")
    starter = da3.prefix() / "share/da3/models/starter/fastdepth.pt"
    client.upload_file(str(starter), "photos", "models/good.pt")
    damaged = bytearray(starter.read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    client.put_object(Bucket="photos", Key="models/bad.pt", Body=bytes(damaged))
    ended = run(photo, tmp_path / "good", "-m", f"s3://photos/models/good.pt{query}", address=cluster.address)
    assert ended.returncode == 0, ended.stderr
    for name in ("bad", "no"):
        ended = run(photo, tmp_path / name, "-m", f"s3://photos/models/{name}.pt{query}", address=cluster.address)
        assert ended.returncode == 3, ended.stderr
        assert f"models/{name}.pt" in ended.stderr and len(ended.stderr.strip().splitlines()) == 1, ended.stderr


def test_lists_and_globs_name_inputs(
    cluster: Cluster, folder: tuple[Path, int], expected: dict[str, str], tmp_path: Path
) -> None:
    names = [f"{folder[0]}/2/00002.jpg", f"{folder[0]}/3/00003.jpg", f"{folder[0]}/no.jpg"]
    (tmp_path / "list.txt").write_text("\n".join(names) + "\n")
    ended = run(tmp_path / "list.txt", tmp_path / "out", address=cluster.address)
    assert ended.returncode == 1 and "[input.not_found]" in ended.stderr, ended.stderr
    found = sorted(file.name for file in (tmp_path / "out").rglob("*.png"))
    assert found == ["00002.jpg.png", "00003.jpg.png"]
    ended = run(f"{folder[0]}/2/*2.jpg", tmp_path / "globbed", address=cluster.address)
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "globbed" / "00002.jpg.png").exists()


def test_blocks_change_around_a_change_alone() -> None:
    entries = [_places.Entry(f"{i:06d}.jpg", "", "1") for i in range(5000)]
    before = list(_blocks.blocks(entries, 64))
    assert sum(len(block.entries) for block in before) == 5000
    assert max(len(block.entries) for block in before) <= 256
    after = list(_blocks.blocks([*entries[:2000], _places.Entry("002000-new.jpg", "", "1"), *entries[2000:]], 64))
    changed = {block.key for block in after} - {block.key for block in before}
    same = {(block.key, block.entries) for block in before} & {(block.key, block.entries) for block in after}
    assert len(changed) <= 1 and len(same) >= len(before) - 2


def test_a_manifest_that_another_worker_replaces_meanwhile_is_passed_over(tmp_path: Path) -> None:
    place = _places.Place.of(str(tmp_path))
    manifests = _blocks.Manifests(place, {"model": "m"})
    first = _blocks.Block("key", (_places.Entry("a.jpg", "", "1"),))
    both = _blocks.Block("key", (*first.entries, _places.Entry("b.jpg", "", "1")))
    rows = [_blocks.Row(entry.name, entry.identity, "done", None, None, "{}") for entry in both.entries]
    manifests.commit(first, rows[:1], [])
    _, before = manifests.known(first)
    manifests.commit(both, rows, before)

    class Late(_places.Place):
        def names(self, folder: str) -> list[str]:
            return [Path(before[0]).name, *super().names(folder)]

    late = _blocks.Manifests(Late(place.filesystem, place.root), {"model": "m"})
    found, files = late.known(both)
    assert list(found.values()) == rows and len(files) == 1
    assert _blocks.Manifests(place, {"model": "another"}).known(both) == ({}, [])


def test_leftovers_of_killed_writers_are_swept(tmp_path: Path) -> None:
    mine, other, old = (_places.Place(_places.Place.of(".").filesystem, str(tmp_path), job) for job in ("m", "o", "x"))
    for place in (mine, other, old):
        place.put(f"{place.job}.png", b"content")
        (tmp_path / _places.STAGING / place.job / "half").write_bytes(b"con")
    os.utime(tmp_path / _places.STAGING / "x", (1, 1))
    mine.sweep()
    assert [each.name for each in (tmp_path / _places.STAGING).iterdir()] == ["o"]
    other.sweep()
    assert sorted(each.name for each in tmp_path.iterdir()) == [".da3", "m.png", "o.png", "x.png"]
    assert list((tmp_path / ".da3").iterdir()) == []


def test_listing_many_names_holds_few_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tracemalloc

    peaks = []
    # Both far more than what is read of the list at a time.
    monkeypatch.setattr(_places, "PIECE_BYTES", 1 << 14)
    for count in (10_000, 100_000):
        file = tmp_path / f"{count}.txt"
        with open(file, "w", encoding="utf-8") as out:
            out.writelines(f"/photos/{i:09d}.jpg\n" for i in range(count))
        tracemalloc.start()
        _, entries = _places.inputs(str(file))
        assert sum(len(block.entries) for block in _blocks.blocks(entries, 64)) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


def test_puts_are_whole_and_retried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    place = _places.Place.of(str(tmp_path))
    attempts = 0
    real = os.replace

    def failing(*args: Any) -> None:
        nonlocal attempts
        attempts += 1
        if attempts < 4:
            raise ConnectionResetError("cut")
        real(*args)

    monkeypatch.setattr(os, "replace", failing)
    place.put("a/b.png", b"content")
    assert attempts == 4 and place.read("a/b.png") == b"content"
    assert [file.name for file in (tmp_path / "a").iterdir()] == ["b.png"]
    attempts = -1000
    with pytest.raises(OSError, match="given up after"):
        place.put("a/c.png", b"content")
    assert [file.name for file in (tmp_path / "a").iterdir()] == ["b.png"]
