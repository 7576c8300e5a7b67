# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""What callers give, as the extension takes it. Anything else is a `UsageError` that names the parameter."""

from __future__ import annotations

import operator
from typing import Any

from da3._errors import UsageError

INT32_MAX = 2**31 - 1


def positive(name: str, value: Any) -> float:
    """A number above 0, or 0 for None."""
    if value is None:
        return 0.0
    try:
        number = float("nan") if isinstance(value, (str, bytes)) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if not number > 0:
        raise UsageError(f"{name}: expected a number above 0, found {value!r}", "usage")
    return number


def is_zero(value: Any) -> bool:
    """Whether it is the number 0, which for some options is not the same as none."""
    return value is not None and not isinstance(value, (str, bytes)) and bool(value == 0)


def whole(name: str, value: Any, least: int = 1, most: int = INT32_MAX) -> int:
    """A whole number from `least` to `most`, or 0 for None."""
    if value is None:
        return 0
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if not least <= number <= most:
        beyond = f"from {least} to {most}" if number > most else f"of {least} or more"
        raise UsageError(f"{name}: expected a whole number {beyond}, found {value!r}", "usage")
    return number


def text(value: Any) -> str | None:
    """The text of an option, whose owner knows its values; a torch.device is one, too."""
    return None if value is None else str(value)


def depth_range(value: Any) -> tuple[float, float] | None:
    """The depth shown nearest, and the one shown farthest."""
    if value is None:
        return None
    try:
        near, far = (float(each) for each in value)
    except (TypeError, ValueError):
        near = far = float("nan")
    if not near < far:
        raise UsageError(f"vis_range: expected the near depth, then the far one, found {value!r}", "usage")
    return near, far
