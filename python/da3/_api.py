# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Everything public, in one place."""

from __future__ import annotations

from da3 import bench
from da3._build import VERSION as __version__
from da3._errors import DeviceError, Error, InputError, Interrupted, ModelError, OutputError, UsageError
from da3._folders import FolderRun, ImageResult, Progress, Summary, infer
from da3._models import Model, ModelCache, devices, load, models
from da3._photos import Photo, PhotoLike, decode, read
from da3._predictions import FORMATS, Prediction, encode
from da3._program import prefix
from da3._pull import pull
from da3._scenes import SCENE_FORMATS, Camera, Scene, SceneView

__all__ = [
    "FORMATS",
    "SCENE_FORMATS",
    "Camera",
    "DeviceError",
    "Error",
    "FolderRun",
    "ImageResult",
    "InputError",
    "Interrupted",
    "Model",
    "ModelCache",
    "ModelError",
    "OutputError",
    "Photo",
    "PhotoLike",
    "Prediction",
    "Progress",
    "Scene",
    "SceneView",
    "Summary",
    "UsageError",
    "__version__",
    "bench",
    "decode",
    "devices",
    "encode",
    "infer",
    "load",
    "models",
    "prefix",
    "pull",
    "read",
]
