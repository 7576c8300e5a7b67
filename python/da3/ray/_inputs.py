# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""The inputs of a job as a stream: folders, prefixes, globs and lists."""

from __future__ import annotations

import fnmatch
import io
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pyarrow.fs as arrow

from da3._errors import UsageError
from da3.ray._places import FOLDER, RUN, Entry, Place, identity_of, printable, retried

# Of a list: what is held of it at a time.
PIECE_BYTES = 1 << 18
SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".pnm", ".ppm", ".pgm")

# A folder below the inputs with a manifest of da3 infer (of any shard), scene or video holds results, which are no
# inputs (docs/cli.md). Data sets have files of that name, too.
_MANIFEST = re.compile(r"manifest(\.\d+-of-\d+)?\.jsonl")
_MANIFEST_BEGINS = re.compile(rb'\{"type":"run","schema":|\{"attention":"\w+","command":"scene"|\{"bits":[^{}]*"da3":')


@dataclass(frozen=True)
class _Found:
    """What lies in a folder."""

    name: str
    path: str
    is_folder: bool
    entry: Entry | None


def _found_locally(place: Place, folder: str) -> list[_Found]:
    """Of this machine: names of any bytes, as the system has them."""
    found = []
    with os.scandir(folder) as children:
        for child in children:
            try:
                is_folder, status = child.is_dir(), child.stat()
            except OSError:
                continue  # A link to nothing, or gone since.
            entry = None
            if child.is_file():
                name = child.path[len(place.root) :].lstrip("/")
                entry = Entry(name, child.path, f"{status.st_size}:{status.st_mtime_ns}")
            found.append(_Found(child.name, child.path, is_folder, entry))
    return found


def _found_in_store(place: Place, folder: str) -> list[_Found]:
    infos = retried(lambda: place.filesystem.get_file_info(arrow.FileSelector(folder)), folder)
    found = []
    for info in infos:
        entry = None
        if info.type == arrow.FileType.File:
            entry = Entry(info.path[len(place.root) :].lstrip("/"), info.path, identity_of(info))
        found.append(_Found(info.base_name, info.path, info.type == arrow.FileType.Directory, entry))
    return found


def _is_manifest(place: Place, path: str) -> bool:
    def beginning() -> bytes:
        with place.filesystem.open_input_file(path) as file:
            return file.read(1024)

    try:
        return _MANIFEST_BEGINS.match(retried(beginning, path)) is not None
    except (FileNotFoundError, PermissionError):
        return False


def _holds_results(place: Place, children: list[_Found]) -> bool:
    return any(
        child.name == FOLDER
        or (child.entry is not None and _MANIFEST.fullmatch(child.name) and _is_manifest(place, child.path))
        for child in children
    )


def _walk(place: Place, folder: str, above: tuple[str, ...] = ()) -> Iterator[Entry]:
    """Pictures below a folder in the order of their names; one folder's names are held at a time."""
    if place.is_local:
        real = os.path.realpath(folder)
        if real in above:
            return  # A link to a folder that it lies in.
        above = (*above, real)
    children = _found_locally(place, folder) if place.is_local else _found_in_store(place, folder)
    if folder != place.root and _holds_results(place, children):
        return
    for child in sorted(children, key=lambda each: each.path):
        if child.name.startswith("."):
            continue
        if child.is_folder:
            yield from _walk(place, child.path, above)
        elif child.entry is not None and child.name.lower().endswith(SUFFIXES):
            yield child.entry


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
        token: str | None = None
        # Keys come in their order, and ".da3/" before the results next to it, whose names begin with letters or digits.
        of_results: list[str] = []
        while True:
            page = retried(lambda: _s3_page(client, bucket, prefix, token), url)  # noqa: B023
            for each in page.get("Contents", []):
                if not each["Key"].startswith(prefix):
                    continue  # Nobody asked for it.
                name = each["Key"][len(prefix) :]
                hidden = any(part.startswith(".") for part in name.split("/"))
                if name.endswith(f"/{FOLDER}/{RUN}"):
                    of_results.append(name.removesuffix(f"{FOLDER}/{RUN}"))
                if hidden or name.startswith(tuple(of_results)):
                    continue
                if name.lower().endswith(SUFFIXES):
                    yield Entry(name, f"{bucket}/{each['Key']}", f"{each.get('Size')}:{each.get('ETag')}")
            if not page.get("IsTruncated"):
                return
            following = page.get("NextContinuationToken")
            if following in (None, token):
                raise OSError("the store says that there are more names and does not say how to go on")
            token = following

    return pages()


def _s3_page(client: Any, bucket: str, prefix: str, token: str | None) -> Any:
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    going_on = {} if token is None else {"ContinuationToken": token}
    try:
        return client.list_objects_v2(Bucket=bucket, Prefix=prefix, **going_on)
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
        yield from _listed_by_parquet(place, path)
        return
    rest = b""
    for piece in place.stream(path, PIECE_BYTES):
        # Lines one by one: a list of them all takes several times the piece.
        for raw in io.BytesIO(rest + piece):
            rest = raw
            if raw.endswith(b"\n"):
                rest = b""
                if line := _line(raw):
                    yield line
    if line := _line(rest):
        yield line


def _line(raw: bytes) -> str:
    # Editors of Windows begin a text with a mark.
    return os.fsdecode(raw.removeprefix(b"\xef\xbb\xbf")).strip()


def _listed_by_parquet(place: Place, path: str) -> Iterator[str]:
    import pyarrow.parquet as parquet

    try:
        with parquet.ParquetFile(place.filesystem.open_input_file(path)) as file:
            for batch in file.iter_batches(batch_size=4096, columns=[file.schema_arrow.names[0]]):
                for name in batch.column(0).to_pylist():
                    if not isinstance(name, str):
                        raise OSError(f"its first column has the names of photos, found {name!r} there")
                    yield name
    except (IndexError, ValueError) as problem:
        raise OSError(f"not a Parquet file with a column ({problem})") from None


def _entries_of_list(url: str, place: Place, first: str) -> Iterator[Entry]:
    """The inputs that a list names, all in the store of the first one."""
    store = first.partition("://")[0] if "://" in first else ""
    # As pyarrow opens URLs; fsspec takes their paths as they are.
    escaped = not isinstance(place.filesystem, arrow.PyFileSystem)
    for each in _listed(url):
        scheme, _, rest = each.partition("://")
        if (scheme if rest else "") != store:
            raise OSError(f"a list has names of one store, found {printable(each)} next to {printable(first)}")
        path = os.path.abspath(each)
        if rest:
            path = unquote(rest.split("?")[0]) if escaped else rest.split("?")[0]
        yield Entry(path.lstrip("/"), path)


def _is_glob(url: str, base: str) -> bool:
    if "://" not in url:
        # A name that exists means itself.
        return any(letter in base for letter in "*?[") and not os.path.lexists(base)
    return "*" in base or ("[" in base and "?" not in url)


def inputs(url: str) -> tuple[Place, Iterator[Entry]]:
    """The place of the inputs, and the inputs as a stream.

    A prefix, a glob, one picture, or a list of URLs (``.txt``: one a line; ``.parquet``: the first column).
    """
    base = url.split("?")[0] if "://" in url else url
    if base.endswith((".txt", ".parquet")) and not os.path.isdir(base):
        first = next(_listed(url), None)
        if first is None:
            return Place.of_file(url)[0], iter(())
        place = Place.of_file(first)[0]
        return place, _entries_of_list(url, place, first)
    if _is_glob(url, base):
        fixed = base[: min(base.find(letter) for letter in "*?[" if letter in base)].rpartition("/")[0]
        if "://" in base and not fixed.partition("://")[2]:
            raise UsageError(f"{url}: a glob begins below a bucket", "usage")
        query = url[len(base) :]
        place, entries = inputs((fixed or ("/" if base.startswith("/") else ".")) + query)
        pattern = base[len(fixed) :].lstrip("/")
        return place, (entry for entry in entries if fnmatch.fnmatchcase(entry.name, pattern))
    place = Place.of(url)
    info = retried(lambda: place.filesystem.get_file_info(place.root), url)
    if info.type == arrow.FileType.File:
        folder, _, name = place.root.rpartition("/")
        return Place(place.filesystem, folder), iter([Entry(name, place.root, identity_of(info))])
    if info.type == arrow.FileType.NotFound and place.is_local:
        raise FileNotFoundError(url)
    if url.startswith("s3://"):
        pages = _walk_s3(url, place)
        if pages is not None:
            return place, pages
    return place, _walk(place, place.root)
