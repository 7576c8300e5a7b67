# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""The C interface through ctypes, as another language would call it. Nothing but Python's own library is used.

ctypes_test.py LIBDA3 PHOTO FOLDER

Under AddressSanitizer nothing of what da3 allocates in these calls may be lost: what Python allocates besides is left
out, by switching the count off outside of them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
import sys
import threading
from collections.abc import Iterator
from ctypes import POINTER, byref, c_char_p, c_double, c_float, c_int32, c_size_t, c_uint64, c_void_p
from typing import Any


class Sized(ctypes.Structure):
    """A struct that begins with its size, as the _INIT macros set it."""

    def __init__(self, **values: Any) -> None:
        super().__init__(struct_size=ctypes.sizeof(self), **values)


class Image(Sized):
    _fields_ = [
        ("struct_size", c_size_t),
        ("rgb", c_void_p),
        ("height", c_int32),
        ("width", c_int32),
        ("row_bytes", c_size_t),
        ("focal_px", c_double),
        ("focal_source", c_char_p),
    ]


class Maps(Sized):
    _fields_ = [
        ("struct_size", c_size_t),
        ("height", c_int32),
        ("width", c_int32),
        ("depth", POINTER(c_float)),
        ("confidence", POINTER(c_float)),
        ("sky", POINTER(c_float)),
        ("kind", c_char_p),
        ("focal_px", c_double),
    ]


class RunOptions(Sized):
    """Of an older library: what a newer one knows besides keeps its defaults."""

    _fields_ = [
        ("struct_size", c_size_t),
        ("inputs", POINTER(c_char_p)),
        ("num_inputs", c_size_t),
        ("output", c_char_p),
        ("formats", c_char_p),
    ]


class ImageEvent(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("path", c_char_p),
        ("status", c_int32),
        ("error_code", c_char_p),
        ("message", c_char_p),
        ("json", c_char_p),
    ]


OnImage = ctypes.CFUNCTYPE(c_int32, c_void_p, POINTER(ImageEvent))


class RunCallbacks(Sized):
    _fields_ = [("struct_size", c_size_t), ("user", c_void_p), ("on_image", OnImage)]


class RunSummary(Sized):
    _fields_ = [
        ("struct_size", c_size_t),
        ("done", c_uint64),
        ("failed", c_uint64),
        ("skipped", c_uint64),
        ("interrupted", c_int32),
        ("elapsed_s", c_double),
    ]


def sanitizer() -> Any:
    """The leak checker of this process, or None."""
    everything = ctypes.CDLL(None)
    return everything if hasattr(everything, "__lsan_do_recoverable_leak_check") else None


LEAKS = sanitizer()


@contextlib.contextmanager
def uncounted() -> Iterator[None]:
    """What this thread allocates in here is not asked for."""
    if LEAKS is not None:
        LEAKS.__lsan_disable()
    try:
        yield
    finally:
        if LEAKS is not None:
            LEAKS.__lsan_enable()


@contextlib.contextmanager
def counted() -> Iterator[None]:
    """Inside `uncounted`: what is allocated in here has to be freed."""
    if LEAKS is not None:
        LEAKS.__lsan_enable()
    try:
        yield
    finally:
        if LEAKS is not None:
            LEAKS.__lsan_disable()


class Library:
    """libda3; every call is counted."""

    def __init__(self, path: str) -> None:
        self._library = ctypes.CDLL(path)
        for name in ("da3_last_error", "da3_last_error_code", "da3_version", "da3_format_suffix"):
            getattr(self._library, name).restype = c_char_p
        for name in ("da3_predictions_count", "da3_bytes_size"):
            getattr(self._library, name).restype = c_size_t
        self._library.da3_bytes_data.restype = c_void_p

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._library, "da3_" + name)

        def call(*arguments: Any) -> Any:
            with counted():
                return function(*arguments)

        return call

    def must(self, name: str, *arguments: Any) -> None:
        status = getattr(self, name)(*arguments)
        assert status == 0, (name, status, self.last_error())

    def fails_as(self, code: bytes, status: int, name: str, *arguments: Any) -> None:
        found = getattr(self, name)(*arguments)
        assert (found, self.last_error_code()) == (status, code), (name, found, self.last_error())
        assert self.last_error()

    def taken(self, name: str, *arguments: Any) -> bytes:
        """The bytes that a call gives."""
        handle = c_void_p()
        self.must(name, *arguments, byref(handle))
        content = ctypes.string_at(self.bytes_data(handle), self.bytes_size(handle))
        self.bytes_free(handle)
        return content


def depths(library: Library, model: c_void_p, image: Image) -> bytes:
    """The depth of a picture in memory, as bytes."""
    found = c_void_p()
    library.must("predict", model, byref(image), c_size_t(1), None, byref(found))
    assert library.predictions_count(found) == 1
    maps = Maps()
    library.must("predictions_get", found, c_size_t(0), byref(maps))
    library.fails_as(b"usage", 2, "predictions_get", found, c_size_t(1), byref(maps))
    assert maps.kind == b"metric" and not maps.confidence
    values = ctypes.string_at(maps.depth, 4 * maps.height * maps.width)
    suffix = library.format_suffix(b"pfm")
    file = library.taken("encode", byref(maps), b"pfm", None)
    library.predictions_free(found)
    assert suffix == b".pfm" and file.startswith(b"Pf\n") and len(file) > len(values)
    return values


def check_errors(library: Library, model: c_void_p) -> None:
    none = c_void_p()
    library.fails_as(b"input.not_found", 1, "photo_read", b"/no/photo.jpg", byref(none))
    library.fails_as(b"image.unsupported", 1, "photo_decode", b"no picture", c_size_t(10), byref(none))
    library.fails_as(b"usage", 2, "photo_read", None, byref(none))
    library.fails_as(b"model.not_found", 3, "model_load", b"/no/model.pt", None, byref(none))
    library.fails_as(b"usage", 2, "predict", model, None, c_size_t(1), None, byref(none))
    wrong = Image(rgb=None, height=4, width=4)
    library.fails_as(b"usage", 2, "predict", model, byref(wrong), c_size_t(1), None, byref(none))
    assert none.value is None


def check_threads(library: Library, model: c_void_p, image: Image, expected: bytes) -> None:
    """Four threads get the same bits, and each has an error of its own."""
    problems: list[str] = []

    def work(number: int) -> None:
        name = f"/no/{number}.jpg".encode()
        try:
            with uncounted():
                for _ in range(3):
                    assert library.photo_read(name, byref(c_void_p())) == 1
                    assert depths(library, model, image) == expected
                    assert library.photo_read(name, byref(c_void_p())) == 1 and name in library.last_error()
        except BaseException as problem:
            problems.append(repr(problem))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


def check_run(library: Library, model: c_void_p, photo: bytes, folder: bytes, expected: bytes) -> None:
    inputs = (c_char_p * 2)(photo, b"/no/photo.jpg")
    options = RunOptions(inputs=inputs, num_inputs=2, output=folder, formats=b"npy")
    told: list[tuple[bytes, int, bytes | None]] = []

    def on_image(_: Any, event: Any) -> int:
        told.append((event.contents.path, event.contents.status, event.contents.error_code))
        return 0

    summary = RunSummary()
    callback = OnImage(on_image)
    library.must("run", model, byref(options), byref(RunCallbacks(on_image=callback)), byref(summary))
    assert (summary.done, summary.failed, summary.interrupted) == (1, 1, 0)
    assert sorted(told) == sorted([(b"/no/photo.jpg", 2, b"input.not_found"), (photo, 0, None)])
    stem = os.path.splitext(os.path.basename(photo))[0]
    with open(folder + b"/" + stem + b".npy", "rb") as file:
        content = file.read()
    (header,) = struct.unpack("<H", content[8:10])
    assert content[10 + header :] == expected


def main() -> None:
    path, photo, folder = sys.argv[1:]
    library = Library(path)
    assert library.abi_version() == 1 and b"." in library.version()
    model, opened = c_void_p(), c_void_p()
    library.must("model_load", None, None, byref(model))
    library.must("photo_read", os.fsencode(photo), byref(opened))
    image = Image()
    library.must("photo_image", opened, byref(image))
    expected = depths(library, model, image)
    check_errors(library, model)
    check_threads(library, model, image, expected)
    check_run(library, model, os.fsencode(photo), os.fsencode(folder), expected)
    library.photo_free(opened)
    library.model_free(model)


with uncounted():
    main()
if LEAKS is not None:
    assert LEAKS.__lsan_do_recoverable_leak_check() == 0, "see above what was lost"
    print("nothing was lost")
