# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""The original network, built by the original package from its own configurations."""

from contextlib import nullcontext
from importlib import metadata
import os
from pathlib import Path

import numpy as np
import torch

from peer import recipe
from peer.weights import SEED, cache_folder, weights_folder

os.environ.setdefault("DA3_LOG_LEVEL", "WARN")  # the original prints every forward to standard output

from depth_anything_3.cfg import create_object, load_config  # noqa: E402
from depth_anything_3.registry import MODEL_REGISTRY  # noqa: E402

def version() -> str:
    """Of the installed package; "source" where it is only on the path."""
    try:
        return metadata.version("depth-anything-3")
    except metadata.PackageNotFoundError:
        return "source"


def build(model: str) -> torch.nn.Module:
    """The network with weights that its constructor drew, float32 on the CPU."""
    if model not in MODEL_REGISTRY:
        raise ValueError(f"the original package has no model '{model}'; it has {', '.join(MODEL_REGISTRY)}")
    config = load_config(MODEL_REGISTRY[model])
    for part in [config] + [config[name] for name in ("anyview", "metric") if name in config]:
        # Gaussians are asked for by nobody here, and their code needs packages that depth does not.
        for unused in ("gs_head", "gs_adapter"):
            part.pop(unused, None)
    return create_object(config).eval()


@torch.no_grad()
def fill_by_recipe(network: torch.nn.Module, seed: int = SEED) -> None:
    for name, parameter in network.named_parameters():
        values = recipe.fill("model." + name, tuple(parameter.shape), seed)
        parameter.copy_(torch.from_numpy(values))


def load_file(model: str, file: Path) -> torch.nn.Module:
    """As the original's from_pretrained: build, then load the file into it."""
    from safetensors.torch import load_file as read

    network = build(model)
    tensors = {name.removeprefix("model."): tensor for name, tensor in read(str(file)).items()}
    result = network.load_state_dict(tensors, strict=False)
    # Norms that are one tensor under several names are stored under one of them.
    missing = [name for name in result.missing_keys if "output_conv2_aux" not in name]
    if missing:
        raise ValueError(f"{file} lacks {len(missing)} tensors, such as {missing[0]}")
    return network


def make(model: str) -> torch.nn.Module:
    """Published weights if DA3_PEER_WEIGHTS has them, else the recipe's."""
    folder = weights_folder(model)
    if folder is not None:
        return load_file(model, folder / "model.safetensors")
    network = build(model)
    fill_by_recipe(network)
    return network


def synthetic_file(model: str) -> Path:
    """A file with the recipe's weights as a published one, made once in the cache folder."""
    from safetensors.torch import save_file

    cache = cache_folder() / "synthetic"
    file = cache / f"original-{model}-seed{SEED}.safetensors"
    if not file.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        network = build(model)
        fill_by_recipe(network)
        temporary = file.with_suffix(f".{os.getpid()}.tmp")
        tensors = {"model." + name: value.contiguous() for name, value in network.named_parameters()}
        save_file(tensors, str(temporary))
        temporary.replace(file)
    return file


def weight_file(model: str) -> Path:
    folder = weights_folder(model)
    return folder / "model.safetensors" if folder else synthetic_file(model)


def set_attention(network: torch.nn.Module, mode: str) -> None:
    """The original's own switch: scaled_dot_product_attention, or its written-out softmax."""
    if mode not in ("sdpa", "manual"):
        raise ValueError(f"the original has no attention '{mode}'")
    for module in network.modules():
        if hasattr(module, "fused_attn"):
            module.fused_attn = mode == "sdpa"


def precision_used(precision: str) -> str:
    """"default" is what the original's own API does on this machine: half precision under autocast."""
    if precision == "default":
        return "bf16" if torch.cuda.is_bf16_supported() else "fp16"
    if precision not in ("fp32", "bf16", "fp16"):
        raise ValueError(f"the original has no precision '{precision}'")
    return precision


def precision_scope(precision: str):
    """What holds around a forward."""
    used = precision_used(precision)
    if used == "fp32":
        return nullcontext()
    return torch.autocast(device_type="cpu", dtype=torch.bfloat16 if used == "bf16" else torch.float16)


def forward(network: torch.nn.Module, x: torch.Tensor, precision: str = "fp32") -> dict[str, torch.Tensor]:
    with torch.inference_mode(), precision_scope(precision):
        return network(x)
