# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Depth from photographs with Depth Anything 3.

>>> import da3
>>> model = da3.load("da3-base")
>>> prediction = model.predict("photo.jpg")
>>> prediction.depth                      # (H, W) float32
>>> prediction.save("photo.exr")
>>> for result in da3.infer("photos/", output="depth/"):
...     print(result.path, result.status)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from da3 import _torch

_torch.check()

if TYPE_CHECKING:
    from da3._api import *  # noqa: F403
    from da3._api import __all__, __version__


# LibTorch and numpy cost 0.4 s, which the console script does not need: they come with the first name that is used.
def __getattr__(name: str) -> Any:
    if name.startswith("_") and name not in ("__all__", "__version__"):
        raise AttributeError(f"module 'da3' has no attribute {name!r}")
    from da3 import _api

    try:
        value = getattr(_api, name)
    except AttributeError:
        raise AttributeError(f"module 'da3' has no attribute {name!r}") from None
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    from da3 import _api

    return list(_api.__all__)
