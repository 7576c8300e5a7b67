# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Photos: what may be one, and decoding."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import numpy.typing as npt

from da3 import _core
from da3._errors import InputError, UsageError

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
    return Photo(_core.decode_photo(_file_bytes(data)))


def _file_bytes(data: Any) -> npt.NDArray[np.uint8]:
    """The bytes as an array, which copies them only where they do not lie next to each other."""
    view = memoryview(data)
    return np.frombuffer(view if view.c_contiguous else view.tobytes(), dtype=np.uint8)


def several_photos(photos: Any) -> list[PhotoLike]:
    """A caller's photos as a list; one photo alone is a mistake for several."""
    if isinstance(photos, (str, bytes, bytearray, memoryview, os.PathLike, Photo)) or not hasattr(photos, "__iter__"):
        raise UsageError(f"photos: expected a list of photos, found one {type(photos).__name__}", "usage")
    return list(photos)


def _picture(array: Any, given: Any) -> Any:
    """A (H, W, 3) uint8 array whose rows are whole in memory, one after the other."""
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3:
        raise UsageError(
            f"photo: expected a (height, width, 3) uint8 array, found {tuple(array.shape)} {array.dtype} "
            f"from a {type(given).__name__}",
            "usage",
        )
    if array.size == 0:
        raise UsageError(
            f"photo: expected a height and width above 0, found {array.shape[0]} x {array.shape[1]}", "usage"
        )
    whole = array.strides[1:] == (3, 1) and (array.shape[0] == 1 or array.strides[0] >= 3 * array.shape[1])
    return array if whole else np.ascontiguousarray(array)


def _of_pil(photo: Any) -> Any:
    # PIL cuts larger values than 255 off where it makes 8 bits of them.
    if photo.mode.split(";")[0] in ("I", "F"):
        raise UsageError(
            f"photo: a PIL image of mode {photo.mode}; expected 8 bits a channel (a path or the file's bytes are "
            "read with all of theirs)",
            "usage",
        )
    try:
        return _picture(np.asarray(photo.convert("RGB")), photo)
    except OSError as problem:
        raise InputError(f"photo: PIL cannot decode it ({problem})", "image.corrupt") from None


def native_input(photo: PhotoLike) -> Any:
    """What the extension takes for a photo."""
    if isinstance(photo, Photo):
        return photo._native
    if isinstance(photo, (str, os.PathLike)):
        return _core.read_photo(os.fsencode(photo))
    if isinstance(photo, (bytes, bytearray, memoryview)):
        return _core.decode_photo(_file_bytes(photo))
    if isinstance(photo, np.ndarray):
        return _picture(photo, photo)
    if type(photo).__module__.split(".")[0] == "PIL":
        return _of_pil(photo)
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
        "photo: expected a path, bytes, a PIL image or a (height, width, 3) uint8 array, found a "
        f"{type(photo).__name__}",
        "usage",
    )
