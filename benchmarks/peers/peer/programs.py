# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""What runs the network: the original's own code, or a runtime that the original network was exported to.

A program is one network ready for one shape: `forward()` is what the suites time.
"""

from abc import ABC, abstractmethod
from importlib import metadata
import os
from pathlib import Path

import numpy as np

from peer import photo, weights

_CALIBRATION_PHOTOS = 8
_CACHE_VERSION = 1  # of exported networks; raise it when what is exported changes


class Program(ABC):
    """One network for one (batch, height, width), precision and number of threads."""

    def prepare(self) -> None:
        """Before each timed run."""

    @abstractmethod
    def forward(self) -> None:
        """One forward pass over the drawn photos."""

    @abstractmethod
    def run(self, x: np.ndarray) -> np.ndarray:
        """Depth (H, W) float32 of one normalised photo (1, 1, 3, H, W), the caller's to keep; of a program with batch 1."""

    @abstractmethod
    def depth(self) -> np.ndarray:
        """Depth of the drawn photos, (B, H, W) float32."""


class Peer(ABC):
    """A runtime: what it is called, what it can be asked for, and its programs."""

    name: str  # of the program in benchmarks/peers
    tool: str  # of a report
    precisions: tuple[str, ...]
    attentions: tuple[str, ...] = ("sdpa",)

    @abstractmethod
    def version(self) -> str: ...

    def libraries(self) -> dict[str, str]:
        """Packages beyond the original's that a report names."""
        return {}

    def precision_used(self, precision: str) -> str:
        return precision

    @abstractmethod
    def open(self, settings: dict, shared: dict) -> Program:
        """A program of a case; `shared` keeps what cases of a group have in common."""

    @abstractmethod
    def open_file(self, file: Path, settings: dict) -> Program:
        """As open, from what weight_file() named, for a process that has nothing yet."""

    @abstractmethod
    def weight_file(self, settings: dict) -> Path:
        """What a fresh process reads to have the network; made once where it does not exist."""

    def check(self, settings: dict) -> None:
        if settings.get("precision", "fp32") not in self.precisions:
            raise ValueError(f"{self.name} has no precision '{settings['precision']}' here; it has {', '.join(self.precisions)}")
        if settings.get("attention", "sdpa") not in self.attentions:
            raise ValueError(f"{self.name} has no attention '{settings['attention']}'; it has {', '.join(self.attentions)}")


class OriginalProgram(Program):
    """Of independent photos, or `together` of the views of one scene."""

    def __init__(self, model, settings: dict, together: bool = False) -> None:
        self._model, self._settings = model, settings
        import torch

        from peer import network

        self._network = network
        self._x = torch.from_numpy(weights.normalise(drawn(settings)))  # (B, 1, 3, H, W)
        if together:
            self._x = self._x.transpose(0, 1).contiguous()
        network.precision_scope(settings["precision"])

    def prepare(self) -> None:
        import torch

        torch.set_num_threads(self._settings["threads"])
        self._network.set_attention(self._model, self._settings["attention"])

    def forward(self) -> None:
        self._run(self._x)

    def run(self, x: np.ndarray) -> np.ndarray:
        import torch

        return self._run(torch.from_numpy(x))["depth"][0, 0].float().numpy()

    def depth(self) -> np.ndarray:
        return self._run(self._x)["depth"][:, 0].float().numpy()

    def _run(self, x) -> dict:
        return self._network.forward(self._model, x, self._settings["precision"])


class Original(Peer):
    """The original package's own code."""

    name = "original"
    tool = "depth-anything-3"
    precisions = ("fp32", "bf16", "fp16", "default")
    attentions = ("sdpa", "manual")

    def version(self) -> str:
        from peer import network

        return network.version()

    def precision_used(self, precision: str) -> str:
        from peer import network

        return network.precision_used(precision)

    def open(self, settings: dict, shared: dict) -> Program:
        return OriginalProgram(self._model(settings, shared), settings)

    def open_scene(self, settings: dict, shared: dict) -> Program:
        """As open, for `views` photos that are seen together."""
        return OriginalProgram(self._model(settings, shared), settings | {"batch": settings["views"]}, together=True)

    def _model(self, settings: dict, shared: dict):
        from peer import network

        model = settings["model"]
        if model not in shared:
            shared[model] = network.make(model)
        return shared[model]

    def open_file(self, file: Path, settings: dict) -> Program:
        from peer import network

        return OriginalProgram(network.load_file(settings["model"], file), settings)

    def weight_file(self, settings: dict) -> Path:
        from peer import network

        return network.weight_file(settings["model"])


def drawn(settings: dict) -> np.ndarray:
    """The photos of a case, (B, H, W, 3) uint8."""
    height, width = settings["height"], settings["width"]
    return np.stack([photo.draw(height, width, i) for i in range(settings.get("batch", 1))])


def cache_folder() -> Path:
    folder = weights.cache_folder() / "peers"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def export_name(settings: dict) -> str:
    from peer import network

    file = network.weight_file(settings["model"])
    shape = f"{settings.get('batch', 1)}x{settings['height']}x{settings['width']}"
    return f"{settings['model']}-{file.stem}-{file.stat().st_mtime_ns}-{shape}-v{_CACHE_VERSION}"


def reference_depth(settings: dict) -> np.ndarray:
    """Depth of the first drawn photo by the original in float32, (H, W); kept, since a large network takes a while."""
    one = settings | {"batch": 1, "precision": "fp32", "attention": "sdpa"}
    file = cache_folder() / (export_name(one) + ".depth.npy")
    if not file.is_file():
        depth = Original().open(one, {}).depth()[0]
        temporary = file.with_suffix(f".{os.getpid()}.npy")
        np.save(temporary, depth)
        temporary.replace(file)
    return np.load(file)


def mean_relative_error(depth: np.ndarray, reference: np.ndarray) -> float:
    return float(np.mean(np.abs(depth - reference)) / np.mean(np.abs(reference)))


def depth_network(settings: dict):
    """The original network as a module (B, 1, 3, H, W) -> depth and confidence, each (B, H, W). A tracer drops what these
    do not need: the head of rays and the decoder of cameras."""
    import torch

    from peer import network

    class DepthAlone(torch.nn.Module):
        def __init__(self, whole: torch.nn.Module) -> None:
            super().__init__()
            self.whole = whole

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
            found = self.whole(x)
            kept = [found["depth"][:, 0]]
            if "depth_conf" in found:
                kept.append(found["depth_conf"][:, 0])
            return tuple(kept)

    whole = network.make(settings["model"])
    network.set_attention(whole, settings.get("attention", "sdpa"))
    # The same values by operators that exporters know.
    torch.cartesian_prod = lambda a, b: torch.stack(torch.meshgrid(a, b, indexing="ij"), -1).reshape(-1, 2)
    return DepthAlone(whole).eval()


def calibration_inputs(settings: dict) -> list[np.ndarray]:
    """Inputs for static quantisation: drawn photos other than those that are measured."""
    height, width, batch = settings["height"], settings["width"], settings.get("batch", 1)
    return [
        weights.normalise(np.stack([photo.draw(height, width, 1000 + batch * i + j) for j in range(batch)]))
        for i in range(_CALIBRATION_PHOTOS)
    ]


def has_bf16() -> bool:
    from peer import environment

    features = environment.processor_features()
    return "avx512_bf16" in features or "amx_bf16" in features or "bf16" in features


def choose(name: str) -> Peer:
    if name == "original":
        return Original()
    if name == "openvino":
        from peer.openvino_program import OpenVino

        return OpenVino()
    if name == "onnxruntime":
        from peer.onnxruntime_program import OnnxRuntime

        return OnnxRuntime()
    raise ValueError(f"there is no peer '{name}'")


def package_version(package: str) -> str:
    return metadata.version(package)
