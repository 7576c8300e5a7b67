# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Predictions, and the bytes of result files."""

from __future__ import annotations

import os
import uuid
from typing import Any

import numpy as np
import numpy.typing as npt

from da3 import _core
from da3._checks import depth_range
from da3._errors import OutputError, UsageError
from da3._photos import PhotoLike, native_input

FORMATS = tuple(_core.encode_formats().split(", "))
"""Formats of result files (docs/output-formats.md): ``"png16"``, ``"exr"``, ``"npz"``, ``"tiff"``, ``"vis"`` and others."""


class Prediction:
    """Maps of one photo, all of one size.

    Attributes
    ----------
    depth : numpy.ndarray
        (H, W) float32, growing with distance; not copied. Values that are not finite mean: no value.
    kind : str
        ``"metric"`` (metres) or ``"relative"`` (unknown scale); with ``raw=True`` the network's own kind.
    unit : str or None
        ``"m"`` or None.
    confidence : numpy.ndarray or None
        (H, W) float32 above 1, larger is surer.
    sky : numpy.ndarray or None
        (H, W) float32, 0..1.
    focal_px : float or None
        The focal length, in pixels of the photo, that made metres of the depth; None if none was needed.
    """

    __slots__ = ("confidence", "depth", "focal_px", "kind", "sky")

    depth: npt.NDArray[np.float32]
    kind: str
    confidence: npt.NDArray[np.float32] | None
    sky: npt.NDArray[np.float32] | None
    focal_px: float | None

    def __init__(self, maps: dict[str, Any]) -> None:
        self.depth = maps["depth"]
        self.kind = maps["kind"]
        self.confidence = maps["confidence"]
        self.sky = maps["sky"]
        self.focal_px = maps["focal_px"]

    @property
    def unit(self) -> str | None:
        return "m" if self.kind == "metric" else None

    def encode(
        self,
        format: str,
        *,
        photo: PhotoLike = None,
        colormap: str = "spectral",
        vis_range: tuple[float, float] | None = None,
    ) -> bytes:
        """The bytes that ``da3 infer -f FORMAT`` writes for this photo; see `encode`."""
        return encode(
            self.depth,
            format,
            kind=self.kind,
            confidence=self.confidence,
            sky=self.sky,
            photo=photo,
            colormap=colormap,
            vis_range=vis_range,
        )

    def save(self, path: str | os.PathLike[str], format: str | None = None, **options: Any) -> None:
        """Writes a result file, whole or not at all.

        Parameters
        ----------
        path : str or os.PathLike
            Without `format` its ending decides: ``.png`` (16 bits), ``.exr``, ``.half.exr``, ``.npz``, ``.npy``, ``.pfm``,
            ``.tiff``, ``.grey.png``, ``.vis.png``, ``.vis.jpg``, ``.side.png``, ``.side.jpg``.
        format : str, optional
            One of `FORMATS`.
        **options
            Of `encode`.

        Raises
        ------
        UsageError
            No format for that ending.
        OutputError
            The file cannot be written.
        """
        path = os.fsdecode(path)
        write_whole(path, self.encode(format or format_of(path), **options))

    def __repr__(self) -> str:
        height, width = self.depth.shape
        return f"<da3.Prediction {width}x{height} {self.kind}>"


def format_of(path: str) -> str:
    """The format that a file's ending means; the longest ending wins."""
    endings = {_core.format_suffix(name): name for name in FORMATS}
    for ending in sorted(endings, key=len, reverse=True):
        if path.lower().endswith(ending):
            return endings[ending]
    raise UsageError(
        f"{path}: no format has that ending; expected one of {', '.join(endings)}, or name a format", "usage"
    )


def write_whole(path: str, data: bytes) -> None:
    """Writes a file under a temporary name, then renames it."""
    temporary = os.path.join(os.path.dirname(path), f".da3-{uuid.uuid4().hex}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.write(data)
        os.replace(temporary, path)
    except BaseException as problem:
        if os.path.exists(temporary):
            os.unlink(temporary)
        if isinstance(problem, ValueError):  # A NUL byte
            raise UsageError(f"{path!r}: {problem}", "usage") from None
        if not isinstance(problem, OSError):
            raise
        raise OutputError(f"{path}: cannot be written ({problem.strerror})", "output.failed") from problem


def _float_map(name: str, values: Any) -> npt.NDArray[np.float32]:
    try:
        if np.iscomplexobj(values):
            raise TypeError("complex ones are none")
        array = np.ascontiguousarray(values, dtype=np.float32)
    except (RuntimeError, TypeError, ValueError) as problem:
        raise UsageError(f"{name}: expected a (height, width) array of numbers ({problem})", "usage") from None
    if array.ndim != 2:
        raise UsageError(f"{name}: expected a (height, width) array, found {array.shape}", "usage")
    return array


def encode(
    depth: Any,
    format: str,
    *,
    kind: str = "relative",
    confidence: Any = None,
    sky: Any = None,
    photo: PhotoLike = None,
    colormap: str = "spectral",
    vis_range: tuple[float, float] | None = None,
) -> bytes:
    """The bytes of a result file (docs/output-formats.md).

    Parameters
    ----------
    depth : array
        (H, W), growing with distance; values that are not finite mean: no value.
    format : str
        One of `FORMATS`.
    kind : str
        ``"metric"`` (metres) or ``"relative"``.
    confidence, sky : array, optional
        (H, W), for ``npz`` and ``exr``.
    photo : photo, optional
        Needed for ``side``: a path, bytes, a PIL image or an array of depth's height.
    colormap : str
        Colours of ``vis`` and ``side``.
    vis_range : (float, float), optional
        Depth shown nearest and farthest; None: 2nd to 98th percentile of this picture's inverse depth.

    Returns
    -------
    bytes

    Raises
    ------
    UsageError
        An unknown format or colour map, shapes that differ, a missing photo.
    """
    maps = [
        None if given is None else _float_map(name, given) for name, given in (("confidence", confidence), ("sky", sky))
    ]
    try:
        return _core.encode(
            str(format),
            str(kind),
            _float_map("depth", depth),
            *maps,
            None if photo is None else native_input(photo),
            str(colormap),
            depth_range(vis_range),
        )
    except ValueError as problem:
        raise problem if isinstance(problem, UsageError) else UsageError(str(problem), "usage") from None
