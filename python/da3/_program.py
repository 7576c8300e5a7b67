# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""The program of docs/cli.md that the package carries."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def prefix() -> Path:
    """The folder with ``bin``, ``include``, ``lib`` and ``share``: the package's own, or the build tree around it.

    Returns
    -------
    pathlib.Path
    """
    package = Path(os.path.dirname(os.path.abspath(__file__)))
    for folder in (package, package.parent.parent):
        if (folder / "bin" / "da3").exists():
            return folder
    raise FileNotFoundError(f"{package}: the program is not there; install da3 again")


def main() -> None:
    """Becomes the program."""
    program = str(prefix() / "bin" / "da3")
    os.execv(program, [program, *sys.argv[1:]])
