# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Reports of ``da3 bench`` as plain values."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from da3._errors import InputError

if TYPE_CHECKING:
    import pandas

SCHEMA = 1
"""The version of docs/bench-schema-1.json that this module reads."""


def load(path: str | os.PathLike[str]) -> dict[str, Any]:
    """A report, as docs/bench-schema-1.json describes it.

    Parameters
    ----------
    path : str or os.PathLike
        A file written by ``da3 bench --format json``.

    Returns
    -------
    dict

    Raises
    ------
    InputError
        Not a report, or of another schema.
    """
    name = os.fspath(path)
    try:
        with open(path, encoding="utf-8") as file:
            report = json.load(file)
    except FileNotFoundError:
        raise InputError(f"{name}: not found", "input.not_found") from None
    except (OSError, ValueError) as problem:
        raise InputError(f"{name}: expected a report of da3 bench in JSON ({problem})", "input.unreadable") from None
    if flaw := _flaw(report):
        raise InputError(f"{name}: expected a report of da3 bench, schema {SCHEMA}, found {flaw}", "input.unreadable")
    return report


def _flaw(report: Any) -> str | None:
    """What makes a value no report of which `rows` are made."""
    if not isinstance(report, dict):
        return type(report).__name__
    schema = report.get("schema")
    # True equals 1.
    if isinstance(schema, bool) or schema != SCHEMA:
        return f"schema {json.dumps(schema)}"
    cases = report.get("cases")
    if not isinstance(cases, list):
        return "no list of cases"
    others = (type(case).__name__ for case in cases if not isinstance(case, dict))
    return next((f"a case that is {other}" for other in others), None)


def _flat(prefix: str, value: Any, row: dict[str, Any]) -> None:
    if isinstance(value, dict):
        for key, each in value.items():
            _flat(f"{prefix}.{key}" if prefix else key, each, row)
    elif not isinstance(value, list):
        row[prefix] = value


def rows(report: dict[str, Any]) -> list[dict[str, Any]]:
    """A flat dict for each case: nested fields joined by dots (``metrics.forward_ms.median``), lists left out."""
    result: list[dict[str, Any]] = []
    for case in report["cases"]:
        row: dict[str, Any] = {}
        _flat("", case, row)
        result.append(row)
    return result


def frame(report: dict[str, Any] | str | os.PathLike[str]) -> pandas.DataFrame:
    """The cases of a report as a pandas DataFrame, one row each; columns as in `rows`.

    Raises
    ------
    ImportError
        pandas is not installed.
    """
    import pandas

    return pandas.DataFrame(rows(report if isinstance(report, dict) else load(report)))
