// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <exception>
#include <string>

#include <torch/csrc/jit/serialization/export.h>

#include <da3/error.hpp>

#include <engine/export/save_model.hpp>
#include <engine/torch_errors.hpp>
#include <weights/identity.hpp>
#include <weights/record.hpp>

namespace da3::engine {
namespace {

// LibTorch streams record by record from the tensors' own memory, so no second copy of the weights exists.
void save(const torch::jit::Module& module, const ModelSpec& spec, core::AtomicFile& file) {
  // Hash and name of the file are known only once it is written; they are put into its record in place.
  ModelSpec unhashed = spec;
  unhashed.sha256 = std::string(64, '0');
  const torch::jit::ExtraFilesMap record{{std::string(weights::kRecordName), weights::record_text(unhashed)}};
  // LibTorch's writer ends the program where a write fails, in its destructor: it is told that all went well.
  std::exception_ptr failed;
  const auto write = [&](const void* data, std::size_t size) {
    try {
      if (!failed) file.write({static_cast<const std::uint8_t*>(data), size});
    } catch (...) {
      failed = std::current_exception();
    }
    return size;
  };
  try {
    torch::jit::ExportModule(module, write, record);
  } catch (const std::exception& error) {
    throw translate(error, ErrorCode::kOutputFailed, "Writing " + file.temporary().string());
  }
  if (failed) std::rethrow_exception(failed);
}

}  // namespace

void save_model(const torch::jit::Module& module, ModelSpec& spec, core::AtomicFile& file) {
  save(module, spec, file);
  spec.sha256 = weights::weights_sha256(file.temporary());
  weights::replace_record(file.temporary(), spec);
  file.finish(core::Existing::kReplace, core::Durability::kPower);
}

}  // namespace da3::engine
