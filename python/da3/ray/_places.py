# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Files of any store that pyarrow or fsspec reaches: listing that streams, reads and whole-object puts that retry."""

from __future__ import annotations

import errno
import fnmatch
import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

import pyarrow.fs as arrow

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".pnm", ".ppm", ".pgm")
FOLDER = ".da3"
STAGING = f"{FOLDER}/tmp"
RUN = "run.json"
ATTEMPTS = 9
PIECE_BYTES = 1 << 20
_Result = TypeVar("_Result")


# What no second attempt changes: of the operating system, and as pyarrow names what S3 answers.
_LASTING = {
    errno.EACCES,
    errno.EDQUOT,
    errno.EEXIST,
    errno.EISDIR,
    errno.ENAMETOOLONG,
    errno.ENOENT,
    errno.ENOSPC,
    errno.ENOTDIR,
    errno.EPERM,
    errno.EROFS,
}
_LASTING_S3 = ("ACCESS_DENIED", "INVALID_ACCESS_KEY_ID", "NO_SUCH_BUCKET", "SIGNATURE_DOES_NOT_MATCH")


def _lasts(problem: OSError) -> bool:
    return problem.errno in _LASTING or any(f"AWS Error {name}" in str(problem) for name in _LASTING_S3)


def retried(work: Callable[[], _Result], subject: str) -> _Result:
    """Calls again after what may pass (503, cut connections): 0.1 s, 0.2 s, ... about 50 s in all."""
    for attempt in range(ATTEMPTS):
        try:
            return work()
        except (FileNotFoundError, PermissionError, NotADirectoryError, IsADirectoryError):
            raise
        except OSError as problem:
            if _lasts(problem):
                raise
            if attempt == ATTEMPTS - 1:
                raise OSError(f"{subject}: given up after {ATTEMPTS} attempts ({problem})") from problem
            time.sleep(0.1 * 2**attempt * random.uniform(0.5, 1.5))
    raise AssertionError("not reached")


@dataclass(frozen=True)
class Entry:
    """An input.

    ``name``: its path below the place, which names its results. ``identity``: size and time of change, or the store's
    etag; empty if the listing does not know.
    """

    name: str
    path: str
    identity: str = ""


def _open_s3(url: str) -> tuple[arrow.FileSystem, str]:
    """S3 with one request a small object, where pyarrow's own way for URLs makes an upload in parts of each."""
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    known = {name: query[name] for name in ("region", "scheme", "endpoint_override") if name in query}
    filesystem = arrow.S3FileSystem(
        **known, allow_delayed_open=True, retry_strategy=arrow.AwsStandardS3RetryStrategy(max_attempts=5)
    )
    return filesystem, f"{parts.netloc}{unquote(parts.path)}"


def _open(url: str) -> tuple[arrow.FileSystem, str]:
    if "://" not in url:
        return arrow.LocalFileSystem(), os.path.abspath(url)
    if url.startswith("s3://") and "@" not in url:
        return _open_s3(url)
    try:
        return arrow.FileSystem.from_uri(url)
    except (ValueError, arrow.lib.ArrowInvalid, arrow.lib.ArrowNotImplementedError):  # type: ignore[attr-defined]
        import fsspec

        filesystem, path = fsspec.core.url_to_fs(url)
        return arrow.PyFileSystem(arrow.FSSpecHandler(filesystem)), path


@dataclass
class Place:
    """A folder or a prefix of a store. Can be sent to other processes.

    ``job`` names the folder ``.da3/tmp/JOB`` in which local files are written before they are renamed into place, so
    that a worker that is killed leaves nothing among the results.
    """

    filesystem: arrow.FileSystem
    root: str
    job: str = "none"

    @classmethod
    def of(cls, url: str) -> Place:
        filesystem, path = _open(url)
        return cls(filesystem, path.rstrip("/") or "/")

    @classmethod
    def of_file(cls, url: str) -> tuple[Place, str]:
        filesystem, path = _open(url)
        return cls(filesystem, ""), path

    def path(self, name: str) -> str:
        return f"{self.root.rstrip('/')}/{name}" if self.root else name

    @property
    def is_local(self) -> bool:
        return isinstance(self.filesystem, arrow.LocalFileSystem)

    def read(self, name: str) -> bytes:
        def work() -> bytes:
            with self.filesystem.open_input_file(self.path(name)) as file:
                return file.read()

        return retried(work, name)

    def stream(self, name: str) -> Iterator[bytes]:
        with retried(lambda: self.filesystem.open_input_stream(self.path(name)), name) as file:
            while piece := file.read(PIECE_BYTES):
                yield piece

    def put(self, name: str, data: bytes) -> None:
        """Writes a whole object: it is there with all of its bytes, or not at all."""
        path = self.path(name)

        def work() -> None:
            if self.is_local:
                temporary = self.path(f"{STAGING}/{self.job}/{random.getrandbits(96):x}")
                os.makedirs(os.path.dirname(path), exist_ok=True)
                os.makedirs(os.path.dirname(temporary), exist_ok=True)
                try:
                    with open(temporary, "wb") as file:
                        file.write(data)
                    os.replace(temporary, path)
                except BaseException:
                    if os.path.exists(temporary):
                        os.unlink(temporary)
                    raise
            else:
                # An object of a store appears when its stream is closed.
                with self.filesystem.open_output_stream(path) as file:
                    file.write(data)

        retried(work, name)

    def sweep(self) -> None:
        """Removes what this job's writers, and those of jobs that are long dead, have left half-written."""
        if not self.is_local:
            return
        try:
            jobs = list(os.scandir(self.path(STAGING)))
        except OSError:
            return
        for each in jobs:
            # A put takes seconds; the folder changes with every one.
            if each.name == self.job or time.time() - each.stat().st_mtime > 3600:
                shutil.rmtree(each.path, ignore_errors=True)
        try:
            os.rmdir(self.path(STAGING))
        except OSError:
            pass

    def names(self, folder: str) -> list[str]:
        """Names of the files in a folder of the place; empty if there is none."""
        selector = arrow.FileSelector(self.path(folder), allow_not_found=True)
        return sorted(
            info.base_name
            for info in retried(lambda: self.filesystem.get_file_info(selector), folder)
            if info.type == arrow.FileType.File
        )

    def remove(self, name: str) -> None:
        try:
            retried(lambda: self.filesystem.delete_file(self.path(name)), name)
        except FileNotFoundError:
            pass

    def remove_folder(self, name: str) -> None:
        try:
            retried(lambda: self.filesystem.delete_dir(self.path(name)), name)
        except FileNotFoundError:
            pass

    def identity(self, path: str) -> str:
        """Size and time of change of a file. Raises FileNotFoundError."""
        info = retried(lambda: self.filesystem.get_file_info(path), path)
        if info.type != arrow.FileType.File:
            raise FileNotFoundError(path)
        return _identity(info)


def _identity(info: Any) -> str:
    return f"{info.size}:{info.mtime_ns or 0}"


# A folder below the inputs with one of these holds results of an earlier run, which are no inputs (docs/cli.md).
_OF_RESULTS = (FOLDER, "manifest.jsonl")


def _walk(place: Place, folder: str) -> Iterator[Entry]:
    """Pictures below a folder in the order of their names; one folder's names are held at a time."""
    selector = arrow.FileSelector(folder)
    infos = retried(lambda: place.filesystem.get_file_info(selector), folder)
    if folder != place.root and any(info.base_name in _OF_RESULTS for info in infos):
        return
    for info in sorted(infos, key=lambda each: each.path):
        if info.base_name.startswith("."):
            continue
        if info.type == arrow.FileType.Directory:
            yield from _walk(place, info.path)
        elif info.type == arrow.FileType.File and info.base_name.lower().endswith(SUFFIXES):
            yield Entry(info.path[len(place.root) :].lstrip("/"), info.path, _identity(info))


def _walk_s3(url: str, place: Place) -> Iterator[Entry] | None:
    """Pictures below a prefix of S3, a thousand at a time, where boto3 is there: no folder has to fit into memory."""
    try:
        import boto3
    except ImportError:
        return None
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    endpoint = query.get("endpoint_override", [None])[0]
    if endpoint is not None and "://" not in endpoint:
        endpoint = f"{query.get('scheme', ['https'])[0]}://{endpoint}"
    client = boto3.client("s3", endpoint_url=endpoint, region_name=query.get("region", [None])[0])
    bucket, _, prefix = place.root.partition("/")
    prefix = f"{prefix}/" if prefix else ""

    def pages() -> Iterator[Entry]:
        token: dict[str, str] = {}
        # Keys come in their order, and ".da3/" before the results next to it, whose names begin with letters or digits.
        of_results: list[str] = []
        while True:
            page = retried(lambda: _s3_page(client, bucket, prefix, token), url)
            for each in page.get("Contents", []):
                name = each["Key"][len(prefix) :]
                hidden = any(part.startswith(".") for part in name.split("/"))
                if name.endswith(f"/{FOLDER}/{RUN}"):
                    of_results.append(name.removesuffix(f"{FOLDER}/{RUN}"))
                if hidden or name.startswith(tuple(of_results)):
                    continue
                if name.lower().endswith(SUFFIXES):
                    yield Entry(name, f"{bucket}/{each['Key']}", f"{each['Size']}:{each['ETag']}")
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    return pages()


def _s3_page(client: Any, bucket: str, prefix: str, token: dict[str, str]) -> Any:
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    try:
        return client.list_objects_v2(Bucket=bucket, Prefix=prefix, **token)
    except ClientError as problem:
        status = problem.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        lasting = {404: FileNotFoundError, 403: PermissionError, 401: PermissionError}
        raise lasting.get(status, OSError)(str(problem)) from problem
    except NoCredentialsError as problem:
        raise PermissionError(str(problem)) from problem
    except BotoCoreError as problem:
        raise OSError(str(problem)) from problem


def _listed(url: str) -> Iterator[str]:
    place, path = Place.of_file(url)
    if url.split("?")[0].endswith(".parquet"):
        import pyarrow.parquet as parquet

        with parquet.ParquetFile(place.filesystem.open_input_file(path)) as file:
            for batch in file.iter_batches(batch_size=4096, columns=[file.schema_arrow.names[0]]):
                yield from batch.column(0).to_pylist()
        return
    rest = b""
    for piece in place.stream(path):
        *lines, rest = (rest + piece).split(b"\n")
        yield from (line.decode().strip() for line in lines if line.strip())
    if rest.strip():
        yield rest.decode().strip()


def inputs(url: str) -> tuple[Place, Iterator[Entry]]:
    """The place of the inputs, and the inputs as a stream.

    A prefix, a glob, one picture, or a list of URLs (``.txt``: one a line; ``.parquet``: the first column).
    """
    base = url.split("?")[0] if "://" in url else url
    if base.endswith((".txt", ".parquet")):
        first = next(_listed(url), None)
        place = Place.of_file(first)[0] if first is not None else Place.of_file(url)[0]

        def listed() -> Iterator[Entry]:
            for each in _listed(url):
                path = each.split("?")[0].split("://", 1)[1] if "://" in each else os.path.abspath(each)
                yield Entry(path.lstrip("/"), path)

        return place, listed()
    if any(letter in base for letter in "*?[") and not ("://" in url and "?" in url and "*" not in base):
        fixed = base[: min(base.find(letter) for letter in "*?[" if letter in base)].rpartition("/")[0]
        query = url[len(base) :]
        place, entries = inputs((fixed or ".") + query)
        pattern = base[len(fixed) :].lstrip("/")
        return place, (entry for entry in entries if fnmatch.fnmatch(entry.name, pattern))
    place = Place.of(url)
    info = retried(lambda: place.filesystem.get_file_info(place.root), url)
    if info.type == arrow.FileType.File:
        folder, _, name = place.root.rpartition("/")
        return Place(place.filesystem, folder), iter([Entry(name, place.root, _identity(info))])
    if info.type == arrow.FileType.NotFound and place.is_local:
        raise FileNotFoundError(url)
    if url.startswith("s3://"):
        pages = _walk_s3(url, place)
        if pages is not None:
            return place, pages
    return place, _walk(place, place.root)
