# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Which weights a model is measured with, and pictures as its input. No PyTorch: runtimes are timed without it."""

import os
from pathlib import Path

import numpy as np

SEED = 1  # of da3's synthetic weights
PATCH = 14
MEAN = np.array((0.485, 0.456, 0.406), np.float32)
STD = np.array((0.229, 0.224, 0.225), np.float32)


def cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "da3"


def weights_folder(model: str) -> Path | None:
    """Published weights of a model: DA3_PEER_WEIGHTS/MODEL/model.safetensors."""
    root = os.environ.get("DA3_PEER_WEIGHTS")
    folder = Path(root) / model if root else None
    return folder if folder and (folder / "model.safetensors").is_file() else None


def origin(model: str) -> str:
    """What a report's setting `weights` says."""
    return "published" if weights_folder(model) else "synthetic"


def normalise(pictures: np.ndarray) -> np.ndarray:
    """(N, H, W, 3) uint8 to N scenes of one view, (N, 1, 3, H, W) float32, contiguous."""
    x = (pictures.astype(np.float32) / 255 - MEAN) / STD
    return np.ascontiguousarray(x.transpose(0, 3, 1, 2))[:, None]
