# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""What callers do wrong, and what they do at a bad time: words instead of wrong memory, hangs and ended processes."""

from __future__ import annotations

import io
import os
import pickle
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided

import da3


def test_rows_that_share_memory_are_read_as_they_are(model: da3.Model) -> None:
    row = np.arange(60, dtype=np.uint8).reshape(1, 20, 3)
    lines = np.arange(60 + 29 * 3, dtype=np.uint8)
    for picture in (np.broadcast_to(row, (30, 20, 3)), as_strided(lines, (30, 20, 3), (3, 3, 1))):
        assert np.array_equal(model.predict(picture).depth, model.predict(picture.copy()).depth)


def test_arrays_of_more_rows_than_the_interface_counts_are_refused(model: da3.Model) -> None:
    try:
        picture, depth = np.zeros((2**31, 1, 3), np.uint8), np.zeros((2**31, 1), np.float32)
    except MemoryError:
        pytest.skip("no address space for them")
    for wrong in (lambda: model.predict(picture), lambda: da3.encode(depth, "npy")):
        with pytest.raises(da3.UsageError, match="2\\^31"):
            wrong()


def test_a_nul_byte_is_no_end_of_a_path(model: da3.Model, photo: Path, tmp_path: Path) -> None:
    strange = f"{photo}\0.jpg"
    for wrong in (
        lambda: da3.read(strange),
        lambda: model.predict(strange),
        lambda: da3.load(strange),
        lambda: da3.infer(strange, tmp_path, model).wait(),
        lambda: da3.infer(photo, f"{tmp_path}\0x", model).wait(),
        lambda: model.predict(photo).save(f"{tmp_path}/x\0.npy"),
    ):
        with pytest.raises(da3.UsageError):
            wrong()
    assert list(tmp_path.iterdir()) == []


def test_options_of_the_wrong_kind_are_named(model: da3.Model, photo: Path, tmp_path: Path) -> None:
    depth = np.ones((4, 4), np.float32)
    wrong: list[tuple[str, Callable[[], Any]]] = [
        *(
            (f"process_res: .*{value!r}", lambda v=value: model.predict(photo, process_res=v))
            for value in (1.5, "a", -1)
        ),
        ("process_res: .*from 1 to", lambda: model.predict(photo, process_res=2**40)),
        ("batch: ", lambda: model.predict(photo, batch=1.5)),
        ("batch: .*'x'", lambda: model.predict(photo, batch="x")),
        ("focal_px: ", lambda: model.predict(photo, focal_px=[1])),
        ("threads: ", lambda: da3.load(threads="all")),
        ("no precision is called '16'", lambda: da3.load(precision=16)),
        ("max_bytes: ", lambda: da3.ModelCache(-1)),
        ("limit: ", lambda: da3.infer(photo, tmp_path, model, limit=1.5)),
        ("shard: ", lambda: da3.infer(photo, tmp_path, model, shard=3)),
        ("vis_range: ", lambda: da3.infer(photo, tmp_path, model, vis_range=(2, 1))),
        ("memory_fraction: ", lambda: da3.infer(photo, tmp_path, model, memory_fraction=float("nan"))),
        ("height and width above 0", lambda: model.predict(np.zeros((0, 4, 3), np.uint8))),
        ("depth: ", lambda: da3.encode("text", "npy")),
        ("depth: ", lambda: da3.encode(depth.astype(complex), "npy")),
        ("confidence: ", lambda: da3.encode(depth, "npz", confidence="text")),
        ("photos: .*one str", lambda: model.predict_scene(str(photo))),
        ("photos: .*one Photo", lambda: model.predict_scene(da3.read(photo))),
    ]
    for words, call in wrong:
        with pytest.raises(da3.UsageError, match=words):
            call()
    # numpy's numbers are numbers.
    assert len(model.predict([photo], batch=np.int32(2), confidence=np.bool_(True))) == 1


def test_pil_images_that_pil_would_spoil_are_refused(model: da3.Model, photo: Path) -> None:
    pil = pytest.importorskip("PIL.Image")
    with pytest.raises(da3.UsageError, match="I;16"):
        model.predict(pil.fromarray(np.zeros((9, 9), np.uint16)))
    content = photo.read_bytes()
    with pytest.raises(da3.InputError, match="PIL cannot decode"):
        model.predict(pil.open(io.BytesIO(content[: len(content) // 2])))


def test_saving_asks_nothing_of_other_threads(model: da3.Model, photo: Path, tmp_path: Path) -> None:
    """The mask is not changed to learn it: a file that another thread makes meanwhile would have none."""
    before = os.umask(0o027)
    try:
        model.predict(photo).save(tmp_path / "depth.npy")
        model.predict(photo).save(os.fsencode(tmp_path / "bytes.npy"))
    finally:
        os.umask(before)
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o640}


def test_points_may_be_chosen_while_others_read_them(pose_model: da3.Model, photos: list[Path]) -> None:
    scene = pose_model.predict_scene(photos[:2], process_res=112)
    scene.choose_points(keep=100, max_points=None)
    whole = len(scene.points)
    stop = threading.Event()

    def choose() -> None:
        while not stop.is_set():
            scene.choose_points(max_points=10)
            scene.choose_points(keep=100, max_points=None)

    chooser = threading.Thread(target=choose)
    chooser.start()
    try:
        seen = set()
        for _ in range(200):
            positions, colours, confidence, pixels = scene._native.points()
            assert len(positions) == len(colours) == len(confidence) == len(pixels)
            seen.add(len(positions))
    finally:
        stop.set()
        chooser.join()
    assert seen <= {10, whole}


def test_a_run_may_be_stopped_by_its_own_callback_and_twice(
    model: da3.Model, photos: list[Path], tmp_path: Path
) -> None:
    run = da3.infer(photos, tmp_path, model, progress=lambda _: run.stop())
    with pytest.raises(da3.Interrupted):
        run.wait()
    assert run.summary is not None and run.summary.interrupted and run.summary.done < 3
    run.stop()
    run.stop()
    assert list(run) == []


def test_runs_that_overlap_leave_no_bound_of_memory(model: da3.Model, photos: list[Path], tmp_path: Path) -> None:
    first = da3.infer(photos, tmp_path / "1", model, memory_fraction=0.5)
    second = da3.infer(photos, tmp_path / "2", model, memory_fraction=0.4)
    next(first), next(second)
    assert sum(1 for _ in first) + sum(1 for _ in second) == 4
    assert model.predict(photos[0]).depth.size > 0


def test_predictions_can_be_pickled_and_handles_cannot(model: da3.Model, photo: Path) -> None:
    prediction = model.predict(photo)
    again = pickle.loads(pickle.dumps(prediction))
    assert np.array_equal(again.depth, prediction.depth) and again.kind == prediction.kind
    for handle in (model, da3.read(photo), da3.ModelCache(1)):
        with pytest.raises(TypeError, match="pickle"):
            pickle.dumps(handle)


def python(code: str, *args: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, args)], capture_output=True, text=True, timeout=120, check=False
    )


_DAEMONS = """
import sys, threading, da3
model, photo = da3.load(device="cpu"), da3.read(sys.argv[1])
begun = threading.Barrier(4)
def predict():
    begun.wait()
    while True:
        model.predict(photo)
for _ in range(3):
    threading.Thread(target=predict, daemon=True).start()
begun.wait()
model.predict(photo)
print("the end")
"""


def test_threads_that_predict_let_the_interpreter_end(photo: Path) -> None:
    for _ in range(3):
        ended = python(_DAEMONS, photo)
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, "the end\n", "")


_INTERRUPTED = """
import os, signal, sys, threading, da3
signal.signal(signal.SIGINT, signal.default_int_handler)  # Shells ignore it in the background
model, photo = da3.load(device="cpu"), da3.read(sys.argv[1])
model.predict(photo)
threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    model.predict([photo] * 100_000)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_keyboard_interrupt_ends_a_list_between_two_photos(photo: Path) -> None:
    assert python(_INTERRUPTED, photo).stdout == "interrupted\n"
