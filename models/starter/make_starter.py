#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Makes the starter model fastdepth.pt from FastDepth's published ONNX file.

    python make_starter.py fastdepth_7.onnx fastdepth.pt [--check rgb.npy pred.npy]

Needs torch (2.x), onnx and numpy. The file keeps the contract of docs/model-format.md and is the same, byte for byte,
whenever the same versions make it. --check compares with the published input and prediction.
"""
import argparse
import hashlib
import json
import os
from typing import Dict, List

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import Tensor, nn

SIZE = 224
NUM_ENCODER_STAGES = 14  # One convolution, then 13 pairs of depthwise and pointwise.
NUM_DECODER_STAGES = 5
# Encoder stage whose output is added after the upsampling of a decoder stage, the network's "skip-add".
SKIP_OF_DECODER_STAGE = {1: 5, 2: 3, 3: 1}


class FoldedConv(nn.Module):
    """A convolution with its batch normalisation folded in, then ReLU or ReLU6."""

    def __init__(self, weight: np.ndarray, bias: np.ndarray, stride: int, groups: int, ceiling: float):
        super().__init__()
        self.weight = nn.Parameter(torch.from_numpy(weight), requires_grad=False)
        self.bias = nn.Parameter(torch.from_numpy(bias), requires_grad=False)
        self.stride = stride
        self.padding = weight.shape[-1] // 2
        self.groups = groups
        self.ceiling = ceiling

    def forward(self, x: Tensor) -> Tensor:
        y = torch.conv2d(x, self.weight, self.bias, [self.stride, self.stride], [self.padding, self.padding],
                         [1, 1], self.groups)
        return y.clamp(0.0, self.ceiling)


class FastDepth(nn.Module):
    def __init__(self, encoder: List[nn.Module], decoder: List[nn.Module], last: nn.Module):
        super().__init__()
        self.encoder = nn.ModuleList(encoder)
        self.decoder = nn.ModuleList(decoder)
        self.last = last
        self.skips: List[int] = [SKIP_OF_DECODER_STAGE.get(i, -1) for i in range(NUM_DECODER_STAGES)]

    def forward(self, image: Tensor) -> Dict[str, Tensor]:
        """image: (B, S, 3, 224, 224) RGB in 0..1. depth: (B, S, 224, 224) metres."""
        views = image.shape[0] * image.shape[1]
        x = image.reshape(views, 3, image.shape[3], image.shape[4])
        outputs: List[Tensor] = []
        for stage in self.encoder:
            x = stage(x)
            outputs.append(x)
        for i, stage in enumerate(self.decoder):
            # Not torch.nn.functional.interpolate: its text would come into the file, with operators that an older
            # LibTorch does not know.
            x = torch.ops.aten.upsample_nearest2d(stage(x), None, [2.0, 2.0])
            if self.skips[i] >= 0:
                x = x + outputs[self.skips[i]]
        depth = self.last(x)
        return {"depth": depth.reshape(image.shape[0], image.shape[1], image.shape[3], image.shape[4])}


def read_layers(path: str) -> List[FoldedConv]:
    """All convolutions of the file in the order of the graph; what is between them is checked, not copied."""
    graph = onnx.load(path).graph
    tensors = {each.name: numpy_helper.to_array(each).astype(np.float64) for each in graph.initializer}
    layers, num_upsamplings, num_adds = [], 0, 0
    nodes = list(graph.node)
    for i, node in enumerate(nodes):
        if node.op_type != "Conv":
            num_upsamplings += node.op_type == "Upsample"
            num_adds += node.op_type == "Add"
            assert node.op_type in ("BatchNormalization", "Clip", "Relu", "Upsample", "Add"), node.op_type
            continue
        norm, activation = nodes[i + 1], nodes[i + 2]
        assert norm.op_type == "BatchNormalization" and activation.op_type in ("Clip", "Relu")
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        weight = tensors[node.input[1]]
        assert list(attributes["pads"]) == [weight.shape[-1] // 2] * 4 and len(node.input) == 2
        scale, shift, mean, variance = (tensors[name] for name in norm.input[1:5])
        epsilon = {a.name: helper.get_attribute_value(a) for a in norm.attribute}["epsilon"]
        factor = scale / np.sqrt(variance + epsilon)  # In double; rounded to float32 once.
        layers.append(FoldedConv((weight * factor[:, None, None, None]).astype(np.float32),
                                 (shift - mean * factor).astype(np.float32), int(attributes["strides"][0]),
                                 int(attributes["group"]), 6.0 if activation.op_type == "Clip" else float("inf")))
    assert num_upsamplings == NUM_DECODER_STAGES and num_adds == len(SKIP_OF_DECODER_STAGE)
    assert len(layers) == 1 + 2 * (NUM_ENCODER_STAGES - 1) + 2 * NUM_DECODER_STAGES + 1
    return layers


def build(path: str) -> nn.Module:
    layers = read_layers(path)
    encoder = [layers[0]] + [nn.Sequential(*layers[i:i + 2]) for i in range(1, 2 * NUM_ENCODER_STAGES - 1, 2)]
    first = 2 * NUM_ENCODER_STAGES - 1
    decoder = [nn.Sequential(*layers[first + 2 * i:first + 2 * i + 2]) for i in range(NUM_DECODER_STAGES)]
    return FastDepth(encoder, decoder, layers[-1]).eval()


def selftest_picture(height: int, width: int, seed: int) -> np.ndarray:
    """(height, width, 3) uint8; docs/model-format.md, Self-test."""
    name_hash = 0xCBF29CE484222325
    for byte in b"selftest":
        name_hash = ((name_hash ^ byte) * 0x100000001B3) % 2**64
    x = np.arange(height * width * 3, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    x += np.uint64((name_hash + seed * 0x9E3779B97F4A7C15) % 2**64)
    x ^= x >> np.uint64(30)
    x *= np.uint64(0xBF58476D1CE4E5B9)
    x ^= x >> np.uint64(27)
    x *= np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return (x >> np.uint64(56)).astype(np.uint8).reshape(height, width, 3)


def predict(model, picture: np.ndarray) -> np.ndarray:
    """picture: (H, W, 3) uint8."""
    image = torch.from_numpy(picture.astype(np.float32) / np.float32(255)).permute(2, 0, 1)[None, None].contiguous()
    with torch.inference_mode():
        return model(image)["depth"][0, 0].numpy()


def make_record(model: nn.Module, source: str, weights_sha256: str) -> dict:
    seed = 1
    depth = predict(model, selftest_picture(SIZE, SIZE, seed)).astype(np.float64)
    p2, median, p98 = np.quantile(depth, [0.02, 0.5, 0.98])
    with open(source, "rb") as file:
        source_sha256 = hashlib.sha256(file.read()).hexdigest()
    return {
        "schema": 1, "name": "fastdepth-starter", "family": "fastdepth",
        "network": {"id": "", "layout": 0, "config": {}},
        "parameters": sum(p.numel() for p in model.parameters()),
        # The encoder halves five times.
        "patch": 32, "mean": [0.0, 0.0, 0.0], "std": [1.0, 1.0, 1.0], "input_range": [0.0, 1.0],
        "process_res": SIZE, "fixed_size": [SIZE, SIZE], "resize_method": "upper_bound_resize",
        "depth": {"kind": "metric", "unit": "m", "larger_is_farther": True},
        "outputs": ["depth"], "attention": [],
        "weights": {"origin": "published", "seed": None, "source": os.path.basename(source),
                    "source_sha256": source_sha256, "sha256": weights_sha256},
        "selftest": {"height": SIZE, "width": SIZE, "seed": seed,
                     "depth": {"mean": float(depth.mean()), "p2": float(p2), "median": float(median),
                               "p98": float(p98), "tolerance": 1e-4}},
        "licence": {"spdx": "MIT",
                    "attribution": "FastDepth (Wofk, Ma, Yang, Karaman, Sze, ICRA 2019), trained on NYU Depth v2; "
                                   "ONNX file Copyright (c) 2021 Bonjour lab"},
        "da3_version": "0.1.0",
    }


def write_model(model: nn.Module, source: str, path: str) -> dict:
    """Saves without the debug records, which hold the maker's paths and would be a fifth of the code."""
    scripted = path + ".scripted"
    torch.jit.script(model).save(scripted)
    reader = torch._C.PyTorchFileReader(scripted)
    records = {name: reader.get_record(name) for name in reader.get_all_records()}
    os.remove(scripted)
    constants = [name for name in records if name.startswith("constants/")]
    assert not constants, f"the file would hold tensor constants: {constants}"

    weights = hashlib.sha256()
    for number in sorted(int(name[5:]) for name in records if name.startswith("data/")):
        data = records[f"data/{number}"]
        weights.update(f"{number} {len(data)}\n".encode())
        weights.update(data)
    record = make_record(model, source, weights.hexdigest())

    writer = torch._C.PyTorchFileWriter(path)  # Names the top folder after the file.
    for name, data in records.items():
        if not name.endswith(".debug_pkl") and name not in ("version", ".data/serialization_id"):
            writer.write_record(name, data, len(data))
    text = json.dumps(record, separators=(",", ":")).encode()
    writer.write_record("extra/da3.json", text, len(text))
    writer.write_end_of_file()
    return record


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("onnx")
    parser.add_argument("out")
    parser.add_argument("--check", nargs=2, metavar=("RGB", "PREDICTION"))
    arguments = parser.parse_args()
    record = write_model(build(arguments.onnx), arguments.onnx, arguments.out)
    print(json.dumps(record, indent=1))
    print(f"{arguments.out}: {os.path.getsize(arguments.out)} bytes")
    if arguments.check:
        picture = np.rint(np.load(arguments.check[0]) * 255).astype(np.uint8)
        expected = np.load(arguments.check[1]).reshape(SIZE, SIZE)
        error = np.abs(predict(torch.jit.load(arguments.out), picture) - expected)
        print(f"worst error {error.max():.3g} m, relative {(error / expected).max():.3g}")


if __name__ == "__main__":
    main()
