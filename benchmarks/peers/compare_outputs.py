# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Compares da3's depth with the original's: same weights by the recipe, same photo, whole models.

    original_python compare_outputs.py --da3 scripts/da3 -m da3-large,da3mono-large examples/coffee.png

Prints, for each model and photo, the worst difference of da3's depth (`da3 infer -f npz --size model`) relative to the
original's, and its share of the map's spread. Exit 1 if one is above --limit. Above 100000 pixels that are not sky the
original's mono, metric and nested models draw a random sample, so their sky differs from run to run: keep the size small.
"""

import argparse
import os
from pathlib import Path
import subprocess
import sys
import tempfile

sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np

_SKY_THRESHOLD = 0.3  # of the original's rule: farther pixels get one depth
_SKY_MARGIN = 1e-4  # where rounding decides on which side a pixel falls
_OUTPUTS = {"depth": "depth", "depth_conf": "confidence", "sky": "sky"}  # the original's names, and da3's


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--da3", default="scripts/da3", help="the program (scripts/da3)")
    parser.add_argument("-m", "--model", default="da3-small", help="list of published names (da3-small)")
    parser.add_argument("--seed", type=int, default=1, help="of the weight recipe (1)")
    parser.add_argument("--process-res", type=int, default=336, help="processing size (336)")
    parser.add_argument("--threads", type=int, default=0, help="of the original (torch's default)")
    parser.add_argument(
        "--limit", type=float, default=1e-4, help="worst relative difference that passes (1e-4, the self-test's)"
    )
    parser.add_argument("--da3-option", action="append", default=[], help="passed to da3 infer, repeatable")
    parser.add_argument("--models-folder", type=Path, help="keep da3's model files here (a temporary folder)")
    return parser.parse_args()


def run_da3(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}")


def da3_model(options: argparse.Namespace, model: str, folder: Path) -> Path:
    file = folder / f"{model}-seed{options.seed}.pt"
    if not file.is_file():
        run_da3([options.da3, "model", "export", model, "--synthetic", str(options.seed), "-o", str(file)])
    return file


def da3_results(options: argparse.Namespace, model_file: Path, folder: Path) -> dict[Path, dict]:
    out = folder / model_file.stem
    size = ["--size", "model", "--process-res", str(options.process_res)]
    # Each published network has one of the two; da3 refuses what a model does not give.
    extra = "--sky" if model_file.stem.startswith(("da3mono", "da3metric")) else "--confidence"
    run_da3(
        [options.da3, "infer", extra, "--allow-synthetic", "-m", str(model_file), "-f", "npz", *size, "--device", "cpu", *options.da3_option]
        + ["-o", str(out), *map(str, options.photos)]
    )
    results = {}
    for photo in options.photos:
        found = sorted(out.rglob(photo.stem + ".npz"))
        if len(found) != 1:
            sys.exit(f"da3 wrote {len(found)} results for {photo} below {out}")
        with np.load(found[0]) as arrays:
            results[photo] = {name: arrays[name] for name in arrays.files}
    return results


def original_input(photo: Path, process_res: int) -> np.ndarray:
    """(H, W, 3) uint8: the original's two resizes."""
    import cv2
    from PIL import Image

    from peer.photo import processed_size

    picture = np.asarray(Image.open(photo).convert("RGB"))
    height, width = picture.shape[:2]
    longest = max(height, width)
    if longest != process_res:
        scale = process_res / longest
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA)
    height, width = processed_size(*picture.shape[:2], process_res)
    if (height, width) != picture.shape[:2]:
        grows = height > picture.shape[0] or width > picture.shape[1]
        picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_CUBIC if grows else cv2.INTER_AREA)
    return picture


def keep_sky(network) -> list:
    """A list that gets what the heads say of the sky in each forward."""
    kept: list = []

    def look(_module, _inputs, outputs) -> None:
        if "sky" in outputs:
            kept.append(outputs["sky"][0, 0].numpy().copy())

    for name, module in network.named_modules():
        if name.split(".")[-1] == "head":
            module.register_forward_hook(look)
    return kept


def compare(name: str, ours: np.ndarray, theirs: np.ndarray, decided: np.ndarray) -> float:
    if ours.shape != theirs.shape:
        sys.exit(f"{name}: da3 gives {ours.shape}, the original {theirs.shape}")
    if not (np.isfinite(ours).all() and np.isfinite(theirs).all()):
        sys.exit(f"{name}: values that are not finite")
    difference = np.where(decided, np.abs(ours.astype(np.float64) - theirs), 0)
    spread = float(theirs.max() - theirs.min())
    relative = difference / np.maximum(np.abs(theirs), 1e-6 * spread)
    worst = float(relative.max())
    where = np.unravel_index(difference.argmax(), difference.shape)
    print(
        f"{name}: worst relative difference {worst:.2e}, mean {float(relative.mean()):.2e}; "
        f"{float(difference.max()) / max(spread, 1e-30):.2e} of the spread of {spread:.3g} at {tuple(map(int, where))}"
        + ("" if decided.all() else f"; {int((~decided).sum())} pixels at the sky threshold left out"),
        flush=True,
    )
    return worst


def main() -> int:
    options = parse_options()
    import torch

    from peer import network, weights

    if options.threads:
        torch.set_num_threads(options.threads)
    worst = 0.0
    with tempfile.TemporaryDirectory(prefix="da3-compare-") as scratch:
        folder = options.models_folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for model in options.model.split(","):
            # One after the other: both models of the largest size do not fit into memory together.
            ours = da3_results(options, da3_model(options, model, folder), Path(scratch))
            original = network.build(model)
            network.fill_by_recipe(original, options.seed)
            sky = keep_sky(original)
            for photo in options.photos:
                picture = original_input(photo, options.process_res)
                sky.clear()
                result = network.forward(original, torch.from_numpy(weights.normalise(picture[None])))
                decided = np.ones(picture.shape[:2], bool)
                for each in sky:
                    decided &= np.abs(each - _SKY_THRESHOLD) > _SKY_MARGIN
                for output, name in _OUTPUTS.items():
                    if output not in result or name not in ours[photo]:
                        continue
                    label = f"{model} {photo.name} {name}"
                    difference = compare(label, ours[photo][name], result[output][0, 0].numpy(), decided)
                    # Sky is a ReLU: relative differences mean nothing at its zeros.
                    worst = max(worst, difference if output != "sky" else 0.0)
            del original
    print(f"worst relative difference of all: {worst:.2e} (limit {options.limit:.0e})")
    return 0 if worst <= options.limit else 1


if __name__ == "__main__":
    sys.exit(main())
