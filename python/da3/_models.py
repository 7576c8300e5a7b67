# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Models: loading, predicting, sharing, finding."""

from __future__ import annotations

import ctypes
import json
import os
from collections.abc import Sequence
from typing import Any, overload

from da3 import _core, _torch
from da3._checks import positive, text, whole
from da3._errors import UsageError
from da3._photos import PhotoLike, native_input, several_photos
from da3._predictions import Prediction
from da3._scenes import Camera, Scene, scene_options

_accelerators_loaded = False


def load_accelerators() -> None:
    """Brings in the CUDA part of an installed torch: LibTorch sees a GPU only if that is loaded."""
    global _accelerators_loaded
    if _accelerators_loaded:
        return
    folder = _torch.check()
    if folder is not None:
        library = folder / "lib" / "libtorch_cuda.so"
        if library.exists():
            ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
    _accelerators_loaded = True


def _load_options(
    model: str | os.PathLike[str] | None,
    device: str | None,
    precision: str | None,
    attention: str | None,
    threads: int,
    trust_code: bool,
) -> _core.LoadOptions:
    options = _core.LoadOptions()
    if model is not None:
        options.set_model(os.fsencode(model))
    options.device = text(device)
    options.precision = text(precision)
    options.attention = text(attention)
    options.threads = whole("threads", threads, least=0)
    options.trust_code = bool(trust_code)
    if options.device != "cpu":
        load_accelerators()
    return options


class Model:
    """A depth network on a device; made by `load` or `ModelCache.get`.

    Any thread may call it; forwards run one at a time, without the GIL. A process that was forked after the first
    model was loaded gets a `UsageError`: use multiprocessing's start method ``"spawn"``.

    Attributes
    ----------
    name, device, precision, attention : str
        What really runs.
    kind : str
        What the network's own depth is: ``relative``, ``inverse``, ``metric`` or ``canonical``.
    spec : dict
        The record of the model file (docs/model-format.md).
    """

    def __init__(self, native: _core.Model) -> None:
        self._native = native
        info = native.info()
        self.name: str = info["name"]
        self.device: str = info["device"]
        self.precision: str = info["precision"]
        self.attention: str = info["attention"]
        self.kind: str = info["kind"]

    @property
    def spec(self) -> dict[str, Any]:
        return json.loads(self._native.record())

    @overload
    def predict(self, photos: list[PhotoLike] | tuple[PhotoLike, ...], **options: Any) -> list[Prediction]: ...
    @overload
    def predict(self, photos: PhotoLike, **options: Any) -> Prediction: ...
    def predict(self, photos: Any, **options: Any) -> Any:
        """Depth of a photo, or of several independent ones.

        Parameters
        ----------
        photos : photo, or list or tuple of photos
            A path, the bytes of a file, a `Photo`, a PIL image (its pixels as they are), or a (H, W, 3) uint8 array.
            Shapes may differ; each result is as if the photo were alone.
        confidence, sky : bool
            Also these outputs of the network, where it has them.
        size : {"input", "model"}
            Results at the photo's size, or at the network's.
        process_res : int, optional
            Processing size; None: the model's.
        resize_method : str, optional
            ``upper_bound_resize``, ``lower_bound_resize``, or ``..._crop`` of either (with ``size="model"``).
        focal_px, hfov_deg : float, optional
            Focal length in pixels of the photo, or horizontal field of view, for metric models; before EXIF.
        raw : bool
            The network's own values.
        batch : int or "auto"
            Photos of one processed size per forward; ``"auto"``: 1 on a CPU, 8 elsewhere.

        Returns
        -------
        Prediction, or list of Prediction in the order of the photos

        Raises
        ------
        UsageError, InputError, DeviceError
        """
        several = isinstance(photos, (list, tuple))
        inputs = [native_input(photo) for photo in (photos if several else [photos])]
        wanted = _predict_options(**options)
        alone = wanted.max_batch == 1 or (wanted.max_batch == 0 and self.device == "cpu")
        predictions: list[Prediction] = []
        # Where photos share no forward pass, Ctrl-C takes effect between two of them.
        for each in [[photo] for photo in inputs] if alone and inputs else [inputs]:
            found = self._native.predict(each, wanted)
            predictions += [Prediction(found.maps(i)) for i in range(len(found))]
        return predictions if several else predictions[0]

    def predict_scene(
        self,
        photos: Sequence[PhotoLike],
        *,
        process_res: int | None = None,
        resize_method: str | None = None,
        mixed: str = "crop",
        reference: str | int = "saddle_balanced",
        cameras: Sequence[Camera] | None = None,
        keep_scale: bool = False,
        window: int | None = None,
        overlap: int | None = None,
    ) -> Scene:
        """Depth, cameras and points of photos of one place, seen together (docs/scene.md).

        Parameters
        ----------
        photos : sequence of photos
            As for `predict`.
        process_res : int, optional
            Processing size; None: the model's.
        resize_method : str, optional
            As for `predict`; crops are allowed.
        mixed : {"crop", "error"}
            Photos of different shape: all are cut to the smallest, or refused.
        reference : str or int
            ``"first"``, ``"middle"``, ``"saddle_balanced"``, ``"saddle_sim_range"``, or a view's index.
        cameras : sequence of Camera, optional
            Known cameras, one a photo, intrinsics in pixels of the whole photo: the scene comes out in their world and
            unit.
        keep_scale : bool
            Known cameras are moved into the network's world instead.
        window, overlap : int, optional
            Views that are seen together, at least 4, and how many the next window sees again, at least 3; None: what
            suits the device.

        Returns
        -------
        Scene

        Raises
        ------
        UsageError, InputError, DeviceError
        """
        photos = several_photos(photos)
        options = scene_options(
            process_res=process_res,
            resize_method=resize_method,
            mixed=mixed,
            reference=reference,
            cameras=cameras,
            keep_scale=keep_scale,
            window=window,
            overlap=overlap,
        )
        if cameras is not None and len(cameras) != len(photos):
            raise UsageError(f"cameras: expected one for each of {len(photos)} photos, found {len(cameras)}", "usage")
        inputs = [native_input(photo) for photo in photos]
        return Scene(self._native.predict_scene(inputs, options))

    def __repr__(self) -> str:
        return f"<da3.Model {self.name} on {self.device}, {self.precision}>"


def _predict_options(
    *,
    confidence: bool = False,
    sky: bool = False,
    size: str = "input",
    process_res: int | None = None,
    resize_method: str | None = None,
    focal_px: float | None = None,
    hfov_deg: float | None = None,
    raw: bool = False,
    batch: int | str = "auto",
) -> _core.PredictOptions:
    options = _core.PredictOptions()
    options.confidence = bool(confidence)
    options.sky = bool(sky)
    options.at_model_size = at_model_size(size)
    options.process_res = whole("process_res", process_res)
    options.resize_method = text(resize_method)
    options.focal_px = positive("focal_px", focal_px)
    options.hfov_deg = positive("hfov_deg", hfov_deg)
    options.raw = bool(raw)
    options.max_batch = batch_of(batch)
    return options


def at_model_size(size: str) -> bool:
    if size not in ("input", "model"):
        raise UsageError(f"size: expected 'input' or 'model', found {size!r}", "usage")
    return size == "model"


def batch_of(batch: int | str) -> int:
    """Photos per forward pass; 0 for ``"auto"``."""
    if isinstance(batch, str) and batch != "auto":
        raise UsageError(f"batch: expected 'auto' or a whole number of 1 or more, found {batch!r}", "usage")
    return 0 if isinstance(batch, str) else whole("batch", batch)


def load(
    model: str | os.PathLike[str] | None = None,
    device: str | None = None,
    precision: str | None = None,
    attention: str | None = None,
    threads: int = 0,
    trust_code: bool = False,
) -> Model:
    """Loads a model.

    Parameters
    ----------
    model : str or os.PathLike, optional
        A file, or an installed name such as ``"da3-base"``. None: ``DA3_MODEL``, else the first installed, else the
        bundled starter, as `da3 infer` without ``-m``.
    device : str, optional
        ``"cpu"``, ``"cuda:0"``, ``"mps"``; None: the best present.
    precision : str, optional
        ``"fp32"``, ``"bf16"``, ``"fp16"``, ``"int8"``; None: the device's usual one.
    attention : str, optional
        ``"sdpa"`` or ``"manual"``.
    threads : int
        Of one forward on a CPU; 0: from the machine.
    trust_code : bool
        Run the code that a file of another network brings: it may read and write any file that you may.

    Returns
    -------
    Model

    Raises
    ------
    ModelError, DeviceError, UsageError
    """
    return Model(_core.load(_load_options(model, device, precision, attention, threads, trust_code)))


class ModelCache:
    """Loaded models, shared by all that ask for the same one; each is loaded once.

    Parameters
    ----------
    max_bytes : int
        Bound on the weights that are kept. Above it those least recently used go, but never one that is in use.
    """

    def __init__(self, max_bytes: int) -> None:
        self._native = _core.Cache(whole("max_bytes", max_bytes, least=0, most=2**64 - 1))

    def get(
        self,
        model: str | os.PathLike[str] | None = None,
        device: str | None = None,
        precision: str | None = None,
        attention: str | None = None,
        threads: int = 0,
        trust_code: bool = False,
    ) -> Model:
        """The model, loaded if no equal one is; parameters and errors as for `load`."""
        return Model(self._native.get(_load_options(model, device, precision, attention, threads, trust_code)))

    def trim(self) -> None:
        """Gives up all models that nobody uses."""
        self._native.trim()

    @property
    def statistics(self) -> dict[str, int]:
        """Counts of ``hits``, ``misses``, ``failures``, ``evictions``; ``models`` and ``bytes`` loaded now."""
        return self._native.statistics()


def devices() -> list[str]:
    """Devices that can be used now, best first; the CPU is always the last."""
    load_accelerators()
    return _core.devices().split("\n")


def models() -> list[dict[str, Any]]:
    """Installed models, then published ones that are not installed, as ``da3 model list --json`` shows them."""
    return json.loads(_core.models())["models"]
