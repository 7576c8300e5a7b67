# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""A folder of photos to depth maps and pictures: two scripts that a user of a runtime would write.

`run`: photos are read, resized and normalised by a pool of threads, the network runs in the main thread, results are
resized to the photo, coloured and written by the pool: what the suite `folder` of da3 does, with OpenCV for everything but
the network. `run_loop`: the same, one photo after the other.
"""

from collections import deque
from concurrent.futures import ThreadPoolExecutor
import os
from pathlib import Path

import cv2
import numpy as np

from peer import photo, weights
from peer.programs import Program

_JPEG_QUALITY = 90
_AHEAD = 2  # photos that each thread of the pool may be ahead of the network


def write_photos(folder: Path, settings: dict) -> list[Path]:
    folder.mkdir(exist_ok=True)
    files = []
    for i in range(settings["images"]):
        file = folder / f"{i:05}.jpg"
        drawn = photo.draw(settings["photo_height"], settings["photo_width"], i)
        cv2.imwrite(str(file), drawn[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
        files.append(file)
    return files


def _read(file: Path, settings: dict) -> tuple[np.ndarray, tuple[int, int]]:
    picture = cv2.imread(str(file))
    if picture is None:
        raise ValueError(f"{file} cannot be read")
    size = settings["width"], settings["height"]
    shrinks = size[0] < picture.shape[1]
    resized = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    return weights.normalise(resized[None, :, :, ::-1]), picture.shape[:2]


def _write(depth: np.ndarray, size: tuple[int, int], stem: Path, formats: list[str]) -> None:
    depth = cv2.resize(depth, (size[1], size[0]), interpolation=cv2.INTER_LINEAR)
    if "png16" in formats:
        levels = np.round(depth * (65535 / max(float(depth.max()), 1e-12))).astype(np.uint16)
        cv2.imwrite(f"{stem}.png", levels)
    if "vis" not in formats:
        return
    near, far = np.percentile(1 / np.maximum(depth, 1e-12), (98, 2))
    grey = np.clip((1 / np.maximum(depth, 1e-12) - far) / max(float(near - far), 1e-12), 0, 1)
    cv2.imwrite(f"{stem}.vis.png", cv2.applyColorMap((grey * 255).astype(np.uint8), cv2.COLORMAP_TURBO))


def formats_of(settings: dict) -> list[str]:
    """Raises: ValueError for formats other than png16 and vis."""
    formats = settings.get("formats", "png16,vis").split(",")
    unknown = set(formats) - {"png16", "vis"}
    if unknown:
        raise ValueError(f"the scripts write png16 and vis, not {', '.join(sorted(unknown))}")
    return formats


def chosen_script():
    return run_loop if os.environ.get("DA3_PEER_LOOP") else run


def run_loop(files: list[Path], program: Program, out: Path, settings: dict) -> None:
    """As `run`, one photo after the other; OpenCV has all threads."""
    formats = formats_of(settings)
    out.mkdir(exist_ok=True)
    cv2.setNumThreads(max(1, settings["threads"]))
    program.prepare()
    for file in files:
        x, size = _read(file, settings)
        _write(program.run(x), size, out / file.stem, formats)


def run(files: list[Path], program: Program, out: Path, settings: dict) -> None:
    """Depth of `files` as OUT/STEM.png (16 bits) and OUT/STEM.vis.png, those of them that `formats` names."""
    formats = formats_of(settings)
    out.mkdir(exist_ok=True)
    cv2.setNumThreads(1)  # the pool is parallel already
    program.prepare()
    workers = max(1, settings["threads"])
    with ThreadPoolExecutor(workers) as pool:
        waiting = iter(files)
        reads = deque((file, pool.submit(_read, file, settings)) for file, _ in zip(waiting, range(_AHEAD * workers)))
        writes = deque()
        while reads:
            file, read = reads.popleft()
            x, size = read.result()
            following = next(waiting, None)
            if following is not None:
                reads.append((following, pool.submit(_read, following, settings)))
            writes.append(pool.submit(_write, program.run(x), size, out / file.stem, formats))
            while writes and writes[0].done():
                writes.popleft().result()
        for write in writes:
            write.result()
