# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""A Ray cluster of this machine, photos for it, and an S3 store with faults: what the tests of da3.ray share."""

from __future__ import annotations

import collections
import contextlib
import hashlib
import http.server
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ray")
pytest.importorskip("pyarrow")
Image = pytest.importorskip("PIL.Image")

import da3  # noqa: E402
from da3.ray import _places  # noqa: E402

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


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
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


def children_of(parent: int) -> list[int]:
    children = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int((process / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                children.append(int(process.name))
    return children


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
        """SIGKILL to the first raylet (its process number is given) that is among those wanted, and to its workers.
        Another node comes in its place."""
        for number, node in enumerate(self.nodes):
            raylet = node.all_processes["raylet"][0].process.pid
            if among(raylet):
                for process in [raylet, *children_of(raylet)]:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(process, signal.SIGKILL)
                self.nodes[number] = self._cluster.add_node(num_cpus=1)
                return
        raise AssertionError("no such node")

    @contextlib.contextmanager
    def odd_node(self, **environment: str) -> Iterator[None]:
        """One more node, whose workers have another environment."""
        node = self._cluster.add_node(num_cpus=1, env_vars=environment)
        try:
            yield
        finally:
            self._cluster.remove_node(node)

    def close(self) -> None:
        self._cluster.shutdown()


@pytest.fixture(scope="session")
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


FAULTS = ("503", "cut", "half", "lost", "slow")
"""An error; the connection cut before the request is done; cut in the middle of the object that is got or put; cut
after the request was done; an answer that comes late."""


class Faults(http.server.ThreadingHTTPServer):
    """A store's front that has faults while `failing`, and hands everything else on."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        self.target = port
        self.failing = 0.0
        """Share of the requests that have a fault, any of `FAULTS`."""
        self.delay_s = 0.0
        """Of every answer."""
        self.listing: Callable[[bytes], bytes] | None = None
        """What the answers to listings of the bucket "photos" become."""
        self.failed: collections.Counter[str] = collections.Counter()
        self.puts: collections.Counter[str] = collections.Counter()
        super().__init__(("127.0.0.1", 0), Front)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def fault(self) -> str | None:
        """What happens to a request."""
        if random.random() >= self.failing:
            return None
        kind = random.choice(FAULTS)
        self.failed[kind] += 1
        return kind


class Front(http.server.BaseHTTPRequestHandler):
    """One connection to `Faults`."""

    protocol_version = "HTTP/1.1"
    server: Faults

    def log_message(self, *_: object) -> None:
        pass

    def read_body(self, half: bool) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0) // (2 if half else 1))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size // 2 if half else size)
            if half:
                return body
            self.rfile.readline()
        self.rfile.readline()
        return body

    def cut(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def target(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """What the store itself answers."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.server.target}{self.path}", data=body or None, method=self.command
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
            self.server.puts[self.path.split("?")[0]] += 1
        listed = self.command == "GET" and "list-type=2" in self.path and self.path.startswith("/photos")
        if listed and self.server.listing is not None:
            content = self.server.listing(content)
        return answer.status, dict(answer.headers.items()), content

    def do_any(self) -> None:
        fault = self.server.fault()
        body = self.read_body(half=fault == "half" and self.command == "PUT")
        if fault == "503":
            self.send_response(503)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if fault == "cut" or (fault == "half" and self.command == "PUT"):
            self.cut()
            return
        time.sleep(self.server.delay_s + (1.5 if fault == "slow" else 0))
        status, headers, content = self.target(body)
        if fault == "lost":
            self.cut()
            return
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in ("transfer-encoding", "connection", "content-length", "date", "server"):
                self.send_header(name, value)
        length = headers.get("Content-Length") if self.command == "HEAD" else str(len(content))
        self.send_header("Content-Length", length or "0")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content[: len(content) // 2] if fault == "half" else content)
        if fault == "half":
            self.cut()

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_any  # noqa: N815


@pytest.fixture(scope="session")
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
