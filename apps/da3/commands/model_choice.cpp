// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <system_error>

#include <commands/model_choice.hpp>

#include <da3/error.hpp>

#include <cli/program_location.hpp>
#include <weights/record.hpp>
#ifdef DA3_WITH_HUB
#include <hub/model_store.hpp>
#endif

namespace da3::commands {
namespace {

std::filesystem::path resolve(const std::string& name_or_file) {
#ifdef DA3_WITH_HUB
  return hub::resolve_model(name_or_file, hub::Folders::from_environment().models());
#else
  return name_or_file;
#endif
}

}  // namespace

ChosenModel choose_model(const std::string& named) {
  if (!named.empty()) return {resolve(named)};
  if (const char* from_environment = std::getenv("DA3_MODEL");
      from_environment != nullptr && *from_environment != 0) {
    return {resolve(from_environment)};
  }
#ifdef DA3_WITH_HUB
  const std::filesystem::path models = hub::Folders::from_environment().models();
  if (const auto installed = hub::default_model(models)) return {installed->file};
#endif
  // This program is PREFIX/libexec/da3/da3-run.
  const std::filesystem::path starter =
      cli::prefix_of_program(2) / "share" / "da3" / "models" / "starter" / "fastdepth.pt";
  std::error_code ignored;
  if (std::filesystem::exists(starter, ignored)) return {starter, true};
  throw Error(ErrorCode::kModelNotFound,
              "no model is named, none is installed, and the bundled one is not at " + starter.string() +
                  "; get one with 'da3 model pull da3-base', or name a file with --model FILE.pt");
}

std::string starter_notice() {
  return "no Depth Anything 3 model is installed, so the small bundled model (FastDepth, indoor scenes, "
         "metres) runs;\n"
         "     get a real one with: da3 model pull da3-base";
}

DescribedModel read_description(const std::filesystem::path& file, const std::string& describe) {
  if (describe.empty()) return {engine::read_spec(file), std::nullopt};
  ModelSpec spec = weights::read_record_file(describe);
  return {spec, spec};
}

void refuse_synthetic(const ModelSpec& spec) {
  if (spec.origin != WeightsOrigin::kSynthetic) return;
  throw Error(ErrorCode::kModelSynthetic, spec.name + ": its weights are synthetic (seed " +
                                              std::to_string(spec.seed.value_or(0)) +
                                              "), so its depth means nothing; add --allow-synthetic to run "
                                              "it all the same, or get real weights with "
                                              "'da3 model pull " +
                                              spec.name + "'");
}

DeviceId choose_device(const std::optional<DeviceId>& asked) {
  return asked ? *asked : engine::available_devices().front();
}

}  // namespace da3::commands
