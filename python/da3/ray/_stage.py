# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""da3 as a stage of a Ray Data pipeline."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

import da3
from da3.ray._photos import Predictor, Work, decoded, error_text

if TYPE_CHECKING:
    import ray.data


class Stage:
    """One actor: a loaded model."""

    def __init__(self, work: Work, column: str) -> None:
        self._predictor = Predictor(work)
        self._column = column
        self._formats = work.formats

    def __call__(self, rows: dict[str, Any]) -> dict[str, Any]:
        photos = [decoded(data) for data in rows[self._column]]
        outcomes = [
            self._predictor.outcome(*each) for each in zip(photos, self._predictor.predict(photos), strict=True)
        ]
        result = {name: values for name, values in rows.items() if name != self._column}
        if self._formats:
            for name in self._formats:
                result[name] = np.array([outcome.files.get(name) for outcome in outcomes], dtype=object)
        else:
            depths = np.empty(len(outcomes), dtype=object)
            for i, outcome in enumerate(outcomes):
                depths[i] = np.zeros((0, 0), np.float32) if outcome.prediction is None else outcome.prediction.depth
            result["depth"] = depths
        result["record"] = np.array([json.dumps(outcome.record) for outcome in outcomes], dtype=object)
        result["error"] = np.array(
            [None if outcome.error is None else error_text(outcome.error) for outcome in outcomes], dtype=object
        )
        return result


def map(
    dataset: ray.data.Dataset,
    model: str | None = None,
    *,
    column: str = "bytes",
    formats: Sequence[str] = (),
    batch: int | str = "auto",
    concurrency: int | tuple[int, int] = 1,
    num_cpus: float | None = None,
    num_gpus: float | None = None,
    rows: int = 16,
    **options: Any,
) -> ray.data.Dataset:
    """Depth for a column of encoded photos.

    Parameters
    ----------
    dataset : ray.data.Dataset
        With the bytes of picture files, such as ``ray.data.read_binary_files`` gives.
    model : str, optional
        An installed name or a file on every node, or a URL, which is fetched once a node.
    column : str
        The column of bytes; the result lacks it.
    formats : sequence of str
        Of `da3.FORMATS`: a column of encoded bytes each, instead of ``depth``.
    batch : int or "auto"
        Photos per forward; ``"auto"``: 1 on a CPU, 8 on a GPU.
    concurrency : int or (int, int)
        Workers, each with a loaded model, or their least and greatest number.
    num_cpus, num_gpus : float, optional
        Of a worker. A forward on the CPU uses ``num_cpus`` threads.
    rows : int
        Photos that a worker takes at a time.
    **options
        ``size``, ``confidence``, ``sky``, ``process_res``, ``focal_px``, ``hfov_deg``, ``colormap``, ``precision``,
        ``device``, ``allow_synthetic``, as for `da3.Model.predict` and `da3.infer`.

    Returns
    -------
    ray.data.Dataset
        The other columns, and ``depth`` ((H, W) float32; (0, 0) where the photo failed) or a column for each format,
        ``record`` (JSON), ``error`` (JSON with ``code`` and ``message``, or None). A photo that fails is a row.

    Raises
    ------
    UsageError
        A format that does not exist. Errors of the model end the execution.
    """
    for name in formats:
        if name not in da3.FORMATS:
            raise da3.UsageError(f"formats: '{name}' is not one of {', '.join(da3.FORMATS)}", "usage")
    threads = int(num_cpus) if num_cpus is not None and num_cpus >= 1 else 0
    work = Work(model=model, formats=tuple(formats), batch=batch, threads=threads, **options)
    return dataset.map_batches(
        Stage,
        fn_constructor_args=(work, column),
        batch_size=rows,
        batch_format="numpy",
        concurrency=concurrency,
        num_cpus=num_cpus,
        num_gpus=num_gpus,
    )
