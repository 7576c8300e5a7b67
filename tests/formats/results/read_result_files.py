# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Runs da3 infer on an example photo in every result format, opens each file with a program that knows nothing of da3,
and compares the values with those that docs/output-formats.md claims.

    read_result_files.py DA3 MODEL PHOTO

Ends with 77 (skipped) where a reader is missing: numpy, Pillow, tifffile, imagecodecs, OpenEXR, plyfile.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import imagecodecs  # noqa: F401  (tifffile needs it for the predictor of floats)
    import numpy as np
    import OpenEXR
    import plyfile
    import tifffile
    from PIL import Image
except ImportError as missing:
    print(
        f"skipped: {missing}; pip install numpy pillow tifffile imagecodecs OpenEXR plyfile, and give cmake its Python as"
        " -DDA3_TEST_PYTHON=FILE"
    )
    sys.exit(77)

HFOV_DEGREES = 60
NEAR, FAR = 1.0, 4.0
FORMATS = "png16,exr,exr16,npz,npy,pfm,tiff,grey16,ply,vis,side"


def pfm(file):
    """The three lines and the rows from the bottom up, as every reader of PFM takes them."""
    with open(file, "rb") as stream:
        kind, size, scale = (stream.readline().decode().strip() for _ in range(3))
        assert kind == "Pf" and float(scale) < 0, (kind, scale)
        width, height = map(int, size.split())
        return np.frombuffer(stream.read(), "<f4").reshape(height, width)[::-1]


def grey_levels(file):
    with Image.open(file) as picture:
        assert picture.mode in ("I;16", "I"), picture.mode
        return np.asarray(picture).astype(np.int64)


def check(folder, photo):
    depth = np.load(folder / "a.npy")
    height, width = depth.shape
    rgb = np.asarray(Image.open(photo).convert("RGB"))
    assert rgb.shape == (height, width, 3) and depth.dtype == np.float32
    assert np.isfinite(depth).all() and depth.min() > 0.1 and depth.max() > 1.2 * depth.min(), "not a depth map"

    def same(found, what):
        assert found.dtype == np.float32 and np.array_equal(found, depth), what

    same(pfm(folder / "a.pfm"), "pfm")
    same(tifffile.imread(folder / "a.tiff"), "tiff")
    with tifffile.TiffFile(folder / "a.tiff") as tiff:
        told = json.loads(tiff.pages[0].description)
    same(OpenEXR.File(str(folder / "a.exr")).channels()["Z"].pixels, "exr")
    half = OpenEXR.File(str(folder / "a.half.exr")).channels()["Z"].pixels
    assert half.dtype == np.float16 and np.array_equal(half, depth.astype(np.float16)), "exr16"
    arrays = np.load(folder / "a.npz")
    same(arrays["depth"], "npz")

    focal = width / 2 / np.tan(np.radians(HFOV_DEGREES / 2))
    expected = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
    assert np.allclose(arrays["intrinsics"], expected, rtol=1e-6), arrays["intrinsics"]
    assert told["unit"] == "m" and np.allclose(told["intrinsics"], [focal, focal, width / 2, height / 2]), told

    millimetres = grey_levels(folder / "a.png")
    assert np.abs(millimetres * 0.001 - depth.astype(np.float64)).max() <= 0.0005 + 1e-9, "png16"
    nearness = (1 / depth.astype(np.float64) - 1 / FAR) / (1 / NEAR - 1 / FAR)
    levels = 1 + 65534 * np.clip(nearness, 0, 1)
    assert np.abs(grey_levels(folder / "a.grey.png") - levels).max() <= 1, "grey16: near is white"

    vertices = plyfile.PlyData.read(folder / "a.ply")["vertex"]
    rows, columns = np.mgrid[0:height, 0:width]
    points = np.stack(
        [(columns + 0.5 - width / 2) / focal * depth, (rows + 0.5 - height / 2) / focal * depth, depth], axis=-1
    ).reshape(-1, 3)
    found = np.stack([vertices[axis] for axis in "xyz"], axis=-1)
    assert found.shape == points.shape and np.abs(found - points).max() < 1e-5 * depth.max(), "ply"
    colours = np.stack([vertices[name] for name in ("red", "green", "blue")], axis=-1)
    assert np.array_equal(colours, rgb.reshape(-1, 3)), "ply: colours"

    vis = np.asarray(Image.open(folder / "a.vis.png").convert("RGB"))
    side = np.asarray(Image.open(folder / "a.side.png").convert("RGB"))
    assert np.array_equal(side, np.concatenate([rgb, vis], axis=1)), "side is the photo next to vis"


def main(program, model, photo):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy = folder / "a.png.photo"
        copy.write_bytes(Path(photo).read_bytes())
        (folder / "in").mkdir()
        (folder / "in" / "a.png").write_bytes(copy.read_bytes())
        subprocess.run(
            [program, "infer", folder / "in", "-o", folder / "out", "-m", model, "-f", FORMATS, "--device", "cpu"]
            + ["--hfov", str(HFOV_DEGREES), "--range", f"{NEAR},{FAR}", "--threads", "1", "-q"],
            check=True,
        )
        check(folder / "out", folder / "in" / "a.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
