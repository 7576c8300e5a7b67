# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""scikit-build-core, with two things done before it: C++ packages that are missing are named in one line, and a
LibTorch is chosen: DA3_TORCH_DIR, else .deps/libtorch of scripts/setup, else the torch package, which pip then brings
for the build."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from scikit_build_core import build as scikit_build
from scikit_build_core.build import (
    build_sdist,
    get_requires_for_build_sdist,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

ROOT = Path(__file__).resolve().parents[2]


def _wanted_torch() -> str:
    found = re.search(r'"torch==([0-9.]+)\.\*"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert found is not None, "pyproject.toml pins no minor version of torch"
    return found.group(1)


def _version_of(folder: Path) -> str | None:
    header = folder / "include/torch/headeronly/version.h"
    if not header.exists():
        return None
    parts = dict(re.findall(r"define TORCH_VERSION_(MAJOR|MINOR) (\d+)", header.read_text(encoding="utf-8")))
    return f"{parts['MAJOR']}.{parts['MINOR']}"


def _stop(message: str) -> None:
    print(f"da3: {message}", file=sys.stderr)
    raise SystemExit(1)


def _chosen_torch() -> Path | None:
    """The LibTorch folder to build with; None: that of the torch package."""
    wanted = _wanted_torch()
    named = os.environ.get("DA3_TORCH_DIR")
    if named:
        found = _version_of(Path(named))
        if found != wanted:
            _stop(f"DA3_TORCH_DIR={named}: expected LibTorch {wanted}, which pyproject.toml pins, found {found}")
        return Path(named)
    local = ROOT / ".deps/libtorch"
    return local if _version_of(local) == wanted else None


def _name_missing_packages() -> None:
    script = ROOT / "scripts/lib/packages.sh"
    listed = subprocess.run(
        ["bash", "-c", '. "$1/scripts/lib/base.sh"; . "$2"; missing_for_library', "bash", str(ROOT), str(script)],
        capture_output=True,
        text=True,
        check=False,
    )
    missing = listed.stdout.split()
    if missing:
        _stop(
            f"C++ packages are missing: {' '.join(missing)}; install them (scripts/setup does), then run the same command again"
        )


def _requires(base: list[str]) -> list[str]:
    _name_missing_packages()
    return base if _chosen_torch() is not None else [*base, f"torch=={_wanted_torch()}.*", "numpy"]


def get_requires_for_build_wheel(config_settings: dict[str, Any] | None = None) -> list[str]:
    return _requires(scikit_build.get_requires_for_build_wheel(config_settings))


def get_requires_for_build_editable(config_settings: dict[str, Any] | None = None) -> list[str]:
    return _requires(scikit_build.get_requires_for_build_editable(config_settings))


def _choose_torch() -> None:
    folder = _chosen_torch()
    if folder is None:
        spec = importlib.util.find_spec("torch")
        if spec is None or spec.origin is None:
            _stop(
                f"no LibTorch to build with; pip install 'torch=={_wanted_torch()}.*' first, or name one by DA3_TORCH_DIR"
            )
        folder = Path(spec.origin).parent
        if _version_of(folder) != _wanted_torch():
            _stop(f"{folder}: expected torch {_wanted_torch()}, which pyproject.toml pins, found {_version_of(folder)}")
    os.environ["DA3_TORCH_DIR"] = str(folder)


def build_wheel(
    wheel_directory: str, config_settings: dict[str, Any] | None = None, metadata_directory: str | None = None
) -> str:
    _choose_torch()
    return scikit_build.build_wheel(wheel_directory, config_settings, metadata_directory)


def build_editable(
    wheel_directory: str, config_settings: dict[str, Any] | None = None, metadata_directory: str | None = None
) -> str:
    _choose_torch()
    return scikit_build.build_editable(wheel_directory, config_settings, metadata_directory)
