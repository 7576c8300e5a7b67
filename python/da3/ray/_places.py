# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Files of any store that pyarrow or fsspec reaches: reads and whole-object puts that retry."""

from __future__ import annotations

import errno
import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

import pyarrow.fs as arrow

from da3._errors import UsageError

FOLDER = ".da3"
STAGING = f"{FOLDER}/tmp"
RUN = "run.json"
ATTEMPTS = 9
# Of S3, in UTF-8.
KEY_BYTES = 1024
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


def printable(text: str) -> str:
    """A text of any name, for JSON, Parquet and terminals, none of which holds bytes that are not UTF-8."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def flaw_of(name: str) -> str | None:
    """Why results cannot be named after an input, or None."""
    if any(part in ("", ".", "..") for part in name.split("/")):
        return "a result's path has no part that is empty, '.' or '..'"
    if printable(name) != name:
        return "its name is not UTF-8, which manifests and stores are"
    return None


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
        """Raises UsageError for a path that pyarrow cannot have."""
        if printable(url) != url:
            raise UsageError(f"{printable(url)}: a path that is not UTF-8; use da3 infer for it, or rename it", "usage")
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

    def stream(self, name: str, piece_bytes: int = 1 << 22) -> Iterator[bytes]:
        """A file piece by piece, each of which is a request to a store."""
        at = 0
        with retried(lambda: self.filesystem.open_input_file(self.path(name)), name) as file:
            # Only called before `at` moves on.
            while piece := retried(lambda: file.read_at(piece_bytes, at), name):  # noqa: B023
                yield piece
                at += len(piece)

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

    def time_of_first_job(self) -> int | None:
        """Now, in ns of the file system's own clock, if a local folder has files; else None."""
        if not self.is_local or not os.path.isdir(self.root):
            return None
        if not any(files for folder, _, files in os.walk(self.root) if FOLDER not in folder.split("/")):
            return None
        folder = self.path(FOLDER)
        os.makedirs(folder, exist_ok=True)
        now = self._touched(folder)
        # The clock of files has steps; results of this job have a later time.
        for _ in range(3000):
            if self._touched(folder) > now:
                break
            time.sleep(0.001)
        return now

    def has_unchanged(self, name: str, since_ns: int) -> bool:
        """Whether a local file has been there, as it is, since that time."""
        try:
            return self.is_local and os.lstat(self.path(name)).st_ctime_ns <= since_ns
        except OSError:
            return False

    def takes(self, name: str) -> bool:
        """Whether the store has room for a name; a local one says so when it is written."""
        key = self.path(name).partition("/")[2]
        return not isinstance(self.filesystem, arrow.S3FileSystem) or len(key.encode()) <= KEY_BYTES

    def sweep(self) -> None:
        """Removes what this job's writers, and those of jobs that are long dead, have left half-written."""
        if not self.is_local:
            return
        try:
            jobs = list(os.scandir(self.path(STAGING)))
            # The time is the file system's own: a server's clock need not be this machine's.
            now = self._touched(self.path(STAGING))
        except OSError:
            return
        for each in jobs:
            # A put takes seconds; the folder changes with every one.
            if each.name == self.job or now - each.stat().st_mtime_ns > 3600 * 10**9:
                shutil.rmtree(each.path, ignore_errors=True)
        try:
            os.rmdir(self.path(STAGING))
        except OSError:
            pass

    @staticmethod
    def _touched(folder: str) -> int:
        """The time, in ns, at which a folder has just been changed."""
        probe = os.path.join(folder, f"now-{random.getrandbits(64):x}")
        os.mkdir(probe)
        os.rmdir(probe)
        return os.stat(folder).st_mtime_ns

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
        return identity_of(info)


def identity_of(info: Any) -> str:
    return f"{info.size}:{info.mtime_ns or 0}"
