# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Scenes: several photos of one place, seen together."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from da3 import _core
from da3._checks import is_zero, positive, text, whole
from da3._errors import UsageError

SCENE_FORMATS = ("glb", "ply", "cameras", "transforms", "npz", "colmap")
"""Formats of `Scene.save` (docs/scene.md)."""


@dataclass(frozen=True)
class Camera:
    """Where a view's camera stands and what it sees.

    A point (X, Y, Z) of the scene is at ``intrinsics @ camera_from_world @ (X, Y, Z, 1)``, divided by its third
    element. The camera looks along +Z, +Y is down.

    Attributes
    ----------
    intrinsics : numpy.ndarray
        (3, 3) float64, in pixels; (0, 0) is the outer corner of the first one.
    camera_from_world : numpy.ndarray
        (3, 4) float64: a rotation, and a translation of the depth's unit.
    """

    intrinsics: npt.NDArray[np.float64]
    camera_from_world: npt.NDArray[np.float64]


def _fixed(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Read-only, as the maps of a view are: a scene's files would not have what is written to the copy."""
    array.flags.writeable = False
    return array


class SceneView:
    """One photo of a scene, at the size at which the network saw it.

    Attributes
    ----------
    depth : numpy.ndarray
        (H, W) float32 along the camera's axis, of the scene's unit; not finite or not above 0: no value.
    confidence : numpy.ndarray or None
        (H, W) float32 above 1, larger is surer.
    sky : numpy.ndarray or None
        (H, W) float32, 0..1.
    pixels : numpy.ndarray
        (H, W, 3) uint8, what the network saw.
    camera : Camera
        In pixels of these maps.
    photo_camera : Camera
        In pixels of the whole upright photo.
    photo_size : (int, int)
        Height and width of the photo.
    predicted : Camera or None
        The network's own camera, in pixels of these maps, where the caller gave cameras.
    """

    __slots__ = (
        "_index",
        "_native",
        "camera",
        "confidence",
        "depth",
        "photo_camera",
        "photo_size",
        "pixels",
        "predicted",
        "sky",
    )

    def __init__(self, native: _core.Scene, index: int) -> None:
        view = native.view(index)
        self._native, self._index = native, index
        self.depth: npt.NDArray[np.float32] = view["depth"]
        self.confidence: npt.NDArray[np.float32] | None = view["confidence"]
        self.sky: npt.NDArray[np.float32] | None = view["sky"]
        self.pixels: npt.NDArray[np.uint8] = view["pixels"]
        self.photo_size: tuple[int, int] = view["photo_size"]
        pose = _fixed(view["camera_from_world"])
        self.camera = Camera(_fixed(view["intrinsics"]), pose)
        self.photo_camera = Camera(_fixed(view["photo_intrinsics"]), pose)
        self.predicted = (
            Camera(_fixed(view["predicted_intrinsics"]), _fixed(view["predicted_camera_from_world"]))
            if "predicted_intrinsics" in view
            else None
        )

    def photo_depth(self) -> npt.NDArray[np.float32]:
        """Depth at the size of the photo, interpolated; NaN where the cut for other views left nothing."""
        return self._native.photo_depth(self._index)

    def __repr__(self) -> str:
        height, width = self.depth.shape
        return f"<da3.SceneView {width}x{height} of a photo of {self.photo_size[1]}x{self.photo_size[0]}>"


class Scene:
    """Photos of one place, in one world and one unit; made by `Model.predict_scene`.

    Attributes
    ----------
    views : list of SceneView
        In the order of the photos.
    reference : int or None
        The reference view; None with windows.
    unit : str or None
        ``"m"``, ``"given"`` (that of the caller's cameras), or None (unknown).
    record : dict
        The scene's record of docs/scene.md: similarity to given cameras, windows, points.
    warnings : list of str
        What the user should know of.
    """

    def __init__(self, native: _core.Scene) -> None:
        self._native = native
        self.views = [SceneView(native, index) for index in range(len(native))]
        self._points: tuple[Any, ...] | None = None
        record = self.record
        self.reference: int | None = record["reference"]
        self.unit: str | None = record["unit"]
        self.warnings: list[str] = [each["message"] for each in record["warnings"]]

    @property
    def record(self) -> dict[str, Any]:
        return json.loads(self._native.record())

    def _arrays(self) -> tuple[Any, ...]:
        if self._points is None:
            self._points = tuple(_fixed(array) for array in self._native.points())
        return self._points

    @property
    def points(self) -> npt.NDArray[np.float64]:
        """(N, 3) positions in the world, by view, row and column."""
        return self._arrays()[0]

    @property
    def colors(self) -> npt.NDArray[np.uint8]:
        """(N, 3) colours of the points, sRGB."""
        return self._arrays()[1]

    @property
    def point_confidence(self) -> npt.NDArray[np.float32]:
        """(N,) confidence of the points; 0 where the network has none."""
        return self._arrays()[2]

    @property
    def point_pixels(self) -> npt.NDArray[np.uint32]:
        """(N, 3) view, row and column that the points come from."""
        return self._arrays()[3]

    def choose_points(
        self,
        *,
        keep: float = 60,
        min_confidence: float | None = None,
        edges: float | None = None,
        max_points: int | None = 1_000_000,
        sky_points: bool = False,
    ) -> None:
        """Chooses the points again.

        Parameters
        ----------
        keep : float
            The surest pixels, in percent of all.
        min_confidence : float, optional
            Pixels of at least this confidence, instead of `keep`; 0: all.
        edges : float, optional
            No points where depth differs by more percent from a neighbour's.
        max_points : int, optional
            An even choice of so many; None: all.
        sky_points : bool
            Also pixels that the network calls sky.

        Raises
        ------
        UsageError
        """
        percent = positive("keep", keep)
        if not percent <= 100:
            raise UsageError(f"keep: expected a percentage of at most 100, found {keep!r}", "usage")
        self._native.choose_points(
            percent,
            # The library's 0 is "not given", below it every pixel.
            -1.0 if is_zero(min_confidence) else positive("min_confidence", min_confidence),
            positive("edges", edges),
            -1 if max_points is None else whole("max_points", max_points, most=2**63 - 1),
            bool(sky_points),
        )
        self._points = None

    def save(self, path: str | os.PathLike[str], format: str | None = None) -> None:
        """Writes a file of the scene, whole or not at all, as ``da3 scene`` writes it.

        Parameters
        ----------
        path : str or os.PathLike
            Without `format` its ending decides: ``.glb``, ``.ply``, ``.npz``, ``transforms.json``, or any other
            ``.json`` for cameras. ``colmap`` takes a folder.
        format : str, optional
            One of `SCENE_FORMATS`.

        Raises
        ------
        UsageError
            No format for that ending.
        OutputError
            The file cannot be written.
        """
        name = os.fspath(path)
        self._native.write(format or scene_format_of(name), os.fsencode(name))

    def __repr__(self) -> str:
        return f"<da3.Scene of {len(self.views)} views, {len(self.points)} points>"


def scene_format_of(path: str) -> str:
    """The format that a file's ending means."""
    name = os.path.basename(path).lower()
    if name == "transforms.json":
        return "transforms"
    endings = {".glb": "glb", ".ply": "ply", ".npz": "npz", ".json": "cameras"}
    for ending, format in endings.items():
        if name.endswith(ending):
            return format
    raise UsageError(
        f"{path}: no format of a scene has that ending; expected one of {', '.join(endings)}, or name a format",
        "usage",
    )


def scene_options(
    *,
    process_res: int | None = None,
    resize_method: str | None = None,
    mixed: str = "crop",
    reference: str | int = "saddle_balanced",
    cameras: Sequence[Camera] | None = None,
    keep_scale: bool = False,
    window: int | None = None,
    overlap: int | None = None,
) -> _core.SceneOptions:
    options = _core.SceneOptions()
    for name, value in (("process_res", process_res), ("window", window), ("overlap", overlap)):
        setattr(options, name, whole(name, value))
    options.resize_method = text(resize_method)
    if mixed not in ("crop", "error"):
        raise UsageError(f"mixed: expected 'crop' or 'error', found {mixed!r}", "usage")
    options.refuse_mixed = mixed == "error"
    options.reference = str(reference)
    options.keep_scale = bool(keep_scale)
    if cameras is not None:
        options.cameras = np.concatenate([_numbers_of(camera) for camera in cameras]).tolist() if cameras else []
    return options


def _numbers_of(camera: Camera) -> npt.NDArray[np.float64]:
    try:
        matrix = np.asarray(camera.camera_from_world, dtype=np.float64)
        intrinsics = np.asarray(camera.intrinsics, dtype=np.float64)
    except (AttributeError, TypeError, ValueError):
        raise UsageError(f"cameras: expected a da3.Camera with matrices, found {camera!r}", "usage") from None
    if matrix.shape not in ((3, 4), (4, 4)) or intrinsics.shape != (3, 3):
        raise UsageError(
            f"cameras: expected matrices of (3, 4) and (3, 3), found {matrix.shape} and {intrinsics.shape}", "usage"
        )
    if matrix.shape == (4, 4) and not np.array_equal(matrix[3], (0, 0, 0, 1)):
        raise UsageError(
            f"cameras: the last row of a (4, 4) matrix is 0 0 0 1, found {matrix[3]}; is it transposed?", "usage"
        )
    return np.concatenate([matrix[:3].ravel(), intrinsics.ravel()])
