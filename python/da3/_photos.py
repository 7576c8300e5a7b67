# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Photos: what may be one, and decoding."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import numpy.typing as npt

from da3 import _core
from da3._errors import UsageError

PhotoLike = Any
"""A path, the bytes of a file, a `Photo`, a PIL image, or a (H, W, 3) uint8 array of any library."""


class Photo:
    """A decoded photo, upright.

    Attributes
    ----------
    pixels : numpy.ndarray
        (H, W, 3) uint8 RGB, row 0 on top; read-only, not copied.
    focal_px : float or None
        Focal length in pixels of `pixels`, as the camera wrote it (EXIF).
    focal_source : str or None
        ``"exif.35mm"`` or ``"exif.sensor"``.
    """

    __slots__ = ("_native",)

    def __init__(self, native: _core.Photo) -> None:
        self._native = native

    @property
    def pixels(self) -> npt.NDArray[np.uint8]:
        return self._native.pixels

    @property
    def focal_px(self) -> float | None:
        return self._native.focal_px

    @property
    def focal_source(self) -> str | None:
        return self._native.focal_source

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.array(self.pixels, dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        height, width, _ = self.pixels.shape
        return f"<da3.Photo {width}x{height}>"


def read(path: str | os.PathLike[str]) -> Photo:
    """The photo in a file: JPEG, PNG, BMP, WebP, TIFF or PNM, turned upright by its EXIF record.

    Parameters
    ----------
    path : str or os.PathLike
        A regular file.

    Returns
    -------
    Photo

    Raises
    ------
    InputError
        Not found, not readable, not a picture, damaged, cut short, or above 2^28 pixels.
    """
    return Photo(_core.read_photo(os.fsencode(path)))


def decode(data: bytes | bytearray | memoryview) -> Photo:
    """The photo in the bytes of a file, as `read` gives it.

    Parameters
    ----------
    data : bytes-like
        The whole file.

    Returns
    -------
    Photo

    Raises
    ------
    InputError
        Not a picture, damaged, cut short, or above 2^28 pixels.
    """
    return Photo(_core.decode_photo(np.frombuffer(data, dtype=np.uint8)))


def _picture(array: Any, given: Any) -> Any:
    """A (H, W, 3) uint8 array whose pixels lie side by side."""
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3:
        raise UsageError(
            f"photo: expected a (height, width, 3) uint8 array, found {tuple(array.shape)} {array.dtype} "
            f"from a {type(given).__name__}",
            "usage",
        )
    return array if array.strides[1:] == (3, 1) and array.strides[0] >= 0 else np.ascontiguousarray(array)


def native_input(photo: PhotoLike) -> Any:
    """What the extension takes for a photo."""
    if isinstance(photo, Photo):
        return photo._native
    if isinstance(photo, (str, os.PathLike)):
        return _core.read_photo(os.fsencode(photo))
    if isinstance(photo, (bytes, bytearray, memoryview)):
        return _core.decode_photo(np.frombuffer(photo, dtype=np.uint8))
    if isinstance(photo, np.ndarray):
        return _picture(photo, photo)
    if type(photo).__module__.split(".")[0] == "PIL":
        return _picture(np.asarray(photo.convert("RGB")), photo)
    if hasattr(photo, "__dlpack__"):
        try:
            return _picture(np.from_dlpack(photo), photo)
        except (BufferError, RuntimeError, TypeError) as problem:
            raise UsageError(
                f"photo: a {type(photo).__name__} that is not in the CPU's memory ({problem})", "usage"
            ) from None
    if hasattr(photo, "__array__"):
        return _picture(np.asarray(photo), photo)
    raise UsageError(
        f"photo: expected a path, bytes, a PIL image or a (height, width, 3) uint8 array, found a {type(photo).__name__}",
        "usage",
    )
