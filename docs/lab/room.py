#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Photos of a room that does not exist: the pictures of docs/scene.md start from it, and it has true depth and cameras.

    room.py FOLDER [--views 8] [--width 960] [--height 640]

FOLDER gets photos/roomNN.png, cameras.json (readable by `da3 scene --cameras`) and truth.npz (depth (S, H, W) float32,
metres).
Axes: x right, y down, z forward, metres. Needs numpy and Pillow.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from PIL import Image

# Boxes: low corner, high corner, colour, kind of surface. The room itself is seen from inside.
ROOM = ((-2.6, -2.5, -3.2), (2.6, 0.0, 3.2))
BOXES = [
    ((-0.9, -0.76, 0.7), (0.9, -0.70, 1.6), (0.55, 0.36, 0.20), "wood"),  # table top
    ((-0.85, -0.70, 0.75), (-0.78, 0.0, 0.82), (0.40, 0.26, 0.15), "wood"),
    ((0.78, -0.70, 0.75), (0.85, 0.0, 0.82), (0.40, 0.26, 0.15), "wood"),
    ((-0.85, -0.70, 1.48), (-0.78, 0.0, 1.55), (0.40, 0.26, 0.15), "wood"),
    ((0.78, -0.70, 1.48), (0.85, 0.0, 1.55), (0.40, 0.26, 0.15), "wood"),
    ((-2.6, -1.9, 2.75), (-1.2, 0.0, 3.2), (0.72, 0.68, 0.60), "shelf"),
    ((1.5, -0.45, 1.7), (2.6, 0.0, 3.2), (0.25, 0.38, 0.50), "cloth"),  # sofa
    ((2.35, -0.85, 1.7), (2.6, -0.45, 3.2), (0.22, 0.34, 0.46), "cloth"),
    ((-0.45, -0.98, 1.05), (-0.20, -0.76, 1.30), (0.80, 0.25, 0.18), "plain"),  # on the table
    ((0.30, -0.80, 0.90), (0.62, -0.76, 1.15), (0.92, 0.90, 0.84), "page"),
    ((-2.1, -0.5, 0.2), (-1.5, 0.0, 0.8), (0.35, 0.45, 0.28), "cloth"),
]
SPHERES = [
    ((0.05, -0.90, 1.25), 0.14, (0.90, 0.62, 0.15)),
    ((1.95, -0.62, 2.3), 0.18, (0.75, 0.72, 0.35)),
    ((-1.8, -0.72, 0.5), 0.22, (0.60, 0.30, 0.55)),
]
LIGHT = np.array([0.6, -2.3, 0.2])


def hash_noise(cells):
    """One number of 0..1 for every cell (N, 3) of whole numbers."""
    x = (cells[:, 0] * 374761393 + cells[:, 1] * 668265263 + cells[:, 2] * 2147483647).astype(np.int64)
    x = (x ^ (x >> 13)) * 1274126177
    return ((x ^ (x >> 16)) & 0xFFFF) / 65535.0


def smooth_noise(points, cell):
    base = np.floor(points / cell)
    part = points / cell - base
    part = part * part * (3 - 2 * part)
    total = np.zeros(len(points))
    for corner in range(8):
        offset = np.array([corner & 1, corner >> 1 & 1, corner >> 2])
        weight = np.prod(np.where(offset, part, 1 - part), axis=1)
        total += weight * hash_noise((base + offset).astype(np.int64))
    return total


def surface(points, normals, colours, kinds):
    """Colours (N, 3) of 0..1 at points of the surfaces."""
    out = colours.copy()
    out *= (0.90 + 0.2 * smooth_noise(points, 0.05))[:, None]
    wood = kinds == "wood"
    grain = smooth_noise(points[wood] * [0.6, 3, 12], 0.25)
    out[wood] *= (0.75 + 0.5 * grain)[:, None]
    floor = kinds == "floor"
    plank = np.floor(points[floor][:, 0] / 0.22)
    shade = hash_noise(
        np.stack([plank, np.floor(points[floor][:, 2] / 1.1 + plank * 0.37), plank * 0], 1).astype(np.int64)
    )
    out[floor] = (
        np.array([0.58, 0.43, 0.28])
        * (0.72 + 0.4 * shade + 0.2 * smooth_noise(points[floor] * [8, 1, 0.8], 0.2))[:, None]
    )
    joint = (points[floor][:, 0] / 0.22) % 1 < 0.03
    out[np.flatnonzero(floor)[joint]] *= 0.55
    rug = floor & (np.abs(points[:, 0]) < 1.5) & (np.abs(points[:, 2] - 1.1) < 1.1)
    rings = np.floor(np.maximum(np.abs(points[rug][:, 0]) / 1.5, np.abs(points[rug][:, 2] - 1.1) / 1.1) * 7) % 2
    out[rug] = (
        np.where(rings[:, None] > 0, [0.62, 0.20, 0.18], [0.82, 0.74, 0.60])
        * (0.8 + 0.3 * hash_noise((points[rug] * 90).astype(np.int64)))[:, None]
    )
    wall = kinds == "wall"
    along = np.where(np.abs(normals[wall][:, 0]) > 0.5, points[wall][:, 2], points[wall][:, 0])
    stripes = np.floor(along / 0.16) % 2
    out[wall] = (
        np.where(stripes[:, None] > 0, [0.78, 0.80, 0.74], [0.70, 0.74, 0.69])
        * (0.95 + 0.1 * smooth_noise(points[wall], 0.3))[:, None]
    )
    skirting = wall & (points[:, 1] > -0.12)
    out[skirting] = [0.92, 0.92, 0.90]
    for centre, half, tint in (
        ((0.2, -1.55), (0.55, 0.40), (0.20, 0.45, 0.65)),
        ((1.7, -1.6), (0.35, 0.45), (0.75, 0.50, 0.25)),
    ):
        back = wall & (points[:, 2] > 3.19)
        dx, dy = (points[:, 0] - centre[0]) / half[0], (points[:, 1] - centre[1]) / half[1]
        frame = back & (np.abs(dx) < 1.1) & (np.abs(dy) < 1.1)
        out[frame] = [0.25, 0.20, 0.16]
        inner = back & (np.abs(dx) < 1) & (np.abs(dy) < 1)
        waves = np.sin(7 * dx[inner] + 3 * np.sin(4 * dy[inner])) * 0.5 + 0.5
        out[inner] = np.array(tint) * (0.4 + 0.9 * waves)[:, None]
    shelf = kinds == "shelf"
    board = (points[shelf][:, 1] + 1.9) % 0.46
    book = np.floor(points[shelf][:, 0] / 0.055)
    row = np.floor((points[shelf][:, 1] + 1.9) / 0.46)
    pick = np.stack([hash_noise(np.stack([book, row, book * 0 + k], 1).astype(np.int64)) for k in range(3)], 1)
    books = (board > 0.05) & (board > 0.12 + 0.1 * pick[:, 0]) & (np.abs(normals[shelf][:, 2]) > 0.5)
    spots = np.flatnonzero(shelf)
    out[spots[board > 0.05]] = [0.16, 0.13, 0.11]
    out[spots[books]] = 0.15 + 0.7 * pick[books]
    cloth = kinds == "cloth"
    weave = (np.floor(points[cloth].sum(1) / 0.03) % 2) * 0.25 + 0.75
    out[cloth] *= weave[:, None]
    page = kinds == "page"
    lines = ((points[page][:, 2] / 0.022) % 1 < 0.35) & (
        hash_noise((points[page] * [60, 1, 45]).astype(np.int64)) > 0.3
    )
    out[np.flatnonzero(page)[lines]] = [0.2, 0.2, 0.22]
    return np.clip(out, 0, 1)


def slab(origins, directions, low, high):
    """Distances at which rays enter and leave a box, and the axes of these sides."""
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = (np.array(low) - origins) / directions, (np.array(high) - origins) / directions
    near, far = np.minimum(a, b), np.maximum(a, b)
    return near.max(1), far.min(1), near.argmax(1), far.argmin(1)


def trace(origins, directions):
    """Distance, normal, colour and kind of what each ray meets first."""
    count = len(origins)
    rows = np.arange(count)
    _, best, _, side = slab(origins, directions, *ROOM)
    normals = np.zeros((count, 3))
    normals[rows, side] = -np.sign(directions[rows, side])
    colours = np.full((count, 3), 0.9)
    kinds = np.full(count, "wall", dtype=object)
    kinds[(side == 1) & (directions[:, 1] > 0)] = "floor"
    kinds[(side == 1) & (directions[:, 1] < 0)] = "plain"
    for low, high, colour, kind in BOXES:
        enter, leave, axis, _ = slab(origins, directions, low, high)
        hit = (enter < leave) & (enter > 1e-4) & (enter < best)
        best = np.where(hit, enter, best)
        normals[hit] = 0
        normals[rows[hit], axis[hit]] = -np.sign(directions[rows[hit], axis[hit]])
        colours[hit], kinds[hit] = colour, kind
    for centre, radius, colour in SPHERES:
        away = origins - np.array(centre)
        half = (away * directions).sum(1)
        inside = half * half - (away * away).sum(1) + radius * radius
        t = -half - np.sqrt(np.maximum(inside, 0))
        hit = (inside > 0) & (t > 1e-4) & (t < best)
        best = np.where(hit, t, best)
        normals[hit] = ((origins + directions * t[:, None]) - np.array(centre))[hit] / radius
        colours[hit], kinds[hit] = colour, "plain"
    return best, normals, colours, kinds


def shade(origins, directions, rng):
    t, normals, colours, kinds = trace(origins, directions)
    points = origins + directions * t[:, None]
    albedo = surface(points, normals, colours, kinds)
    light = np.zeros(len(points))
    for _ in range(2):  # a round lamp gives soft shadows
        to_light = LIGHT + rng.normal(0, 0.14, (len(points), 3)) - points
        distance = np.linalg.norm(to_light, axis=1)
        to_light /= distance[:, None]
        reach, _, _, _ = trace(points + normals * 2e-3, to_light)
        light += (
            (reach > distance - 5e-3) * np.maximum((normals * to_light).sum(1), 0) * 4.2 / (1.5 + distance**2) / 2
        )
    corner = np.minimum.reduce(
        [
            np.abs(points[:, 0] + 2.6),
            np.abs(points[:, 0] - 2.6),
            np.abs(points[:, 2] - 3.2),
            np.abs(points[:, 1]) + 0.05,
        ]
    )
    ambient = 0.34 * (0.72 + 0.28 * np.clip(corner / 0.4, 0, 1)) * (0.9 - 0.1 * normals[:, 1])
    return albedo * (ambient + light)[:, None] * np.array([1.04, 1.0, 0.94]), t


def camera_from_world(centre, target):
    forward = np.array(target, float) - centre
    forward /= np.linalg.norm(forward)
    right = np.cross([0, 1.0, 0], forward)
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(forward, right), forward])
    return np.hstack([rotation, -(rotation @ centre)[:, None]])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--views", type=int, default=8)
    parser.add_argument("--width", type=int, default=960)
    parser.add_argument("--height", type=int, default=640)
    args = parser.parse_args()
    (args.folder / "photos").mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    width, height, focal = args.width, args.height, 0.86 * args.width
    intrinsics = [[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]]
    views, depths = [], []
    for index in range(args.views):
        turn = (index / max(1, args.views - 1) - 0.5) * 1.15
        centre = np.array([2.3 * np.sin(turn), -1.45 - 0.12 * np.cos(3 * turn), 1.2 - 3.2 * np.cos(turn)])
        matrix = camera_from_world(centre, (0.1 * np.sin(5 * turn), -0.85, 1.5))
        colour, depth = np.zeros((height * width, 3)), None
        v, u = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
        for dv, du in ((0.5, 0.5), (0.25, 0.25), (0.25, 0.75), (0.75, 0.25), (0.75, 0.75)):
            rays = np.stack(
                [(u + du - width / 2) / focal, (v + dv - height / 2) / focal, np.ones_like(u, float)], -1
            ).reshape(-1, 3)
            length = np.linalg.norm(rays, axis=1)
            seen, t = shade(np.broadcast_to(centre, rays.shape), rays / length[:, None] @ matrix[:, :3], rng)
            colour += np.clip(seen, 0, 1) / 5
            depth = t / length if depth is None else depth
        picture = (np.clip(colour, 0, 1) ** (1 / 1.9) * 255 + 0.5).astype(np.uint8).reshape(height, width, 3)
        Image.fromarray(picture).save(args.folder / "photos" / f"room{index:02d}.png")
        depths.append(depth.reshape(height, width).astype(np.float32))
        views.append(
            {
                "photo": f"room{index:02d}.png",
                "width": width,
                "height": height,
                "camera_from_world": matrix.tolist(),
                "intrinsics": intrinsics,
            }
        )
    cameras = {
        "schema": 1,
        "convention": "camera_from_world, OpenCV axes, pixels from the outer corner",
        "unit": "m",
        "source": "given",
        "reference": 0,
        "views": views,
    }
    (args.folder / "cameras.json").write_text(json.dumps(cameras, indent=1))
    np.savez_compressed(args.folder / "truth.npz", depth=np.stack(depths))


if __name__ == "__main__":
    main()
