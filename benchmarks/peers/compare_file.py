# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Compares a model file with the original network: both attention modes, cameras, scenes of several views.

    original_python compare_file.py da3-giant.pt --shape 1x70x98 --shape 3x70x98

The file is one that `da3 model export NAME --synthetic SEED` made; it runs its own TorchScript code here, where
compare_outputs.py runs the program. Prints a line of JSON for each shape and attention mode: the largest relative
difference in depth, confidence and intrinsics, the largest absolute one in extrinsics and sky. Sky within 1e-5 of the
threshold 0.3 may fall on either side and is left out of depth. Memory: one network at a time.
"""

import argparse
import gc
import json
from pathlib import Path
import sys
import zipfile

sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np
import torch


def read_record(file: Path) -> dict:
    with zipfile.ZipFile(file) as archive:
        name = next(name for name in archive.namelist() if name.endswith("/extra/da3.json"))
        return json.loads(archive.read(name))


def pictures(views: int, height: int, width: int) -> np.ndarray:
    """(S, H, W, 3) uint8: waves and noise."""
    random = np.random.default_rng(views * 1000003 + height * 1009 + width)
    waves = np.sin(np.arange(height)[:, None, None] / 9 + np.arange(3) * 2 + np.arange(width)[None, :, None] / 13)
    return np.clip(128 + 60 * waves + random.normal(0, 25, (views, height, width, 3)), 0, 255).astype(np.uint8)


def original_results(record: dict, shapes: list[tuple[int, ...]]) -> dict:
    """By shape; the sky of a nested network is its metric branch's."""
    for name in ("kaiming_uniform_", "kaiming_normal_", "uniform_", "normal_", "trunc_normal_", "xavier_uniform_"):
        setattr(torch.nn.init, name, lambda tensor, *_, **__: tensor)  # overwritten anyway, and slow
    from peer import network, weights

    original = network.build(record["name"])
    network.fill_by_recipe(original, record["weights"]["seed"])
    branch = getattr(original, "da3_metric", original)
    sky: list[torch.Tensor] = []
    branch.head.register_forward_hook(lambda _m, _i, out: sky.append(out["sky"].clone()) if "sky" in out else None)
    results = {}
    for shape in shapes:
        sky.clear()
        found = network.forward(original, torch.from_numpy(weights.normalise(pictures(*shape)))[:, 0][None])
        results[shape] = {name: value.clone() for name, value in found.items() if torch.is_tensor(value)}
        if sky:
            results[shape]["sky"] = sky[0]
    return results


def relative(actual: torch.Tensor, expected: torch.Tensor) -> float:
    return float(((actual - expected).abs() / expected.abs().clamp_min(1e-9)).max())


def differences(actual: dict, expected: dict) -> dict[str, float]:
    found = {}
    for name, values in actual.items():
        if name not in expected:
            continue
        reference = expected[name].reshape(values.shape)
        if name in ("extrinsics", "sky"):
            found[name] = float((values - reference).abs().max())
            continue
        compared = reference != 0
        if "sky" in expected and name in ("depth", "depth_conf"):
            compared &= (expected["sky"].reshape(values.shape) - 0.3).abs() > 1e-5
        found[name] = relative(values[compared], reference[compared])
    return {name: float(f"{value:.2g}") for name, value in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="model file with synthetic weights")
    parser.add_argument("--shape", action="append", help="views x height x width, repeatable (1x70x98)")
    options = parser.parse_args()
    record = read_record(options.file)
    if record["weights"]["origin"] != "synthetic":
        sys.exit(f"{options.file}: expected synthetic weights, found {record['weights']['origin']}")
    shapes = [tuple(int(side) for side in shape.split("x")) for shape in options.shape or ["1x70x98"]]
    expected = original_results(record, shapes)
    gc.collect()

    from peer import network, weights

    torch._C._jit_set_texpr_fuser_enabled(False)
    module = torch.jit.load(options.file)
    for shape in shapes:
        image = torch.from_numpy(weights.normalise(pictures(*shape)))[:, 0][None]
        for use_sdpa in (True, False):
            module.use_sdpa = use_sdpa
            with torch.inference_mode():
                actual = module.pose(image) if hasattr(module, "pose") else module(image)
            about = {"model": record["name"], "shape": "x".join(map(str, shape)), "sdpa": use_sdpa}
            print(json.dumps(about | differences(actual, expected[shape])), flush=True)


if __name__ == "__main__":
    main()
