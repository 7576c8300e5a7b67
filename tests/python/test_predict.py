# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Predictions: the program's bits, every kind of input, memory, threads."""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import da3

Program = Callable[..., subprocess.CompletedProcess[str]]


SUFFIXES = {
    "png16": ".png",
    "exr16": ".half.exr",
    "grey16": ".grey.png",
    "vis": ".vis.png",
    "vis-jpg": ".vis.jpg",
    "side": ".side.png",
    "side-jpg": ".side.jpg",
}


def test_formats_are_those_of_the_program() -> None:
    assert set(SUFFIXES) | {"exr", "npz", "npy", "pfm", "tiff"} == set(da3.FORMATS)


def test_what_is_no_format_of_one_photos_maps_is_answered_with_the_formats() -> None:
    for wrong in ("none", "html", "ply", "gif"):
        with pytest.raises(da3.UsageError) as refused:
            da3.encode(np.ones((4, 4), np.float32), wrong)
        assert str(refused.value) == f"'{wrong}' is not one of {', '.join(da3.FORMATS)}"


def test_result_files_are_the_programs_byte_for_byte(
    model: da3.Model, program: Program, photos: list[Path], tmp_path: Path
) -> None:
    program("infer", *photos, "--device", "cpu", "--batch", 1, "-o", tmp_path, "-f", ",".join(da3.FORMATS))
    predictions = model.predict(photos)
    for photo, prediction in zip(photos, predictions, strict=True):
        assert np.array_equal(prediction.depth, np.load(tmp_path / f"{photo.stem}.npy"))
        for name in da3.FORMATS:
            suffix = SUFFIXES.get(name, f".{name}")
            written = (tmp_path / f"{photo.stem}{suffix}").read_bytes()
            needs = photo if name.startswith("side") else None
            assert prediction.encode(name, photo=needs) == written, (photo.name, name)
            saved = tmp_path / f"saved{suffix}"
            prediction.save(saved, photo=needs)
            assert saved.read_bytes() == written
            assert saved.stat().st_mode & 0o777 == (tmp_path / f"{photo.stem}{suffix}").stat().st_mode & 0o777


def test_every_kind_of_photo_gives_the_same_depth(model: da3.Model, photo: Path) -> None:
    expected = model.predict(photo).depth
    pixels = da3.read(photo).pixels
    wide = np.zeros((pixels.shape[0], pixels.shape[1] + 5, 3), np.uint8)
    wide[:, :-5] = pixels

    class Wrapped:
        def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
            return pixels.copy()

    kinds = {
        "str": str(photo),
        "bytes": photo.read_bytes(),
        "bytearray": bytearray(photo.read_bytes()),
        "memoryview": memoryview(photo.read_bytes()),
        "Photo": da3.decode(photo.read_bytes()),
        "array": pixels,
        "rows apart": wide[:, :-5],
        "upside down and back": pixels[::-1].copy()[::-1],
        "planes": np.moveaxis(np.ascontiguousarray(np.moveaxis(pixels, 2, 0)), 0, 2),
        "__array__": Wrapped(),
    }
    for name, given in kinds.items():
        assert np.array_equal(model.predict(given).depth, expected), name
    for prediction in model.predict(list(kinds.values())):
        assert np.array_equal(prediction.depth, expected)


def test_pil_images_are_taken_as_their_pixels(model: da3.Model, photo: Path) -> None:
    pil = pytest.importorskip("PIL.Image")
    with pil.open(photo) as image:
        assert np.array_equal(model.predict(image).depth, model.predict(photo).depth)


@pytest.mark.parametrize("file", [b"\xff\xd8\xff\xe0 not a photo", b"", b"text"])
def test_a_broken_photo_is_an_input_error_with_its_code(model: da3.Model, file: bytes) -> None:
    with pytest.raises(da3.InputError) as raised:
        model.predict(file)
    assert raised.value.code.startswith("image.")


def test_errors_have_groups_codes_and_survive_pickling(model: da3.Model, tmp_path: Path) -> None:
    with pytest.raises(da3.ModelError) as missing:
        da3.load(tmp_path / "no.pt")
    assert missing.value.code == "model.not_found"
    again = pickle.loads(pickle.dumps(missing.value))
    assert (type(again), again.code, str(again)) == (da3.ModelError, "model.not_found", str(missing.value))
    with pytest.raises(da3.InputError, match=r"no\.jpg") as absent:
        model.predict(tmp_path / "no.jpg")
    assert absent.value.code == "input.not_found"
    for wrong in (
        lambda: model.predict(np.zeros((4, 4), np.uint8)),
        lambda: model.predict(np.zeros((4, 4, 3), np.float32)),
        lambda: model.predict(3),
        lambda: model.predict([], size="huge"),
        lambda: model.predict([], focal_px=-1),
        lambda: model.predict([], batch=0),
        lambda: da3.load(device="toaster"),
        lambda: da3.encode(np.ones((2, 2)), "gif"),
        lambda: da3.encode(np.ones((2, 2)), "side"),
        lambda: da3.encode(np.ones((2, 2)), "npz", confidence=np.ones((2, 3))),
        lambda: da3.encode(np.ones((2, 2)), "vis", vis_range=(1, 1)),
    ):
        with pytest.raises(da3.UsageError) as usage:
            wrong()
        assert usage.value.code == "usage"


def test_arrays_are_the_predictions_memory_and_outlive_it(model: da3.Model, photo: Path) -> None:
    prediction = model.predict(photo)
    depth = prediction.depth
    assert depth.dtype == np.float32 and depth.flags.c_contiguous and depth.flags.writeable
    assert not depth.flags.owndata and prediction.depth is depth
    before = depth.copy()
    del prediction
    gc.collect()
    model.predict(photo)
    assert np.array_equal(depth, before)
    pixels = da3.read(photo).pixels
    gc.collect()
    assert pixels.shape[2] == 3 and not pixels.flags.writeable


def test_options_reach_the_network(model: da3.Model, photo: Path) -> None:
    small = model.predict(photo, size="model")
    assert small.depth.shape == (224, 224)
    assert (small.kind, small.unit, small.confidence) == ("metric", "m", None)
    assert model.predict([]) == []
    assert model.spec["name"] == model.name


def test_decode_and_encode_are_each_others_inverse(model: da3.Model, photo: Path) -> None:
    seen = da3.decode(model.predict(photo).encode("vis"))
    assert seen.pixels.shape == da3.read(photo).pixels.shape
    assert seen.focal_px is None


def test_eight_threads_get_the_same_bits(model: da3.Model, photos: list[Path]) -> None:
    expected = [prediction.depth for prediction in model.predict(photos)]
    failures: list[str] = []

    def work(number: int) -> None:
        for turn in range(5):
            which = (number + turn) % len(photos)
            if not np.array_equal(model.predict(photos[which]).depth, expected[which]):
                failures.append(f"thread {number}, turn {turn}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_python_goes_on_while_forwards_run(synthetic_model: da3.Model, photo: Path) -> None:
    """Counts, not times: if a forward held the GIL, the counter would stand still from its begin to its end."""
    counted = 0
    done = threading.Event()

    def count() -> None:
        nonlocal counted
        while not done.is_set():
            counted += 1
            time.sleep(0)  # gives the GIL up

    advanced: list[int] = []

    def predict() -> None:
        picture = da3.read(photo)
        for _ in range(2):
            before = counted
            synthetic_model.predict(picture)
            advanced.append(counted - before)

    # Nobody is made to give the GIL up: the counter runs while others wait, or while a call has released it. Not for
    # ever: glibc before 2.41 now and then loses the signal that wakes who waits for it (bug 25847).
    interval = sys.getswitchinterval()
    sys.setswitchinterval(5)
    threads = [threading.Thread(target=work) for work in (count, predict, predict)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads[1:]:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
        done.set()
    threads[0].join()
    assert len(advanced) == 4
    assert min(advanced) > 10


def _predict_in_child(file: str) -> str:
    try:
        da3.load(device="cpu").predict(file)
    except da3.UsageError as error:
        return str(error)
    return "no error"


_before_the_fork: list[da3.Model] = []


def _infer_in_child(file: str, output: str) -> str:
    try:
        da3.infer(file, output, _before_the_fork[0]).wait()
    except da3.UsageError as error:
        return str(error)
    return "no error"


@pytest.mark.skipif(sys.platform != "linux", reason="fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_gets_words_and_a_spawned_one_works(model: da3.Model, photo: Path, tmp_path: Path) -> None:
    _before_the_fork.append(model)
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert "spawn" in pool.apply_async(_predict_in_child, (str(photo),)).get(timeout=60)
        assert "spawn" in pool.apply_async(_infer_in_child, (str(photo), str(tmp_path / "out"))).get(timeout=60)
    assert list(tmp_path.iterdir()) == []
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply_async(_predict_in_child, (str(photo),)).get(timeout=120) == "no error"


def test_saving_says_why_it_cannot(model: da3.Model, photo: Path, tmp_path: Path) -> None:
    prediction = model.predict(photo)
    with pytest.raises(da3.UsageError, match="no format"):
        prediction.save(tmp_path / "depth.gif")
    with pytest.raises(da3.OutputError) as raised:
        prediction.save(tmp_path / "no" / "depth.npy")
    assert raised.value.code == "output.failed"
    assert os.listdir(tmp_path) == []


def test_the_cache_loads_once_and_shares(photo: Path) -> None:
    cache = da3.ModelCache(1 << 30)
    first, second = cache.get(device="cpu"), cache.get(device="cpu")
    assert (cache.statistics["misses"], cache.statistics["hits"]) == (1, 1)
    assert np.array_equal(first.predict(photo).depth, second.predict(photo).depth)
    del first, second
    cache.trim()
    assert cache.statistics["models"] == 0


def test_devices_and_models_are_listed() -> None:
    assert da3.devices()[-1] == "cpu"
    assert {"da3-base", "da3-small"} <= {entry["name"] for entry in da3.models()}


def test_code_of_a_foreign_file_needs_trust(tmp_path: Path, photo: Path) -> None:
    starter = da3.prefix() / "share/da3/models/starter/fastdepth.pt"
    same = tmp_path / "same.pt"
    same.write_bytes(starter.read_bytes())
    assert da3.load(same, device="cpu").predict(photo).depth.size > 0, "the bundled model, wherever it is"

    other = tmp_path / "other.pt"
    with zipfile.ZipFile(starter) as old, zipfile.ZipFile(other, "w", zipfile.ZIP_STORED) as new:
        for entry in old.namelist():
            new.writestr(entry, old.read(entry))
    with pytest.raises(da3.ModelError, match="trust_code"):
        da3.load(other, device="cpu")
    with pytest.raises(da3.ModelError, match="trust_code"):
        da3.ModelCache(1 << 30).get(other, device="cpu")
    assert da3.load(other, device="cpu", trust_code=True).predict(photo).depth.size > 0


def test_the_cache_keeps_no_foreign_file_longer_than_it_is_there_and_no_trust(tmp_path: Path, photo: Path) -> None:
    starter = da3.prefix() / "share/da3/models/starter/fastdepth.pt"
    file = tmp_path / "mine.pt"

    def write(mean: float) -> None:
        with zipfile.ZipFile(starter) as old, zipfile.ZipFile(tmp_path / "new.pt", "w", zipfile.ZIP_STORED) as new:
            for entry in old.namelist():
                content = old.read(entry)
                if entry.endswith("da3.json"):
                    record = json.loads(content)
                    record["mean"] = [mean] * 3
                    content = json.dumps(record).encode()
                new.writestr(entry, content)
        (tmp_path / "new.pt").replace(file)

    cache = da3.ModelCache(1 << 30)
    write(0)
    first = cache.get(file, device="cpu", trust_code=True).predict(photo).depth
    with pytest.raises(da3.ModelError, match="trust_code"):
        cache.get(file, device="cpu")
    write(0.5)
    second = cache.get(file, device="cpu", trust_code=True).predict(photo).depth
    assert not np.array_equal(first, second)
    assert np.array_equal(second, da3.load(file, device="cpu", trust_code=True).predict(photo).depth)
