#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Compares a model file made by `da3 model export NAME --synthetic SEED` with the original network.

The original is built from its own source (a checkout of ByteDance-Seed/Depth-Anything-3), filled by the weight recipe
of docs/model-format.md, and run in float32 on pictures made here; then the file runs its own TorchScript code on the
same pictures, in both attention modes. Nothing is downloaded. Needs numpy, torch, einops, addict and omegaconf; memory
for one network at a time.

    compare_with_original.py --original Depth-Anything-3/src da3-giant.pt --shape 1x70x98

Prints one line of JSON for each shape and attention mode: the largest relative difference in depth and confidence (of
intrinsics too), the largest absolute one in extrinsics and sky. Sky within 1e-5 of the threshold 0.3 may fall on
either side and is left out of depth.
"""

import argparse
import gc
import json
import pathlib
import sys
import zipfile

import numpy as np
import torch

ROOT = pathlib.Path(__file__).resolve().parents[2]


def unit(name, seed, count):
    """Values in [-1, 1) of docs/model-format.md, exact in float64."""
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = ((h ^ byte) * 0x100000001B3) % 2**64
    x = np.arange(count, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    x += np.uint64((h + seed * 0x9E3779B97F4A7C15) % 2**64)
    x ^= x >> np.uint64(30)
    x *= np.uint64(0xBF58476D1CE4E5B9)
    x ^= x >> np.uint64(27)
    x *= np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return ((x >> np.uint64(40)).astype(np.float64) - 2.0**23) * 2.0**-23


def offset_and_amplitude(name, shape):
    if name.endswith(".gamma"):
        return 0.35, 0.15
    if name.endswith(("cls_token", "camera_token", "pos_embed")):
        return 0.0, 0.5
    if name.endswith(("q_norm.weight", "k_norm.weight")):
        return 1.5, 0.3
    if name.endswith(".bias"):
        return (1.0 if name.endswith("fc_fov.0.bias") else 0.0), 0.05
    if len(shape) == 1:
        return 1.0, 0.1
    transposed = "resize_layers.0." in name or "resize_layers.1." in name
    fan_in = shape[0] if transposed else int(np.prod(shape[1:]))
    gain = 3.0
    if name.endswith("attn.qkv.weight"):
        gain = 6.0
    elif name.endswith((".output_conv2.2.weight", "fc_fov.0.weight")):
        gain = 0.3
    return 0.0, np.sqrt(gain / fan_in)


def fill(network, seed):
    with torch.no_grad():
        for key, parameter in network.state_dict().items():
            name, shape = "model." + key, tuple(parameter.shape)
            offset, amplitude = (float(np.float32(v)) for v in offset_and_amplitude(name, shape))
            values = (offset + amplitude * unit(name, seed, parameter.numel())).astype(np.float32)
            parameter.copy_(torch.from_numpy(values.reshape(shape)))


def build_original(source, config, seed):
    """The original network without its Gaussian head, weights by recipe."""
    sys.path.insert(0, str(source))
    for name in ("kaiming_uniform_", "kaiming_normal_", "uniform_", "normal_", "trunc_normal_", "xavier_uniform_"):
        setattr(torch.nn.init, name, lambda tensor, *_, **__: tensor)  # Overwritten anyway.
    from depth_anything_3.cfg import create_object
    from omegaconf import OmegaConf

    for branch in (config, config.get("anyview", {}), config.get("metric", {})):
        for head in ("gs_head", "gs_adapter"):
            branch.pop(head, None)
    network = create_object(OmegaConf.create(config)).eval()
    fill(network, seed)
    return network


def picture(views, height, width):
    """(1, S, 3, H, W) float32, normalised: waves and noise."""
    random = np.random.default_rng(views * 1000003 + height * 1009 + width)
    waves = np.sin(np.arange(height)[:, None, None] / 9 + np.arange(3) * 2 + np.arange(width)[None, :, None] / 13)
    pixels = np.clip(128 + 60 * waves + random.normal(0, 25, (views, height, width, 3)), 0, 255).astype(np.uint8)
    mean = np.array([0.485, 0.456, 0.406], np.float32)
    std = np.array([0.229, 0.224, 0.225], np.float32)
    x = (pixels.astype(np.float32) / np.float32(255) - mean) / std
    return torch.from_numpy(np.ascontiguousarray(x.transpose(0, 3, 1, 2)))[None]


def relative(actual, expected):
    return float(((actual - expected).abs() / expected.abs().clamp_min(1e-9)).max())


def differences(actual, expected, sky):
    result = {}
    for key, values in actual.items():
        if key not in expected:
            continue
        reference = expected[key].reshape(values.shape)
        if key in ("extrinsics", "sky"):
            result[key + "_absolute"] = float((values - reference).abs().max())
        elif key == "intrinsics":
            nonzero = reference != 0
            result[key + "_relative"] = relative(values[nonzero], reference[nonzero])
        else:
            sure = torch.ones_like(values, dtype=torch.bool)
            if sky is not None and key != "depth_raw":
                sure = (sky.reshape(values.shape) - 0.3).abs() > 1e-5
            result[key + "_relative"] = relative(values[sure], reference[sure])
    return {key: float("%.2g" % value) for key, value in result.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", help="model file with synthetic weights")
    parser.add_argument("--original", required=True, type=pathlib.Path, help="src folder of the original's checkout")
    parser.add_argument("--config", type=pathlib.Path, help="config.json as published (default: by the file's name)")
    parser.add_argument("--shape", action="append", help="views x height x width, multiples of 14 (default: 1x70x98)")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch._C._jit_set_texpr_fuser_enabled(False)

    with zipfile.ZipFile(options.file) as archive:
        entry = next(name for name in archive.namelist() if name.endswith("extra/da3.json"))
        record = json.loads(archive.read(entry))
    if record["weights"]["origin"] != "synthetic":
        sys.exit(f"{options.file}: expected synthetic weights, found {record['weights']['origin']}")
    config_file = options.config or ROOT / "tests/data/golden/keys" / (record["name"] + ".config.json")
    config = json.loads(config_file.read_text())["config"]

    shapes = [tuple(int(side) for side in shape.split("x")) for shape in options.shape or ["1x70x98"]]
    original = build_original(options.original, config, record["weights"]["seed"])
    expected, sky = {}, {}
    for shape in shapes:
        with torch.inference_mode():
            result = original(picture(*shape))
            if hasattr(original, "da3_metric"):
                sky[shape] = original.da3_metric(picture(*shape))["sky"].clone()
        expected[shape] = {key: value.clone() for key, value in result.items() if torch.is_tensor(value)}
        sky.setdefault(shape, expected[shape].get("sky"))
        if sky[shape] is not None:
            expected[shape]["sky"] = sky[shape]
    del original, result
    gc.collect()

    module = torch.jit.load(options.file)
    for shape in shapes:
        for use_sdpa in (True, False):
            module.use_sdpa = use_sdpa
            with torch.inference_mode():
                image = picture(*shape)
                actual = module.pose(image) if hasattr(module, "pose") else module(image)
            line = {"model": record["name"], "seed": record["weights"]["seed"], "shape": "x".join(map(str, shape)),
                    "attention": "sdpa" if use_sdpa else "manual"}
            print(json.dumps(line | differences(actual, expected[shape], sky[shape])), flush=True)


if __name__ == "__main__":
    main()
