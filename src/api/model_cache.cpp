// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <predict/model_cache.hpp>

#include <da3/model_cache.hpp>

#include <api/shared_model.hpp>

namespace da3 {

struct ModelCache::State {
  explicit State(std::uint64_t max_bytes) : models(max_bytes) {}
  predict::ModelCache models;
};

ModelCache::ModelCache(std::uint64_t max_bytes) : state_(std::make_unique<State>(max_bytes)) {}
ModelCache::ModelCache(ModelCache&&) noexcept = default;
ModelCache& ModelCache::operator=(ModelCache&&) noexcept = default;
ModelCache::~ModelCache() = default;

Model ModelCache::get(const std::filesystem::path& file, const ModelOptions& options) {
  const ModelSpec spec = engine::read_spec(file);
  engine::LoadOptions load = api::load_options(options);
  const engine::Modes modes = engine::modes_of(spec, load);
  load.precision = modes.precision;
  // Files of one network under two names may say different things of its numbers.
  const bool trust_code = options.trust_code;
  // One that another caller trusted may be there.
  if (!trust_code) api::require_trust(file, spec);
  const predict::ModelKey key{spec.name + '/' + engine::identity_of(file, spec), load.device, modes.precision,
                              modes.attention};
  const std::uint64_t bytes = std::filesystem::file_size(file);
  return ModelAccess::handle(state_->models.get(
      key, [&] { return predict::LoadedModel{api::load_shared(file, load, trust_code), bytes}; }, bytes));
}

void ModelCache::trim() {
  state_->models.trim();
}

ModelCacheStatistics ModelCache::statistics() const {
  return state_->models.statistics();
}

}  // namespace da3
