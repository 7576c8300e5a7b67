# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Photos, the bundled model, the program. No model of this user takes part."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

_home = tempfile.TemporaryDirectory(prefix="da3-python-test-")
os.environ["DA3_HOME"] = _home.name
os.environ["XDG_CACHE_HOME"] = _home.name
os.environ.pop("DA3_MODEL", None)

import pytest  # noqa: E402

import da3  # noqa: E402

if sys.platform == "linux" and all(map(importlib.util.find_spec, ("ray", "pyarrow", "PIL"))):
    from ray_cluster import cluster, expected, folder, store  # noqa: F401

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"


@pytest.fixture(scope="session")
def photos() -> list[Path]:
    return sorted(EXAMPLES.glob("*.png"))


@pytest.fixture(scope="session")
def photo(photos: list[Path]) -> Path:
    return photos[1]


@pytest.fixture(scope="session")
def model() -> da3.Model:
    return da3.load(device="cpu")


@pytest.fixture(scope="session")
def program() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the program that the package carries."""

    def run(*args: object) -> subprocess.CompletedProcess[str]:
        command = [str(da3.prefix() / "bin" / "da3"), *map(str, args)]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)

    return run


@pytest.fixture(scope="session")
def pose_model(
    program: Callable[..., subprocess.CompletedProcess[str]], tmp_path_factory: pytest.TempPathFactory
) -> da3.Model:
    """The reduced any-view network of the golden fixtures."""
    file = tmp_path_factory.mktemp("model") / "tiny.pt"
    program("model", "export", ROOT / "tests/data/golden/tiny", "-o", file)
    return da3.load(file, device="cpu")


@pytest.fixture(scope="session")
def synthetic_model(
    program: Callable[..., subprocess.CompletedProcess[str]], tmp_path_factory: pytest.TempPathFactory
) -> da3.Model:
    """da3-small with synthetic weights, whose forwards take a while."""
    file = tmp_path_factory.mktemp("model") / "small.pt"
    program("model", "export", "da3-small", "--synthetic", 1, "-o", file)
    return da3.load(file, device="cpu")
