# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""The weight recipe of docs/model-format.md in numpy: the same bits as da3 writes."""

import math

import numpy as np

_MASK = (1 << 64) - 1
_CHUNK = 1 << 22  # elements at a time, so that the 64-bit intermediates stay small


def name_hash(name: str) -> int:
    """FNV-1a, 64 bits."""
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = ((value ^ byte) * 0x100000001B3) & _MASK
    return value


def value_range(name: str, shape: tuple[int, ...]) -> tuple[float, float]:
    """Offset and amplitude, float32 values; the first rule that fits decides."""
    if name.endswith(".gamma"):
        pair = (0.35, 0.15)
    elif name.endswith(("cls_token", "camera_token", "pos_embed")):
        pair = (0.0, 0.5)
    elif name.endswith(("q_norm.weight", "k_norm.weight")):
        pair = (1.5, 0.3)
    elif name.endswith("fc_fov.0.bias"):
        pair = (1.0, 0.05)
    elif name.endswith(".bias"):
        pair = (0.0, 0.05)
    elif len(shape) == 1:
        pair = (1.0, 0.1)
    else:
        pair = (0.0, math.sqrt(_gain(name) / _fan_in(name, shape)))
    return float(np.float32(pair[0])), float(np.float32(pair[1]))


def _gain(name: str) -> float:
    if name.endswith("attn.qkv.weight"):
        return 6.0
    if name.endswith((".output_conv2.2.weight", "fc_fov.0.weight")):
        return 0.3
    return 3.0


def _fan_in(name: str, shape: tuple[int, ...]) -> int:
    if "resize_layers.0." in name or "resize_layers.1." in name:
        return shape[0]
    return math.prod(shape[1:])


def fill(name: str, shape: tuple[int, ...], seed: int) -> np.ndarray:
    """The tensor `name` (with its `model.` prefix), float32 of `shape`."""
    offset, amplitude = value_range(name, shape)
    start = np.uint64(name_hash(name))
    values = np.empty(math.prod(shape), np.float32)
    with np.errstate(over="ignore"):
        for begin in range(0, values.size, _CHUNK):
            end = min(begin + _CHUNK, values.size)
            index = np.arange(begin, end, dtype=np.uint64) + np.uint64(seed)
            x = start + index * np.uint64(0x9E3779B97F4A7C15)
            x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            x ^= x >> np.uint64(31)
            u = ((x >> np.uint64(40)).astype(np.int64) - (1 << 23)) * 2.0**-23
            values[begin:end] = offset + amplitude * u
    return values.reshape(shape)
