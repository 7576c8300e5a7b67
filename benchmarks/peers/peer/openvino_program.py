# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""The original network in OpenVINO on a CPU, as its documentation advises for least latency."""

from pathlib import Path

import numpy as np
import openvino as ov

from peer import programs, weights


class OpenVinoProgram(programs.Program):
    def __init__(self, file: Path, settings: dict, hint: str) -> None:
        self._input = weights.normalise(programs.drawn(settings))
        core = ov.Core()
        self._compiled = core.compile_model(
            core.read_model(file),
            "CPU",
            {
                "PERFORMANCE_HINT": "LATENCY",
                "INFERENCE_PRECISION_HINT": hint,
                "INFERENCE_NUM_THREADS": settings["threads"],
            },
        )
        self._request = self._compiled.create_infer_request()
        self._request.set_input_tensor(ov.Tensor(self._input, shared_memory=True))

    def forward(self) -> None:
        self._request.infer()

    def run(self, x: np.ndarray) -> np.ndarray:
        np.copyto(self._input, x)
        return self.depth()[0]

    def depth(self) -> np.ndarray:
        self._request.infer()
        return np.array(self._request.get_output_tensor(0).data, np.float32)


class OpenVino(programs.Peer):
    """fp32: INFERENCE_PRECISION_HINT f32. bf16: everything in bf16. int8: static quantisation by NNCF with the rest in bf16
    (float32 where the processor has no bf16). int8-dynamic: NNCF's 8-bit weights, inputs in groups of 64."""

    name = "openvino"
    tool = "openvino"
    precisions = ("fp32", "bf16", "int8", "int8-dynamic")

    def version(self) -> str:
        return ov.get_version()

    def libraries(self) -> dict[str, str]:
        return {"openvino": ov.get_version(), "nncf": programs.package_version("nncf")}

    def check(self, settings: dict) -> None:
        super().check(settings)
        if settings.get("precision") == "bf16" and not programs.has_bf16():
            raise ValueError("OpenVINO needs a processor with bf16 instructions for bf16")

    def open(self, settings: dict, shared: dict) -> programs.Program:
        return self.open_file(self.weight_file(settings), settings)

    def open_file(self, file: Path, settings: dict) -> programs.Program:
        return OpenVinoProgram(file, settings, self._hint(settings))

    def weight_file(self, settings: dict) -> Path:
        precision = settings.get("precision", "fp32")
        kind = {"int8": "int8", "int8-dynamic": "int8w"}.get(precision, "fp32")
        file = programs.cache_folder() / f"{programs.export_name(settings)}.ov-{ov.__version__.split('-')[0]}.{kind}.xml"
        if not file.is_file():
            self._export(settings, kind, file)
        return file

    @staticmethod
    def _hint(settings: dict) -> str:
        if settings.get("precision", "fp32") == "fp32":
            return "f32"
        return "bf16" if programs.has_bf16() else "f32"

    @staticmethod
    def _export(settings: dict, kind: str, file: Path) -> None:
        import torch

        shape = [settings.get("batch", 1), 1, 3, settings["height"], settings["width"]]
        with torch.no_grad():
            model = ov.convert_model(
                programs.depth_network(settings), example_input=torch.zeros(shape), input=[ov.PartialShape(shape)]
            )
        if kind == "int8":
            import nncf

            inputs = programs.calibration_inputs(settings)
            model = nncf.quantize(
                model, nncf.Dataset(inputs), model_type=nncf.ModelType.TRANSFORMER, subset_size=len(inputs)
            )
        elif kind == "int8w":
            import nncf

            model = nncf.compress_weights(model, mode=nncf.CompressWeightsMode.INT8_SYM)
            model.set_rt_info("64", ["runtime_options", "DYNAMIC_QUANTIZATION_GROUP_SIZE"])
        temporary = file.with_name("new-" + file.name)
        ov.save_model(model, temporary, compress_to_fp16=False)
        temporary.with_suffix(".bin").replace(file.with_suffix(".bin"))
        temporary.replace(file)
