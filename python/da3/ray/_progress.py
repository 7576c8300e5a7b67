# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""What a job has done, and the line that says so."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field

from da3.ray._worker import STAGES, Report


@dataclass
class Totals:
    """What a job did. Nothing here grows with the number of inputs."""

    done: int = 0
    skipped: int = 0
    failed: int = 0
    blocks: int = 0
    deaths: int = 0
    repeated: int = 0
    left: int | None = None
    """Photos not ended yet; None until the listing has come to its end."""
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))
    elapsed_s: float = 0.0


class Line:
    """Progress on standard error: a line that is rewritten on a terminal, else one every ten seconds."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._terminal = sys.stderr.isatty()
        self._last = 0.0

    def tell(self, report: Report, totals: Totals) -> None:
        for name, code, message in report.failed:
            print(f"da3.ray: {message} [{code}]", file=sys.stderr)
        now = time.monotonic()
        if self._quiet or now - self._last < (0.5 if self._terminal else 10):
            return
        self._last = now
        rate = totals.done / totals.elapsed_s if totals.elapsed_s > 0 else 0
        text = f"da3.ray: {totals.done} done, {totals.skipped} before, {totals.failed} failed, {rate:.3g} images/s"
        if totals.left is not None:
            text += f", {totals.left} left"
        print(text, end="\r" if self._terminal else "\n", file=sys.stderr, flush=True)

    def finish(self, totals: Totals, output: str) -> None:
        if self._quiet:
            return
        rate = totals.done / totals.elapsed_s if totals.elapsed_s > 0 else 0
        print(
            f"da3.ray: {totals.done} images done, {totals.skipped} done before, {totals.failed} failed in "
            f"{totals.elapsed_s:.1f} s ({rate:.3g} images/s), results in {output}",
            file=sys.stderr,
        )
        if totals.deaths or totals.repeated:
            print(f"     {totals.deaths} workers died, {totals.repeated} blocks were given out twice", file=sys.stderr)
