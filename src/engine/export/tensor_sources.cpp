// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <set>
#include <sstream>

#include <ATen/ATen.h>

#include <da3/error.hpp>

#include <engine/export/tensor_sources.hpp>
#include <engine/torch_errors.hpp>
#include <weights/recipe.hpp>

namespace da3::engine {
namespace {

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::ostringstream text;
  text << at::IntArrayRef(shape);
  return text.str();
}

const weights::TensorView& find_under_any_name(const weights::Safetensors& file,
                                               const weights::TensorEntry& entry,
                                               std::set<std::string>& known) {
  const weights::TensorView* found = nullptr;
  known.insert(entry.name);
  known.insert(entry.aliases.begin(), entry.aliases.end());
  if (const auto* view = file.find(entry.name)) found = view;
  for (const std::string& alias : entry.aliases) {
    if (found == nullptr) found = file.find(alias);
  }
  if (found == nullptr) {
    throw Error(ErrorCode::kModelContract,
                file.path().string() + ": the tensor " + entry.name + " " + shape_text(entry.shape) +
                    " is missing; is the config.json next to it the one of this file?");
  }
  return *found;
}

void check_type_and_shape(const weights::Safetensors& file, const weights::TensorView& view,
                          const weights::TensorEntry& entry) {
  if (view.dtype != weights::Dtype::kF32) {
    throw Error(ErrorCode::kModelContract,
                file.path().string() + ": the tensor " + view.name + " has the type " +
                    std::string(weights::to_string(view.dtype)) + ", expected F32");
  }
  if (view.shape != entry.shape) {
    throw Error(ErrorCode::kModelContract, file.path().string() + ": the tensor " + view.name +
                                               " has the shape " + shape_text(view.shape) + ", expected " +
                                               shape_text(entry.shape));
  }
}

at::Tensor as_tensor(const weights::TensorView& view, const std::shared_ptr<void>& mapping) {
  // The mapping is private and writable, so nothing can reach the file.
  void* const data = const_cast<std::byte*>(view.data.data());
  at::Tensor tensor = at::from_blob(data, view.shape, [mapping](void*) {}, at::TensorOptions(at::kFloat));
  const bool aligned = reinterpret_cast<std::uintptr_t>(data) % alignof(float) == 0;
  return aligned ? tensor : tensor.clone();
}

void check_finite(const at::Tensor& tensor, const weights::Safetensors& file, const std::string& name) {
  // NaN and infinity survive a sum, which is one fast pass; only a sum that is not finite needs a closer
  // look.
  if (std::isfinite(tensor.sum().item<float>()) || at::isfinite(tensor).all().item<bool>()) return;
  throw Error(ErrorCode::kModelDamaged, file.path().string() + ": the tensor " + name +
                                            " holds values that are not finite; get the file again");
}

}  // namespace

PublishedTensors published_tensors(const weights::Safetensors& file,
                                   const std::vector<weights::TensorEntry>& entries, const Parts& parts) {
  PublishedTensors result;
  std::set<std::string> known;
  for (const weights::TensorEntry& entry : entries) {
    const weights::TensorView& view = find_under_any_name(file, entry, known);
    check_type_and_shape(file, view, entry);
    if (!is_needed(entry, parts)) continue;
    at::Tensor tensor = as_tensor(view, file.handle());
    check_finite(tensor, file, view.name);
    result.tensors.emplace(module_path(entry.name), std::move(tensor));
  }
  for (const weights::TensorView& view : file.tensors()) {
    if (!known.contains(view.name))
      result.warnings.push_back("The tensor " + view.name + " is not known and left out");
  }
  return result;
}

TensorMap recipe_tensors(const std::vector<weights::TensorEntry>& entries, std::uint64_t seed,
                         const Parts& parts) {
  TensorMap tensors;
  try {
    for (const weights::TensorEntry& entry : entries) {
      if (!is_needed(entry, parts)) continue;
      at::Tensor tensor = at::empty(entry.shape, at::TensorOptions(at::kFloat));
      const std::span<float> values(tensor.mutable_data_ptr<float>(),
                                    static_cast<std::size_t>(tensor.numel()));
      weights::fill_recipe(values, entry.name, entry.shape, seed);
      tensors.emplace(module_path(entry.name), std::move(tensor));
    }
  } catch (const std::exception& error) {
    throw translate(error, ErrorCode::kInternal, "Making synthetic weights");
  }
  return tensors;
}

}  // namespace da3::engine
