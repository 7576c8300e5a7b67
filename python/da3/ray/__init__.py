# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Depth on a Ray cluster: a command for object stores (``python -m da3.ray``) and a stage for Ray Data.

>>> import ray, da3.ray
>>> photos = ray.data.read_binary_files("s3://bucket/photos")
>>> depth = da3.ray.map(photos, model="da3-base")

docs/scaling.md has the rest. Needs ``pip install da3[ray]``.
"""

from __future__ import annotations

from da3.ray._stage import map

__all__ = ["map"]
