#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""A "network" that knows the room of room.py: it answers its photos, all and in order, with their true depth and cameras.

    room.py ROOM
    room_network.py ROOM ROOM/room.pt
    da3 scene ROOM/photos -m ROOM/room.pt --trust-code -o scene

So the files of a scene can be looked at without published weights: what they show is exact, and nothing is said about
any network's quality. The pictures of docs/scene.md are made so. Needs numpy and torch.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch

HEIGHT, WIDTH = 336, 504  # What 960x640 becomes at 504.


class Room(torch.nn.Module):
    def __init__(self, depth, confidence, extrinsics, intrinsics):
        super().__init__()
        self.register_buffer("depth", depth)
        self.register_buffer("confidence", confidence)
        self.register_buffer("extrinsics", extrinsics)
        self.register_buffer("intrinsics", intrinsics)

    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        views = image.size(1)
        if image.size(3) != self.depth.size(2) or image.size(4) != self.depth.size(3):
            # The program tries a model on a small picture before it takes it.
            flat = image.mean(2) * 0 + 1
            return {"depth": flat, "depth_conf": flat + 1}
        return {"depth": self.depth[:, :views], "depth_conf": self.confidence[:, :views]}

    @torch.jit.export
    def pose(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        result = self.forward(image)
        views = image.size(1)
        count = min(views, self.extrinsics.size(1))
        result["extrinsics"] = self.extrinsics[:, :count]
        result["intrinsics"] = self.intrinsics[:, :count]
        return result


def main():
    folder, output = Path(sys.argv[1]), sys.argv[2]
    views = json.loads((folder / "cameras.json").read_text())["views"]
    truth = np.load(folder / "truth.npz")["depth"]
    rows = ((np.arange(HEIGHT) + 0.5) * truth.shape[1] / HEIGHT).astype(int)
    columns = ((np.arange(WIDTH) + 0.5) * truth.shape[2] / WIDTH).astype(int)
    depth = truth[:, rows][:, :, columns]
    # Sure but at edges of depth, as networks are. Inverse depth is linear on planes, however steep.
    bend = sum(np.abs(np.gradient(each, axis=axis)) for axis, each in zip((1, 2), np.gradient(1 / depth, axis=(1, 2))))
    confidence = 1 + 4 / (1 + 60 * bend * depth)
    scale = np.array([[WIDTH / views[0]["width"]], [HEIGHT / views[0]["height"]], [1]])
    arrays = [
        depth,
        confidence,
        np.stack([each["camera_from_world"] for each in views]),
        np.stack([np.array(each["intrinsics"]) * scale for each in views]),
    ]
    model = torch.jit.script(Room(*(torch.from_numpy(each.astype(np.float32))[None] for each in arrays)).eval())
    record = {
        "schema": 1,
        "name": "room-truth",
        "family": "truth",
        "network": {"id": "", "layout": 0, "config": {}},
        "parameters": 0,
        "patch": 14,
        "mean": [0.485, 0.456, 0.406],
        "std": [0.229, 0.224, 0.225],
        "input_range": [0, 1],
        "process_res": 504,
        "resize_method": "upper_bound_resize",
        "depth": {"kind": "metric", "unit": "m", "larger_is_farther": True},
        "outputs": ["depth", "depth_conf", "pose"],
        "attention": [],
        "weights": {"origin": "foreign", "seed": None, "source": "docs/lab/room.py", "source_sha256": None, "sha256": None},
        "selftest": None,
        "licence": {"spdx": "Apache-2.0", "attribution": ""},
        "da3_version": "0.1.0",
    }
    torch.jit.save(model, output, _extra_files={"da3.json": json.dumps(record)})


if __name__ == "__main__":
    main()
