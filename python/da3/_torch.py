# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Finds the LibTorch that the extension was built for, without importing torch."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

from da3 import _build


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _installed() -> tuple[str, Path] | None:
    """Version and folder of the torch package, if there is one."""
    try:
        spec = importlib.util.find_spec("torch")
    except (ImportError, ValueError):
        spec = None
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    found = re.search(r"""__version__\s*=\s*['"]([^'"]+)""", (folder / "version.py").read_text(encoding="utf-8"))
    return (found.group(1) if found else "unknown"), folder


def check() -> Path | None:
    """The folder of the torch package that the extension will use; None for a build with a LibTorch of its own.

    Raises
    ------
    ImportError
        torch is not there, or another minor version than the one this da3 was built for.
    """
    loaded = "torch" in sys.modules
    if not _build.FROM_TORCH_PACKAGE and not loaded:
        return None
    installed = _installed()
    wanted = _minor(_build.LIBTORCH)
    if installed is None:
        if loaded:
            return None
        raise ImportError(
            f"da3 needs the torch package, version {wanted}.*, found none; pip install 'torch=={wanted}.*'"
        )
    version, folder = installed
    if _minor(version) != wanted:
        raise ImportError(
            f"this da3 was built for torch {wanted}.*, found torch {version} in {folder}; "
            f"pip install 'torch=={wanted}.*', or build da3 again with that torch"
        )
    return folder
