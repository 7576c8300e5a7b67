// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <predict/depth_model.hpp>
#include <torch/csrc/jit/api/compilation_unit.h>
#include <torch/csrc/jit/api/module.h>

#include <da3/model_spec.hpp>

#include <weights/record.hpp>

namespace da3::engine::testing {

/// A network that keeps the contract: depth is the mean of the channels plus `shift` (0.25, 2 in the second
/// half).
inline constexpr const char* kGoodForward = R"(
def forward(self, image: Tensor) -> Dict[str, Tensor]:
    depth = image.mean(2) + self.shift[0]
    return {'depth': depth, 'depth_conf': depth * 0 + self.shift[1]}
)";

inline ModelSpec toy_spec() {
  ModelSpec spec;
  spec.name = "toy";
  spec.family = "toy";
  spec.patch = 2;
  spec.mean = {0, 0, 0};
  spec.std = {1, 1, 1};
  spec.outputs = {"depth", "depth_conf"};
  spec.parameters = 2;
  spec.source = "made by a test";
  spec.licence_spdx = "Apache-2.0";
  spec.licence_attribution = "The da3 authors";
  spec.da3_version = "0.0.0";
  return spec;
}

/// A module of class `name` with the methods of `source` and a parameter `shift` of two values.
inline torch::jit::Module toy_module(const std::string& source) {
  const auto unit = std::make_shared<torch::jit::CompilationUnit>();
  torch::jit::Module module(c10::QualifiedName("__torch__.toy.Network"), unit);
  module.register_attribute("training", c10::BoolType::get(), false);
  module.register_parameter("shift", at::tensor({0.25F, 2.0F}), false);
  module.define(source);
  return module;
}

inline std::filesystem::path save(const torch::jit::Module& module, const ModelSpec& spec,
                                  const std::filesystem::path& file) {
  std::filesystem::remove(file);  // A model that has it open keeps it
  module.save(file.string(), {{std::string(weights::kRecordName), weights::record_text(spec)}});
  return file;
}

/// Pictures that differ from each other, and a request for them.
struct ToyRequest {
  ToyRequest(int scenes, int views, Size size) {
    request.scenes = scenes;
    request.views = views;
    request.size = size;
    for (int i = 0; i < scenes * views; ++i) {
      std::vector<std::uint8_t>& picture = pictures.emplace_back(size.area() * 3);
      for (std::size_t at = 0; at < picture.size(); ++at) {
        picture[at] = static_cast<std::uint8_t>((at * 7 + static_cast<std::size_t>(i) * 31) % 256);
      }
    }
    for (const auto& picture : pictures) request.pictures.emplace_back(picture);
  }

  std::vector<std::vector<std::uint8_t>> pictures;
  predict::Request request;
};

}  // namespace da3::engine::testing
