# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Blocks of inputs, and the manifest of each: what is done, and with which result."""

from __future__ import annotations

import hashlib
import io
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow
import pyarrow.parquet as parquet

import da3
from da3.ray._places import FOLDER, RUN, Entry, Place, printable

# So often a worker asks whose the output is.
ASKED_S = 2.0
# In run.json: foreign_until.
_BEFORE = "foreign_until_ns"
_COLUMNS = ("name", "identity", "status", "code", "message", "record")


def _number(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(_bytes(name), digest_size=8).digest(), "big")


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _key(before: str) -> str:
    return hashlib.sha256(_bytes(before)).hexdigest()[:20]


@dataclass(frozen=True)
class Block:
    """Inputs that one task works on.

    ``key`` depends on where the block begins and not on what is in it, so that a later run finds the manifest of an
    earlier one although inputs have come, gone or changed.
    """

    key: str
    entries: tuple[Entry, ...]


def blocks(entries: Iterable[Entry], usual: int) -> Iterator[Block]:
    """Divides a listing into blocks of ``usual`` inputs on average, at most four times as many.

    The names decide where a block ends (one name in ``usual`` ends one), so that an input more or less changes the
    blocks around it alone. A name that comes twice in a block, or twice running, counts once.
    """
    before = "begin"
    held: dict[str, Entry] = {}
    for entry in entries:
        if entry.name == before:
            continue
        held.setdefault(entry.name, entry)
        if _number(entry.name) % usual == 0 or len(held) >= 4 * usual:
            yield Block(_key(before), tuple(held.values()))
            before, held = entry.name, {}
    if held:
        yield Block(_key(before), tuple(held.values()))


def _stored(value: str | None) -> str | None:
    return None if value is None else printable(value)


@dataclass(frozen=True)
class Row:
    """One input in a manifest. ``status``: done or failed."""

    name: str
    identity: str
    status: str
    code: str | None
    message: str | None
    record: str


def inputs_hash(entries: Iterable[Entry]) -> str:
    """Names and identities of a block's inputs."""
    text = json.dumps([(entry.name, entry.identity) for entry in entries])
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def digest(run: dict[str, Any]) -> str:
    """A short hash of the model and the options that decide the results."""
    return hashlib.sha256(json.dumps(run, sort_keys=True).encode()).hexdigest()[:12]


class Manifests:
    """The manifests below an output: ``.da3/blocks/RUN/../KEY/HASH.parquet``, RUN being the `digest` of model and
    options, HASH that of the block's inputs. What was done with other options so never passes for done."""

    def __init__(self, output: Place, run: dict[str, Any]) -> None:
        self._output = output
        self._root = f"{FOLDER}/blocks/{digest(run)}"

    def _folder(self, block: Block) -> str:
        return f"{self._root}/{block.key[:2]}/{block.key}"

    def known(self, block: Block) -> tuple[dict[str, Row], list[str]]:
        """Rows of earlier runs by name, and the names of their files."""
        folder = self._folder(block)
        files = [f"{folder}/{name}" for name in self._output.names(folder) if name.endswith(".parquet")]
        rows: dict[str, Row] = {}
        for file in list(files):
            try:
                table = parquet.read_table(io.BytesIO(self._output.read(file)))
            except FileNotFoundError:
                # Another worker on this block, such as one of a driver that was killed, has just put a newer one.
                files.remove(file)
                continue
            for values in zip(*(table.column(column).to_pylist() for column in _COLUMNS), strict=True):
                row = Row(*values)
                if row.name not in rows or row.status == "done":
                    rows[row.name] = row
        return rows, files

    def commit(self, block: Block, rows: list[Row], before: list[str]) -> None:
        """Writes the manifest of a block, then removes those that it stands for. Equal rows give equal bytes."""
        name = f"{self._folder(block)}/{inputs_hash(block.entries)}.parquet"
        columns = {column: [_stored(getattr(row, column)) for row in rows] for column in _COLUMNS}
        schema = pyarrow.schema([(column, pyarrow.string()) for column in _COLUMNS])
        buffer = io.BytesIO()
        parquet.write_table(pyarrow.table(columns, schema=schema), buffer)
        self._output.put(name, buffer.getvalue())
        for old in before:
            if old != name:
                self._output.remove(old)


def taken_over(output: Place, run: dict[str, Any]) -> bool:
    """Whether a job with another model or other options has begun in an output since."""
    try:
        return bool(json.loads(output.read(f"{FOLDER}/{RUN}"))["run"] != run)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return False


def foreign_until(output: Place) -> int | None:
    """Files of the output that have not changed since this time, in ns, were there before the first job. None: there
    were none, or nobody knows."""
    try:
        found = json.loads(output.read(f"{FOLDER}/{RUN}")).get(_BEFORE)
    except (FileNotFoundError, ValueError, AttributeError):
        return None
    return found if isinstance(found, int) else None


def agree(output: Place, run: dict[str, Any], overwrite: bool) -> str | None:
    """Keeps the model and options of an output in ``.da3/run.json``; what differs from an earlier run's, or None."""
    name = f"{FOLDER}/{RUN}"
    try:
        earlier = json.loads(output.read(name))["run"]
    except FileNotFoundError:
        earlier = None
    except (ValueError, KeyError, TypeError):
        if not overwrite:
            return f"{name} is not one of this da3"
        earlier = {}
    if earlier == run:
        return None
    if earlier is not None and not overwrite:
        differences = [
            f"{key} was {earlier.get(key)}, now {value}" for key, value in run.items() if earlier.get(key) != value
        ]
        return "; ".join(differences) or f"{name} knows options that this da3 has not"
    about: dict[str, Any] = {"schema": 1, "tool": {"version": da3.__version__}, "run": run}
    if earlier is None:
        about[_BEFORE] = output.time_of_first_job()
    else:
        about[_BEFORE] = foreign_until(output)
        # Of a time before the job that has the output, which has replaced files since: were they there once these
        # options are back, they would count. First, because this run may end at any moment.
        output.remove_folder(f"{FOLDER}/blocks/{digest(run)}")
    output.put(name, (json.dumps(about, indent=1) + "\n").encode())
    if earlier is not None:
        # Until every worker of a job that has the output now has seen that it is taken over.
        time.sleep(2 * ASKED_S)
        output.remove_folder(f"{FOLDER}/blocks/{digest(earlier)}")
    return None
