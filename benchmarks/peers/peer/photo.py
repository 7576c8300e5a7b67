# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Drawn photos: slopes, edges and grain, the same bits as da3's suites draw."""

import numpy as np


def _xorshift(state: np.ndarray) -> np.ndarray:
    state = state ^ (state << np.uint32(13))
    state = state ^ (state >> np.uint32(17))
    return state ^ (state << np.uint32(5))


def _random_words(count: int, seed: int) -> np.ndarray:
    """`count` numbers of Marsaglia's xorshift. It is linear, so known numbers give later ones by table."""
    words = _xorshift(np.array([(0x9E3779B9 + seed) & 0xFFFFFFFF], np.uint32))
    while words.size < count:
        # The step over all known numbers, for each byte of the state by itself.
        tables = np.arange(256, dtype=np.uint32)[None, :] << (8 * np.arange(4, dtype=np.uint32))[:, None]
        tables = _steps(tables, words.size)
        later = tables[0][words & np.uint32(255)]
        for byte in range(1, 4):
            later ^= tables[byte][(words >> np.uint32(8 * byte)) & np.uint32(255)]
        words = np.concatenate([words, later])
    return words[:count]


def _steps(states: np.ndarray, count: int) -> np.ndarray:
    """`states` after `count` steps, by squaring the step's matrix over GF(2)."""
    columns = _xorshift(np.uint32(1) << np.arange(32, dtype=np.uint32))
    while count:
        if count & 1:
            states = _product(columns, states)
        columns = _product(columns, columns)
        count >>= 1
    return states


def _product(columns: np.ndarray, states: np.ndarray) -> np.ndarray:
    result = np.zeros_like(states)
    for bit in range(32):
        result ^= columns[bit] * ((states >> np.uint32(bit)) & np.uint32(1))
    return result


def draw(height: int, width: int, seed: int) -> np.ndarray:
    """(height, width, 3) uint8 RGB."""
    y = np.arange(height)[:, None]
    x = np.arange(width)[None, :]
    block = 24 + seed % 7 * 8
    slope = 160 * y // max(1, height) + 40 * x // max(1, width)
    edge = (x // block + y // block) % 3 * 18
    grain = (_random_words(height * width, seed) >> np.uint32(29)).astype(np.int64).reshape(height, width)
    grey = slope + edge + grain
    return np.minimum(255, grey[:, :, None] + 12 * np.arange(3)).astype(np.uint8)


def processed_size(height: int, width: int, process_res: int, patch: int = 14) -> tuple[int, int]:
    """What `upper_bound_resize` of docs/model-format.md makes of a photo."""
    scale = process_res / max(height, width)

    def side(pixels: int) -> int:
        scaled = max(1, round(pixels * scale))
        return max(1, (scaled + patch // 2) // patch) * patch

    return side(height), side(width)
