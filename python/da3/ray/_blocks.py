# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Blocks of inputs, and the manifest of each: what is done, and with which result."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow
import pyarrow.parquet as parquet

from da3.ray._places import Entry, Place

FOLDER = ".da3"
_COLUMNS = ("name", "identity", "status", "code", "message", "record")


def _number(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")


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
    blocks around it alone.
    """
    key = "begin"
    held: list[Entry] = []
    for entry in entries:
        held.append(entry)
        if _number(entry.name) % usual == 0 or len(held) >= 4 * usual:
            yield Block(hashlib.sha256(key.encode()).hexdigest()[:20], tuple(held))
            key, held = entry.name, []
    if held:
        yield Block(hashlib.sha256(key.encode()).hexdigest()[:20], tuple(held))


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


class Manifests:
    """The manifests below an output: ``.da3/blocks/KEY/HASH.parquet``, HASH being that of the block's inputs."""

    def __init__(self, output: Place) -> None:
        self._output = output

    def _folder(self, block: Block) -> str:
        return f"{FOLDER}/blocks/{block.key[:2]}/{block.key}"

    def known(self, block: Block) -> tuple[dict[str, Row], list[str]]:
        """Rows of earlier runs by name, and the names of their files."""
        folder = self._folder(block)
        files = [name for name in self._output.names(folder) if name.endswith(".parquet")]
        rows: dict[str, Row] = {}
        for name in files:
            table = parquet.read_table(io.BytesIO(self._output.read(f"{folder}/{name}")))
            for values in zip(*(table.column(column).to_pylist() for column in _COLUMNS), strict=True):
                row = Row(*values)
                if row.name not in rows or row.status == "done":
                    rows[row.name] = row
        return rows, [f"{folder}/{name}" for name in files]

    def commit(self, block: Block, rows: list[Row], before: list[str]) -> None:
        """Writes the manifest of a block, then removes those that it stands for. Equal rows give equal bytes."""
        name = f"{self._folder(block)}/{inputs_hash(block.entries)}.parquet"
        columns = {column: [getattr(row, column) for row in rows] for column in _COLUMNS}
        schema = pyarrow.schema([(column, pyarrow.string()) for column in _COLUMNS])
        buffer = io.BytesIO()
        parquet.write_table(pyarrow.table(columns, schema=schema), buffer)
        self._output.put(name, buffer.getvalue())
        for old in before:
            if old != name:
                self._output.remove(old)


def agree(output: Place, run: dict[str, Any], overwrite: bool) -> str | None:
    """Keeps the options of an output in ``.da3/run.json``; what differs from an earlier run's, or None."""
    name = f"{FOLDER}/run.json"
    try:
        earlier = json.loads(output.read(name))
    except FileNotFoundError:
        earlier = None
    if earlier is not None and not overwrite:
        differences = []
        for key in ("model", "sha256", *run["options"]):
            mine = run[key] if key in ("model", "sha256") else run["options"][key]
            theirs = earlier.get(key) if key in ("model", "sha256") else earlier.get("options", {}).get(key)
            if mine != theirs:
                differences.append(f"{key} was {theirs}, now {mine}")
        return "; ".join(differences) or None
    output.put(name, (json.dumps(run, indent=1) + "\n").encode())
    return None
