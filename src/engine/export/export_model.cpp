// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>
#include <cstdint>
#include <exception>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ATen/ATen.h>

#include <da3/error.hpp>

#include <core/atomic_file.hpp>
#include <core/build_info.hpp>
#include <core/mapped_file.hpp>
#include <core/sha256.hpp>
#include <core/text.hpp>
#include <engine/engine.hpp>
#include <engine/export/save_model.hpp>
#include <engine/export/tensor_sources.hpp>
#include <engine/libtorch_setup.hpp>
#include <engine/network/network.hpp>
#include <engine/network/tensor_layouts.hpp>
#include <engine/selftest.hpp>
#include <engine/torch_errors.hpp>
#include <weights/model_config.hpp>
#include <weights/recipe.hpp>
#include <weights/record.hpp>
#include <weights/safetensors.hpp>
#include <weights/tensor_list.hpp>

namespace da3::engine {
namespace {

weights::NetworkConfig config_of(const ExportSource& source) {
  const std::filesystem::path file = source.folder / "config.json";
  if (!source.folder.empty() && (source.name.empty() || std::filesystem::exists(file))) {
    return weights::read_config(file);
  }
  if (source.name.empty()) {
    throw Error(ErrorCode::kUsage, "Nothing to export: neither a folder nor the name of a model is given");
  }
  return weights::catalogue_config(source.name);
}

std::string name_of(const ExportSource& source, const weights::NetworkConfig& config) {
  std::string spelling = source.name.empty() ? config.model_name : source.name;
  // A config.json need not say it.
  if (spelling.empty()) spelling = source.origin_text.empty() ? "unnamed" : source.origin_text;
  const std::string known = weights::catalogue_name(spelling);
  return known.empty() ? spelling : known;
}

/// Whether one of the words of a model's name is "metric", as in "DA3METRIC-LARGE" and not in "geometric".
bool has_metric(std::string_view name) {
  std::string words = core::lower_case(name);
  std::ranges::replace_if(words, [](unsigned char c) { return std::isalnum(c) == 0; }, ' ');
  std::istringstream stream(words);
  for (std::string word; stream >> word;) {
    if (word == "metric" || word == "da3metric") return true;
  }
  return false;
}

// The metric model and the one of relative depth are the same network; only the name tells them apart.
DepthKind depth_kind_of(const ExportSource& source, const weights::NetworkConfig& config) {
  const bool of_one_view = !config.nested() && config.main.head.kind != weights::HeadKind::kDualDpt;
  if (source.depth_kind) {
    if (of_one_view) return *source.depth_kind;
    throw Error(
        ErrorCode::kUsage,
        "The kind of depth can be said of mono and metric networks alone; what this one gives is known");
  }
  if (config.nested()) return DepthKind::kMetric;
  const bool metric = of_one_view && (has_metric(config.model_name) || has_metric(source.name));
  return metric ? DepthKind::kCanonical : DepthKind::kRelative;
}

std::vector<std::string> outputs_of(const weights::NetworkConfig& config, const Parts& parts) {
  if (config.main.head.kind != weights::HeadKind::kDualDpt) return {"depth", "sky", "depth_raw"};
  std::vector<std::string> outputs{"depth", "depth_conf", "pose"};
  if (config.nested()) outputs.insert(outputs.end() - 1, "sky");
  if (parts.rays) outputs.emplace_back("rays");
  if (parts.gaussians) outputs.emplace_back("gaussians");
  return outputs;
}

ModelSpec describe(const ExportSource& source, const weights::NetworkConfig& config, int layout,
                   const TensorMap& tensors) {
  ModelSpec spec;
  spec.name = name_of(source, config);
  spec.family = "da3";
  spec.network_id = network_id(config);
  spec.network_layout = layout;
  spec.network_config_json = weights::config_text(config);
  for (const auto& [path, tensor] : tensors) spec.parameters += tensor.numel();
  spec.patch = weights::kPatchSize;
  spec.depth_kind = depth_kind_of(source, config);
  spec.larger_is_farther = spec.depth_kind != DepthKind::kInverse;
  if (spec.depth_kind == DepthKind::kMetric) spec.depth_unit = "m";
  spec.outputs = outputs_of(config, stored_parts(config, layout));
  spec.attention = {Attention::kSdpa, Attention::kManual};
  spec.origin = source.seed ? WeightsOrigin::kSynthetic : WeightsOrigin::kPublished;
  spec.seed = source.seed;
  spec.source = source.origin_text;
  spec.licence_spdx = source.licence_spdx;
  spec.licence_attribution = source.licence_attribution;
  spec.da3_version = std::string(core::build_info().version);
  return spec;
}

// (1, 1, 3, H, W), normalised as the record says.
at::Tensor selftest_image(const ModelSpec& spec) {
  std::vector<std::uint8_t> picture =
      weights::selftest_picture(kSelftestHeight, kSelftestWidth, kSelftestSeed);
  const at::Tensor pixels =
      at::from_blob(picture.data(), {1, 1, kSelftestHeight, kSelftestWidth, 3}, at::TensorOptions(at::kByte));
  const at::Tensor mean = at::tensor(at::ArrayRef<float>(spec.mean));
  const at::Tensor std = at::tensor(at::ArrayRef<float>(spec.std));
  return pixels.to(at::kFloat).div_(255.0).sub_(mean).div_(std).permute({0, 1, 4, 2, 3}).contiguous();
}

/// Throws: Error kModelDamaged with `weights`, what they are, if they give no depth.
Selftest run_selftest(torch::jit::Module& module, const ModelSpec& spec, const std::string& weights) {
  const Selftest shape{.height = kSelftestHeight, .width = kSelftestWidth, .seed = kSelftestSeed};
  try {
    const at::IValue result = module.forward({selftest_image(spec)});
    const at::Tensor depth = result.toGenericDict().at("depth").toTensor().contiguous();
    const float* const values = depth.const_data_ptr<float>();
    return selftest_statistics(shape, std::vector<float>(values, values + depth.numel()));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kPredictionInvalid) throw;
    throw Error(ErrorCode::kModelDamaged, weights + ": " + error.what() + ", get them again");
  } catch (const std::exception& error) {
    throw translate(error, ErrorCode::kInternal, "Running the self-test of " + spec.name);
  }
}

}  // namespace

ExportReport export_model(const ExportSource& source, const std::filesystem::path& file) {
  set_up_libtorch();
  const EngineScope scope;
  const weights::NetworkConfig config = config_of(source);
  const std::vector<weights::TensorEntry> entries = weights::tensor_list(config);
  if (!knows_network(network_id(config), kNewestLayout)) {
    throw Error(ErrorCode::kModelContract,
                name_of(source, config) + ": this version cannot export the network " + network_id(config));
  }
  const int layout = source.depth_only ? kLayoutWithoutParts : kNewestLayout;
  const Parts parts = stored_parts(config, layout);
  ExportReport report;
  core::AtomicFile output(core::end_of_links(file));
  TensorMap tensors;
  std::string source_sha256;
  std::string weights_text = name_of(source, config);
  if (source.seed) {
    tensors = recipe_tensors(entries, *source.seed, parts);
  } else {
    const weights::Safetensors weights_file = weights::Safetensors::open(source.folder / "model.safetensors");
    weights_text = weights_file.path().string();
    PublishedTensors published = published_tensors(weights_file, entries, parts);
    tensors = std::move(published.tensors);
    report.warnings = std::move(published.warnings);
    source_sha256 = core::sha256_hex(core::MappedFile::open(weights_file.path()).bytes());
  }
  tensors = fold_tensors(config, std::move(tensors));
  ModelSpec& spec = report.spec;
  spec = describe(source, config, layout, tensors);
  spec.source_sha256 = source_sha256;
  torch::jit::Module module = build_network(config, layout, tensors, Attention::kSdpa, {}, parts);
  offer_scenes(module, config, parts);
  spec.selftest = run_selftest(module, spec, weights_text);
  save_model(module, spec, output);
  report.file_bytes = std::filesystem::file_size(file);
  return report;
}

}  // namespace da3::engine
