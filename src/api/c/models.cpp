// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <da3/model_cache.hpp>

#include <api/c/call.hpp>
#include <api/c/handles.hpp>
#include <api/shared_model.hpp>
#include <core/text.hpp>
#include <engine/engine.hpp>
#include <hub/model_store.hpp>
#include <hub/models_json.hpp>
#include <weights/record.hpp>

struct da3_model_cache {
  explicit da3_model_cache(std::uint64_t max_bytes) : cache(max_bytes) {}
  da3::ModelCache cache;
};

namespace {

using namespace da3;          // NOLINT(google-build-using-namespace)
using namespace da3::api::c;  // NOLINT(google-build-using-namespace)

std::filesystem::path model_file(const char* model) {
  if (model != nullptr && *model == '\0') {
    throw Error(ErrorCode::kUsage,
                "model: an empty text names no model; give a name or a file, or NULL (None) for the default");
  }
  return hub::choose_model(text(model), hub::Folders::from_environment().models(), api::starter_file()).file;
}

ModelOptions model_options(const da3_load_options* given) {
  const da3_load_options options = read(given, da3_load_options DA3_LOAD_OPTIONS_INIT, "options");
  ModelOptions result;
  if (options.device != nullptr) result.device = parse_device(options.device);
  if (options.precision != nullptr) result.precision = parse_precision(options.precision);
  if (options.attention != nullptr) result.attention = parse_attention(options.attention);
  if (options.threads < 0) {
    throw Error(ErrorCode::kUsage,
                "threads: expected 0 (from the machine) or more, found " + std::to_string(options.threads));
  }
  result.threads = options.threads;
  result.trust_code = options.trust_code != 0;
  return result;
}

}  // namespace

extern "C" {

da3_status da3_model_load(const char* model, const da3_load_options* options, da3_model** loaded) {
  return call([&] {
    require(loaded, "loaded");
    const ModelOptions load = model_options(options);
    *loaded = std::make_unique<da3_model>(Model::load(model_file(model), load), load.threads).release();
  });
}

void da3_model_free(da3_model* model) {
  delete model;
}

da3_status da3_model_get_info(const da3_model* model, da3_model_info* info) {
  return call([&] {
    require(model, "model");
    const ModelSpec& spec = model->model.spec();
    da3_model_info result = DA3_MODEL_INFO_INIT;
    result.name = spec.name.c_str();
    result.device = model->device.c_str();
    // These names are string literals.
    result.precision = to_string(model->model.precision()).data();
    result.attention = to_string(model->model.attention()).data();
    result.depth_kind = to_string(spec.depth_kind).data();
    result.process_res = spec.process_res;
    result.patch = spec.patch;
    result.has_confidence = spec.has_output("depth_conf") ? 1 : 0;
    result.has_sky = spec.has_output("sky") ? 1 : 0;
    result.has_pose = spec.has_output("pose") ? 1 : 0;
    write(result, info, "info");
  });
}

da3_status da3_model_record(const da3_model* model, da3_bytes** json) {
  return call([&] {
    require(model, "model");
    require(json, "json");
    *json = bytes_of(weights::record_text(model->model.spec())).release();
  });
}

da3_status da3_models(da3_bytes** json) {
  return call([&] {
    require(json, "json");
    *json = bytes_of(hub::models_json(hub::Folders::from_environment().models())).release();
  });
}

da3_status da3_devices(da3_bytes** lines) {
  return call([&] {
    require(lines, "lines");
    std::vector<std::string> names;
    for (const DeviceId& device : engine::available_devices()) names.push_back(to_string(device));
    *lines = bytes_of(core::joined(names, "\n")).release();
  });
}

da3_status da3_model_cache_new(uint64_t max_bytes, da3_model_cache** cache) {
  return call([&] {
    require(cache, "cache");
    *cache = std::make_unique<da3_model_cache>(max_bytes).release();
  });
}

da3_status da3_model_cache_get(da3_model_cache* cache, const char* model, const da3_load_options* options,
                               da3_model** loaded) {
  return call([&] {
    require(cache, "cache");
    require(loaded, "loaded");
    const ModelOptions load = model_options(options);
    *loaded = std::make_unique<da3_model>(cache->cache.get(model_file(model), load), load.threads).release();
  });
}

da3_status da3_model_cache_trim(da3_model_cache* cache) {
  return call([&] {
    require(cache, "cache");
    cache->cache.trim();
  });
}

da3_status da3_model_cache_get_statistics(const da3_model_cache* cache,
                                          da3_model_cache_statistics* statistics) {
  return call([&] {
    require(cache, "cache");
    const ModelCacheStatistics found = cache->cache.statistics();
    write(da3_model_cache_statistics{sizeof(da3_model_cache_statistics), found.hits, found.misses,
                                     found.failures, found.evictions, found.models, found.bytes},
          statistics, "statistics");
  });
}

void da3_model_cache_free(da3_model_cache* cache) {
  delete cache;
}
}
