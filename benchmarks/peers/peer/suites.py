# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""The suites of da3 bench that a peer can answer, with da3's settings and metrics."""

import ctypes
import json
import mmap
import os
from pathlib import Path
import shutil
import subprocess
import sys
import tempfile
import time

import numpy as np

from peer import photo, programs, weights
from peer.programs import Peer, mean_relative_error, reference_depth
from peer.sampler import Sampler, Workload
from peer.worker import Worker

_CALIBRATION_SIDE = 1536  # as src/engine/bench_workloads.cpp
_CALIBRATION_RUNS = 3
_JPEG_QUALITY = 90
_DROPPED = 0.05  # of a file may be left in memory for it to count as cold, as src/suites/load.cpp

SUITES = {
    "original": ("throughput", "preprocess", "load", "folder", "scene"),
    "openvino": ("throughput", "load", "folder"),
    "onnxruntime": ("throughput", "load", "folder"),
}
MISSING = {
    "efficiency": "operations are counted for da3's own network",
    "flops": "operations are counted for da3's own network",
    "peak_tensor_bytes": "the peer does not count them",
    "peak_device_bytes": "a CPU has no separate memory",
    "start_ms": "the process runs already",
}


def _products(a, b) -> list:
    """The library's float32 products of (n, n) tensors: torch.mm, and oneDNN's linear layer where it is built in."""
    import torch

    products = [lambda: torch.mm(a, b)]
    if hasattr(torch.ops.mkldnn, "_linear_pointwise") and torch.backends.mkldnn.is_available():
        weight = torch.ops.mkldnn._reorder_linear_weight(b, a.shape[0])
        products.append(lambda: torch.ops.mkldnn._linear_pointwise(a, weight, None, "none", [], ""))
    return products


def calibrate() -> dict[str, float]:
    """Best of three runs of the faster float32 product, GFLOP/s: on AMD MKL takes half the speed of oneDNN."""
    import torch

    n = _CALIBRATION_SIDE
    best = 0.0
    with torch.inference_mode():
        for product in _products(torch.randn(n, n), torch.randn(n, n)):
            for _ in range(_CALIBRATION_RUNS):
                start = time.perf_counter()
                product()
                best = max(best, 2 * n**3 / (time.perf_counter() - start) * 1e-9)
    return {"fp32_gflops": best}


def _check_settings(peer: Peer, settings: dict) -> None:
    if settings.get("device", "cpu") != "cpu":
        raise ValueError(f"the peer measures on the CPU only, not on {settings['device']}")
    model = settings.get("model")
    if model and settings.get("weights", weights.origin(model)) != weights.origin(model):
        raise ValueError(
            f"{model} is asked for with {settings['weights']} weights and there are {weights.origin(model)} ones; "
            "DA3_PEER_WEIGHTS names the folder of published models"
        )
    if model:
        peer.check(settings)


def _throughput(peer: Peer, settings: dict, shared: dict) -> tuple[Workload, dict]:
    program = peer.open(settings, shared)
    height, width = settings["height"], settings["width"]
    facts = {
        "weights_origin": weights.origin(settings["model"]),
        "device_used": "cpu",
        "precision_used": peer.precision_used(settings["precision"]),
        "attention_used": settings["attention"],
        "tokens": height // weights.PATCH * (width // weights.PATCH) + 1,
    }
    if peer.name != "original":
        # Recorded with every time, so that no speed is quoted of a network that computes something else.
        facts["mean_relative_error"] = mean_relative_error(program.depth()[0], reference_depth(settings))
    return Workload([("forward_ms", program.forward)], program.prepare), facts


def _scene(peer: Peer, settings: dict, shared: dict) -> tuple[Workload, dict]:
    """Views seen together, with cameras: the forward alone, because the original's points and files take other rules."""
    program = peer.open_scene(settings, shared)
    tokens = settings["height"] // weights.PATCH * (settings["width"] // weights.PATCH) + 1
    facts = {
        "weights_origin": weights.origin(settings["model"]),
        "device_used": "cpu",
        "precision_used": peer.precision_used(settings["precision"]),
        "attention_used": settings["attention"],
        "tokens": settings["views"] * tokens,
    }
    return Workload([("forward_ms", program.forward)], program.prepare), facts


def _folder(peer: Peer, settings: dict, scratch: Path) -> tuple[Workload, dict]:
    from peer import folder

    program = peer.open(settings | {"batch": 1}, {})
    files = folder.write_photos(scratch / "photos", settings)
    out = scratch / "results"

    def forwards_only() -> None:
        program.prepare()
        for _ in files:
            program.forward()

    # As a user would start it: the files, the results' folder, and the settings.
    file = peer.weight_file(settings | {"batch": 1})
    asked = {"folder": str(files[0].parent), "file": str(file), "out": str(scratch / "command-results")} | settings
    command = [sys.executable, str(Path(__file__).parent.parent / "measure.py"), peer.name, "script", json.dumps(asked)]

    def remove_results() -> None:
        for results in (out, Path(asked["out"])):
            shutil.rmtree(results, ignore_errors=True)

    script = folder.chosen_script()
    steps = [
        ("total_ms", lambda: script(files, program, out, settings)),
        ("forward_only_ms", forwards_only),
        ("command_ms", lambda: subprocess.run(command, check=True)),
    ]
    facts = {"formats": ",".join(folder.formats_of(settings)), "largest_batch": 1, "script": script.__name__}
    return Workload(steps, remove_results), facts


def run_script(peer: Peer, settings: dict) -> None:
    """The whole of what `_folder` times as command_ms: the network's file is loaded, the folder's photos go through."""
    from peer import folder

    program = peer.open_file(Path(settings["file"]), settings | {"batch": 1})
    files = sorted(Path(settings["folder"]).glob("*.jpg"))
    folder.chosen_script()(files, program, Path(settings["out"]), settings)


def _import_transforms() -> None:
    """torchvision, whose compiled part (not used here) may be for another build of torch."""
    import torch

    try:
        import torchvision.transforms  # noqa: F401
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        # Importing wants the operators to be declared; the transforms call none of them.
        declared = torch.library.Library("torchvision", "DEF")
        for operator in ("nms", "qnms"):
            declared.define(operator + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _import_transforms.kept = declared
        import torchvision.transforms  # noqa: F401


def _preprocess(settings: dict, scratch: Path) -> tuple[Workload, dict]:
    import cv2
    from PIL import Image
    import torch

    _import_transforms()
    from depth_anything_3.utils.io.input_processor import InputProcessor

    if settings["strategy"] not in ("cpu", "default"):
        raise ValueError(f"the original has no strategy '{settings['strategy']}'")
    height, width = settings["photo_height"], settings["photo_width"]
    file = scratch / f"{width}x{height}.jpg"
    if not file.is_file():
        Image.fromarray(photo.draw(height, width, 1)).save(file, quality=_JPEG_QUALITY)
    decoded = np.asarray(Image.open(file).convert("RGB"))
    process = InputProcessor()
    res = max(settings["height"], settings["width"])
    # One image on one thread, as da3 does it; "default" is how the original's API calls it.
    sequential = settings["strategy"] == "cpu"
    result, _, _ = process([decoded], process_res=res, sequential=True)
    if tuple(result.shape[-2:]) != (settings["height"], settings["width"]):
        raise ValueError(f"the original makes {tuple(result.shape[-2:])} of this photo")

    def prepare() -> None:
        cv2.setNumThreads(settings["threads"] if sequential else -1)
        torch.set_num_threads(settings["threads"] if sequential else os.cpu_count() or 1)

    steps = [
        ("decode_ms", lambda: np.asarray(Image.open(file).convert("RGB"))),
        ("preprocess_ms", lambda: process([decoded], process_res=res, sequential=True if sequential else None)),
        # Without the normalisation to float32, which da3 does in its forward.
        ("resize_only_ms", lambda: _resize(process, Image.fromarray(decoded), res)),
    ]
    return Workload(steps, prepare), {"file_bytes": file.stat().st_size}


def _resize(process, picture, res: int) -> None:
    picture = process._resize_image(picture, res, "upper_bound_resize")
    np.asarray(process._make_divisible_by_resize(picture, process.PATCH_SIZE))


def _files(file: Path) -> list[Path]:
    """A network's file and, of OpenVINO, the weights next to it."""
    return [each for each in (file, file.with_suffix(".bin")) if each.is_file()]


def _drop_from_page_cache(file: Path) -> None:
    if not hasattr(os, "posix_fadvise"):
        return
    with open(file, "rb") as opened:
        os.fsync(opened.fileno())
        os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _cached_share(file: Path) -> float | None:
    """What the system holds of a file in memory; None where it does not say."""
    with open(file, "rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        held = np.zeros(-(-len(mapped) // mmap.PAGESIZE), np.uint8)
        view = np.frombuffer(mapped, np.uint8)
        address, flags = ctypes.c_void_p(view.ctypes.data), ctypes.c_void_p(held.ctypes.data)
        known = ctypes.CDLL(None).mincore(address, ctypes.c_size_t(len(mapped)), flags) == 0
        del view  # a mapping that is looked at cannot be closed
    return float((held & 1).mean()) if known else None


def _read_once(file: Path) -> None:
    with open(file, "rb") as opened:
        while opened.read(1 << 20):
            pass


def _load(peer: Peer, settings: dict) -> tuple[Workload, dict]:
    file = peer.weight_file(settings)
    facts = {"file_bytes": sum(each.stat().st_size for each in _files(file))}
    started: list[Worker] = []

    def start() -> None:
        started.append(Worker(peer.name))

    def prepare() -> None:
        if settings["cache"] == "hit":
            if not started:
                start()
                started[0].ask({"do": "load", "settings": settings | {"file": str(file)}})
                started[0].ask({"do": "predict"})
            return
        if settings["cache"] == "cold":
            for each in _files(file):
                _drop_from_page_cache(each)
            shares = [_cached_share(each) for each in _files(file)]
            if None not in shares:
                facts["page_cache_dropped"] = max(shares) < _DROPPED
        else:
            for each in _files(file):
                _read_once(each)

    def release() -> None:
        # A process that holds the file in memory would make the next cold start a warm one.
        while started:
            started.pop().close()

    steps = [] if settings["cache"] == "hit" else [("start_ms", start)]
    steps.append(("load_ms", lambda: started[0].ask({"do": "load", "settings": settings | {"file": str(file)}})))
    steps.append(("first_ms", lambda: started[0].ask({"do": "predict"})))
    return Workload(steps, prepare, "total_ms", None if settings["cache"] == "hit" else release), facts


class Session:
    """A group of cases made ready; those that cannot run keep the reason."""

    def __init__(self, peer: Peer, suite: str, cases: list[dict]) -> None:
        self._peer = peer
        self._scratch = tempfile.TemporaryDirectory(prefix="da3-peer-")
        self.facts: list[dict] = []
        self.failures: list[str | None] = []
        shared: dict = {}
        workloads = []
        for settings in cases:
            try:
                _check_settings(peer, settings)
                workload, facts = self._prepare(suite, settings, shared)
                workloads.append(workload)
                self.facts.append(facts)
                self.failures.append(None)
            except Exception as error:  # the others go on
                self.facts.append({})
                self.failures.append(f"{type(error).__name__}: {error}")
        threads = max((int(settings.get("threads", 1)) for settings in cases), default=1)

        def calibration() -> dict[str, float]:
            import torch

            torch.set_num_threads(threads)
            return calibrate()

        self.sampler = Sampler(workloads, calibration if suite == "throughput" and workloads else None)
        indices = iter(range(len(workloads)))
        self.variants = [None if failure else next(indices) for failure in self.failures]

    def _prepare(self, suite: str, settings: dict, shared: dict) -> tuple[Workload, dict]:
        if suite == "throughput":
            return _throughput(self._peer, settings, shared)
        if suite == "load":
            return _load(self._peer, settings)
        if suite == "folder":
            return _folder(self._peer, settings, Path(self._scratch.name))
        if suite == "scene" and self._peer.name == "original":
            return _scene(self._peer, settings, shared)
        if suite == "preprocess" and self._peer.name == "original":
            return _preprocess(settings, Path(self._scratch.name))
        raise ValueError(f"{self._peer.name} is measured in {', '.join(suites_of(self._peer))}, not in {suite}")


def suites_of(peer: Peer) -> tuple[str, ...]:
    return SUITES[peer.name]


class LoadedModel:
    """The cache with one place that the suite `load` asks for."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._key = None
        self._program: programs.Program | None = None

    def load(self, settings: dict) -> None:
        _check_settings(self._peer, settings)
        key = {name: value for name, value in settings.items() if name != "cache"}
        if key == self._key:
            return
        self._program = self._peer.open_file(Path(settings["file"]), settings)
        self._key = key

    def predict(self) -> None:
        if self._program is None:
            raise ValueError("a worker was asked to predict before a model was loaded")
        self._program.prepare()
        self._program.forward()
