# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""What a worker does with photos, without Ray: bytes in, result files and records out."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import da3
from da3._program import prefix
from da3.ray._places import Place


@dataclass(frozen=True)
class Work:
    """What is computed; everything that changes a result."""

    model: str | None = None
    formats: tuple[str, ...] = ("png16",)
    size: str = "input"
    confidence: bool = False
    sky: bool = False
    process_res: int | None = None
    resize_method: str | None = None
    focal_px: float | None = None
    hfov_deg: float | None = None
    colormap: str = "spectral"
    vis_range: tuple[float, float] | None = None
    precision: str | None = None
    allow_synthetic: bool = False
    trust_code: bool = False
    # None of these changes a result beyond rounding.
    device: str | None = None
    threads: int = 0
    batch: int | str = "auto"

    def options(self) -> dict[str, Any]:
        """What has to stay the same from run to run."""
        return {
            "formats": list(self.formats),
            "size": self.size,
            "confidence": self.confidence,
            "sky": self.sky,
            "process_res": self.process_res,
            "resize_method": self.resize_method,
            "focal_px": self.focal_px,
            "hfov_deg": self.hfov_deg,
            "colormap": self.colormap,
            "vis_range": None if self.vis_range is None else list(self.vis_range),
            "precision": self.precision,
        }


def model_file(model: str | None, trust_code: bool = False) -> str | None:
    """A model's file or name on this machine; what is at a URL is fetched once, under a lock, and verified."""
    if model is None or "://" not in model:
        return model
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = os.path.join(home, "da3", "fetched")
    os.makedirs(folder, exist_ok=True)
    of_url = hashlib.sha256(model.encode()).hexdigest()[:24]
    with open(os.path.join(folder, of_url + ".lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        place, name = Place.of_file(model)
        # Another model may have come to the URL since.
        try:
            identity = place.identity(name)
        except FileNotFoundError:
            raise da3.ModelError(f"{model}: not found", "model.not_found") from None
        except OSError as problem:
            raise da3.ModelError(f"{model}: cannot be fetched ({problem})", "model.fetch") from None
        version = hashlib.sha256(identity.encode()).hexdigest()[:8]
        file = os.path.join(folder, f"{of_url}-{version}.pt")
        if os.path.exists(file):
            return file
        # Of one that was killed here the next one writes over it.
        temporary = os.path.join(folder, of_url + ".part")
        try:
            with open(temporary, "wb") as out:
                for piece in place.stream(name):
                    out.write(piece)
            trust = ["--trust-code"] if trust_code else []
            checked = subprocess.run(
                [str(prefix() / "bin" / "da3"), "model", "verify", temporary, "--device", "cpu", *trust],
                capture_output=True,
                text=True,
                check=False,
            )
            if checked.returncode != 0:
                said = checked.stderr.strip().removeprefix("da3: ").replace(temporary, "what was fetched")
                raise da3.ModelError(f"{model}: {said}", "model.damaged")
            for each in os.listdir(folder):
                if each.startswith(of_url) and each.endswith(".pt"):
                    os.unlink(os.path.join(folder, each))
            os.replace(temporary, file)
        except FileNotFoundError:
            raise da3.ModelError(f"{model}: not found", "model.not_found") from None
        except OSError as problem:
            raise da3.ModelError(f"{model}: cannot be fetched ({problem})", "model.fetch") from None
        finally:
            if os.path.exists(temporary):
                os.unlink(temporary)
    return file


@dataclass
class Outcome:
    """One photo's end: its files by format, or the error that it failed with."""

    files: dict[str, bytes] = field(default_factory=dict)
    prediction: da3.Prediction | None = None
    record: dict[str, Any] = field(default_factory=dict)
    error: da3.Error | None = None


class Predictor:
    """A loaded model and what is done with it."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.model = da3.load(
            model_file(work.model, work.trust_code),
            work.device,
            work.precision,
            threads=work.threads,
            trust_code=work.trust_code,
        )
        self.spec = self.model.spec
        if self.spec["weights"]["origin"] == "synthetic" and not work.allow_synthetic:
            raise da3.ModelError(
                f"{self.model.name}: its weights are synthetic, so its depth means nothing; --allow-synthetic runs it "
                "all the same",
                "model.synthetic",
            )
        self.batch = (1 if self.model.device == "cpu" else 8) if work.batch == "auto" else int(work.batch)
        # What is wrong with the options is said before the first photo.
        self._predict([])
        for name in work.formats:
            da3.encode(
                np.ones((1, 1)),
                name,
                photo=np.zeros((1, 1, 3), np.uint8),
                colormap=work.colormap,
                vis_range=work.vis_range,
            )

    def _predict(self, photos: Sequence[da3.Photo]) -> list[da3.Prediction]:
        work = self.work
        return self.model.predict(
            list(photos),
            confidence=work.confidence,
            sky=work.sky,
            size=work.size,
            process_res=work.process_res,
            resize_method=work.resize_method,
            focal_px=work.focal_px,
            hfov_deg=work.hfov_deg,
            batch=self.batch,
        )

    def predict(self, photos: Sequence[da3.Photo | da3.Error]) -> list[da3.Prediction | da3.Error]:
        """A prediction or an error for each photo; one that fails takes no other along."""
        results: list[da3.Prediction | da3.Error] = [each if isinstance(each, da3.Error) else None for each in photos]  # type: ignore[misc]
        good = [i for i, each in enumerate(photos) if not isinstance(each, da3.Error)]
        try:
            for i, prediction in zip(good, self._predict([photos[i] for i in good]), strict=True):  # type: ignore[misc]
                results[i] = prediction
            return results
        except da3.Error as problem:
            if len(good) == 1:
                results[good[0]] = problem
                return results
        for i in good:
            results[i] = self.predict([photos[i]])[0]
        return results

    def outcome(self, photo: da3.Photo | da3.Error, found: da3.Prediction | da3.Error) -> Outcome:
        """Encodes what was found."""
        if isinstance(found, da3.Error):
            return Outcome(error=found)
        assert not isinstance(photo, da3.Error)
        height, width, _ = photo.pixels.shape
        outcome = Outcome(prediction=found)
        outcome.record = {
            "input": {"height": height, "width": width},
            "kind": found.kind,
            "unit": found.unit,
            "focal_px": found.focal_px,
        }
        try:
            for name in self.work.formats:
                outcome.files[name] = found.encode(
                    name,
                    photo=photo if name == "side" else None,
                    colormap=self.work.colormap,
                    vis_range=self.work.vis_range,
                )
        except da3.Error as problem:
            return Outcome(error=problem)
        return outcome


def decoded(data: bytes) -> da3.Photo | da3.Error:
    try:
        return da3.decode(data)
    except da3.Error as problem:
        return problem


def windows(count: int, size: int) -> Iterator[range]:
    for begin in range(0, count, size):
        yield range(begin, min(begin + size, count))


def error_text(error: da3.Error) -> str:
    return json.dumps({"code": error.code, "message": str(error)})
