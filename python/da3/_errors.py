# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""The exceptions of da3."""

from __future__ import annotations


class Error(Exception):
    """What da3 could not do: subject, expected, found, what to try.

    Attributes
    ----------
    code : str
        Stable name of the error, such as ``"image.truncated"`` (docs/cli.md).
    """

    code: str

    def __init__(self, message: str, code: str = "internal") -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[type[Error], tuple[str, str]]:
        return type(self), (str(self), self.code)


class UsageError(Error, ValueError):
    """The call itself is wrong."""


class InputError(Error):
    """A photo cannot be used: not found, not a picture, damaged, without the focal length that a model needs."""


class ModelError(Error):
    """A model is missing, damaged, refused or cannot be downloaded."""


class DeviceError(Error):
    """A device, a precision or memory is not there."""


class OutputError(Error):
    """A result cannot be written."""


class Interrupted(Error):
    """The work was stopped before its end."""


_GROUPS: dict[str, type[Error]] = {
    "usage": UsageError,
    "input": InputError,
    "image": InputError,
    "focal": InputError,
    "prediction": InputError,
    "model": ModelError,
    "device": DeviceError,
    "precision": DeviceError,
    "memory": DeviceError,
    "output": OutputError,
    "interrupted": Interrupted,
    "scene.cameras": UsageError,
    "scene.alignment": InputError,
}


def error_of(code: str, message: str) -> Error:
    """The exception for an error's stable name."""
    return (_GROUPS.get(code) or _GROUPS.get(code.split(".")[0], Error))(message, code)
