# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""The original network in ONNX Runtime on a CPU."""

import os
from pathlib import Path

import numpy as np
import onnxruntime as ort

from peer import programs, weights

_OPSET = 18


class OnnxRuntimeProgram(programs.Program):
    def __init__(self, file: Path, settings: dict) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = settings["threads"]
        self._session = ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        self._bound = self._session.io_binding()
        self._input = weights.normalise(programs.drawn(settings))
        self._bound.bind_cpu_input(self._session.get_inputs()[0].name, self._input)
        for output in self._session.get_outputs():
            self._bound.bind_output(output.name)

    def forward(self) -> None:
        self._session.run_with_iobinding(self._bound)

    def run(self, x: np.ndarray) -> np.ndarray:
        np.copyto(self._input, x)
        return self.depth()[0]

    def depth(self) -> np.ndarray:
        self.forward()
        return self._bound.copy_outputs_to_cpu()[0]


class OnnxRuntime(programs.Peer):
    """fp32 after basic optimisation by the runtime; int8: its dynamic quantisation of the linear layers."""

    name = "onnxruntime"
    tool = "onnxruntime"
    precisions = ("fp32", "int8")

    def version(self) -> str:
        return ort.__version__

    def libraries(self) -> dict[str, str]:
        return {"onnxruntime": ort.__version__, "onnx": programs.package_version("onnx")}

    def open(self, settings: dict, shared: dict) -> programs.Program:
        return self.open_file(self.weight_file(settings), settings)

    def open_file(self, file: Path, settings: dict) -> programs.Program:
        return OnnxRuntimeProgram(file, settings)

    def weight_file(self, settings: dict) -> Path:
        precision = settings.get("precision", "fp32")
        file = programs.cache_folder() / f"{programs.export_name(settings)}.ort-{ort.__version__}.{precision}.onnx"
        if not file.is_file():
            temporary = file.with_name(f"new-{os.getpid()}-{file.name}")
            if precision == "int8":
                from onnxruntime.quantization import QuantType, quantize_dynamic

                plain = self.weight_file(settings | {"precision": "fp32"})
                quantize_dynamic(
                    str(plain), str(temporary), weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul"]
                )
            else:
                self._export(settings, temporary)
            temporary.replace(file)
        return file

    @staticmethod
    def _export(settings: dict, file: Path) -> None:
        import torch

        shape = [settings.get("batch", 1), 1, 3, settings["height"], settings["width"]]
        with torch.no_grad():
            torch.onnx.export(
                programs.depth_network(settings),
                (torch.zeros(shape),),
                str(file),
                input_names=["image"],
                opset_version=_OPSET,
                dynamo=False,
            )
