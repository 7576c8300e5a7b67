# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""The package beside torch, its program, its documentation, reports of da3 bench."""

from __future__ import annotations

import ctypes
import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import da3
from da3 import _build, _core

ROOT = Path(__file__).resolve().parents[2]


def python(code: str, *args: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, args)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, **environment},
    )


_BESIDE_TORCH = """
import sys, hashlib
order, photo = sys.argv[1:]
if order == "first": import torch
import da3
model = da3.load(device="cpu")
before = model.predict(photo).depth
if order == "second": import torch
prediction = model.predict(photo)
assert (before == prediction.depth).all()
if order != "never":
    layer = torch.nn.Linear(64, 64)
    loss = layer(torch.ones(8, 64)).sum()
    loss.backward()
    tensor = torch.from_numpy(prediction.depth)
    assert tensor.data_ptr() == prediction.depth.ctypes.data
    pixels = torch.from_numpy(da3.read(photo).pixels.copy())
    assert (model.predict(pixels).depth == before).all()
else:
    assert "torch" not in sys.modules
libraries = {line.split()[-1] for line in open("/proc/self/maps") if "libtorch_cpu" in line or "libgomp" in line}
print(hashlib.sha256(before.tobytes()).hexdigest(), len(libraries))
"""


@pytest.mark.parametrize("order", ["first", "second", "never"])
@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_torch_may_be_imported_before_after_or_never(order: str, photo: Path, model: da3.Model) -> None:
    import hashlib
    import importlib.util

    if order != "never" and importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed here")
    ended = python(_BESIDE_TORCH, order, photo)
    assert ended.returncode == 0, ended.stderr
    digest, libraries = ended.stdout.split()
    assert digest == hashlib.sha256(model.predict(photo).depth.tobytes()).hexdigest()
    assert libraries == "2"  # one LibTorch and one OpenMP runtime


def test_another_torch_is_an_import_error_that_names_both(tmp_path: Path) -> None:
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("")
    (tmp_path / "torch" / "version.py").write_text("__version__ = '2.4.1+cpu'\n")
    path = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    ended = python("import torch, da3", PYTHONPATH=path)
    minor = ".".join(_build.LIBTORCH.split(".")[:2])
    last = ended.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError") and "2.4.1+cpu" in last and f"torch=={minor}.*" in last


def test_importing_is_cheap_until_a_name_is_used() -> None:
    ended = python(
        "import sys, da3; print('numpy' in sys.modules, 'da3._core' in sys.modules); da3.load; "
        "print('da3._core' in sys.modules)"
    )
    assert ended.stdout.split() == ["False", "False", "True"], ended.stderr


def test_the_module_is_the_program(program: object) -> None:
    ended = subprocess.run([sys.executable, "-m", "da3", "--version"], capture_output=True, text=True, check=True)
    assert ended.stdout.startswith(f"da3 {da3.__version__}")
    ended = subprocess.run([sys.executable, "-m", "da3", "infer"], capture_output=True, text=True, check=False)
    assert ended.returncode == 2


@pytest.mark.skipif(sys.platform != "linux", reason="dpkg")
def test_building_without_the_libraries_names_them_in_one_line(tmp_path: Path) -> None:
    pytest.importorskip("scikit_build_core")
    installed = tmp_path / "dpkg-query"
    installed.write_text('#!/bin/sh\nfor name; do echo "not-installed $name"; done\nexit 1\n')
    installed.chmod(0o755)
    code = "import sys; sys.path.insert(0, sys.argv[1]); import da3_build; da3_build.get_requires_for_build_wheel()"
    ended = python(code, ROOT / "python/build_backend", PATH=os.pathsep.join([str(tmp_path), os.environ["PATH"]]))
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith("da3: C++ packages are missing: ") and " libopenexr-dev " in line and "libgtest" not in line
    assert "scripts/setup" in line


def test_versions_agree() -> None:
    assert da3.__version__ == _core.version == _build.VERSION
    assert _core.libtorch_version == _build.LIBTORCH
    pinned = re.search(r'"torch==([0-9.]+)\.\*"', (ROOT / "pyproject.toml").read_text())
    assert pinned is not None


def test_every_public_name_is_documented() -> None:
    for name in da3.__all__:
        value = getattr(da3, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert inspect.getdoc(value), name
        if inspect.isfunction(value) and value.__code__.co_argcount > 0:
            assert "Parameters\n----------" in inspect.getdoc(value), name
            assert "Returns\n-------" in inspect.getdoc(value), name
    package = Path(_core.__file__).parent
    assert (package / "py.typed").exists()
    assert "class Model" in (package / "_core.pyi").read_text()


def test_reports_of_bench_are_plain_values(tmp_path: Path) -> None:
    report = {
        "schema": 1,
        "cases": [
            {"name": "forward", "parameters": {"batch": 1}, "metrics": {"forward_ms": {"median": 2.5, "all": [1]}}}
        ],
    }
    file = tmp_path / "report.json"
    file.write_text(json.dumps(report))
    assert da3.bench.load(file) == report
    assert da3.bench.rows(report) == [{"name": "forward", "parameters.batch": 1, "metrics.forward_ms.median": 2.5}]
    for content, found in (
        ("{}", "found schema null"),
        ("[]", "found list"),
        ("no json", "in JSON"),
        ('{"schema": 2, "cases": []}', "found schema 2"),
        ('{"schema": true, "cases": []}', "found schema true"),
        ('{"schema": 1}', "found no list of cases"),
        ('{"schema": 1, "cases": 5}', "found no list of cases"),
        ('{"schema": 1, "cases": {"a": 1}}', "found no list of cases"),
        ('{"schema": 1, "cases": [{}, 5]}', "found a case that is int"),
    ):
        file.write_text(content)
        with pytest.raises(da3.InputError, match=found):
            da3.bench.load(file)
    with pytest.raises(da3.InputError) as missing:
        da3.bench.load(tmp_path / "no.json")
    assert missing.value.code == "input.not_found"


def test_reports_of_bench_are_data_frames_with_pandas() -> None:
    pytest.importorskip("pandas")
    frame = da3.bench.frame({"schema": 1, "cases": [{"a": {"b": 1}}, {"a": {"b": 2}}]})
    assert list(frame["a.b"]) == [1, 2]


def test_the_c_interface_serves_ctypes(photo: Path, model: da3.Model) -> None:
    library = ctypes.CDLL(str(next((da3.prefix() / "lib").glob("libda3.so*"))))

    class Maps(ctypes.Structure):
        _fields_ = [
            ("struct_size", ctypes.c_size_t),
            ("height", ctypes.c_int32),
            ("width", ctypes.c_int32),
            ("depth", ctypes.POINTER(ctypes.c_float)),
        ]

    library.da3_last_error.restype = library.da3_last_error_code.restype = ctypes.c_char_p
    library.da3_model_free.argtypes = library.da3_photo_free.argtypes = [ctypes.c_void_p]
    library.da3_predictions_free.argtypes = [ctypes.c_void_p]
    assert library.da3_abi_version() == _core.abi_version
    loaded, opened, found = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
    assert library.da3_photo_read(b"/no/photo.jpg", ctypes.byref(opened)) == 1
    assert library.da3_last_error_code() == b"input.not_found" and b"/no/photo.jpg" in library.da3_last_error()
    assert library.da3_model_load(None, None, ctypes.byref(loaded)) == 0
    assert library.da3_photo_read(os.fsencode(photo), ctypes.byref(opened)) == 0
    array = (ctypes.c_void_p * 1)(opened.value)
    assert library.da3_predict_photos(loaded, array, ctypes.c_size_t(1), None, ctypes.byref(found)) == 0
    maps = Maps(struct_size=ctypes.sizeof(Maps))
    assert library.da3_predictions_get(found, ctypes.c_size_t(0), ctypes.byref(maps)) == 0
    depth = np.ctypeslib.as_array(maps.depth, (maps.height, maps.width))
    assert np.array_equal(depth, model.predict(photo).depth)
    library.da3_predictions_free(found)
    library.da3_photo_free(opened)
    library.da3_model_free(loaded)
