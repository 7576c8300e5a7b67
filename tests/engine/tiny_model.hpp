// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include <da3/model_spec.hpp>

#include <engine/engine.hpp>
#include <testing/temporary_folder.hpp>

namespace da3::engine::testing {

/// The published fixture `tiny`: config.json and model.safetensors.
inline const std::filesystem::path kTiny = std::filesystem::path(DA3_TEST_DATA_DIR) / "golden" / "tiny";

/// `tiny` as a model file.
struct TinyModel {
  TinyModel() : file(folder.path() / "tiny.pt") {
    ExportSource source;
    source.folder = kTiny;
    report = export_model(source, file);
  }
  da3::testing::TemporaryFolder folder;
  std::filesystem::path file;
  ExportReport report;
};

/// Exported once a process, for all tests that only read it.
inline const TinyModel& tiny_model() {
  static const TinyModel model;
  return model;
}

}  // namespace da3::engine::testing
