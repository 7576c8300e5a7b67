// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <system_error>

#include <commands/model_choice.hpp>

#include <da3/error.hpp>

#include <cli/program_location.hpp>
#include <core/mapped_file.hpp>
#include <weights/record.hpp>
#ifdef DA3_WITH_HUB
#include <hub/model_store.hpp>
#endif

namespace da3::commands {
namespace {

bool is_bundled(const ChosenModel& chosen) {
#ifdef DA3_WITH_HUB
  if (chosen.is_starter) return true;
  const std::filesystem::path starter = hub::starter_below(cli::prefix_of_program(2));
  std::error_code ignored;
  if (std::filesystem::equivalent(chosen.file, starter, ignored)) return true;
  if (!std::filesystem::is_regular_file(starter, ignored)) return false;
  const core::MappedFile theirs = core::MappedFile::open(chosen.file);
  const core::MappedFile ours = core::MappedFile::open(starter);
  return std::ranges::equal(theirs.bytes(), ours.bytes());
#else
  return chosen.is_starter;
#endif
}

}  // namespace

ChosenModel choose_model(const std::string& named) {
#ifdef DA3_WITH_HUB
  // This program is PREFIX/libexec/da3/da3-run.
  const auto [file, is_starter] = hub::choose_model(named, hub::Folders::from_environment().models(),
                                                    hub::starter_below(cli::prefix_of_program(2)));
  return {file, is_starter};
#else
  if (!named.empty()) return {named};
  if (const char* from_environment = std::getenv("DA3_MODEL");
      from_environment != nullptr && *from_environment != 0) {
    return {from_environment};
  }
  throw Error(ErrorCode::kModelNotFound, "no model is named; name a file with --model FILE.pt");
#endif
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

std::string check_code(const ChosenModel& chosen, const DescribedModel& described, bool trust_code) {
  if (!engine::runs_its_own_code(described.spec) || trust_code || is_bundled(chosen)) return "";
  if (described.describe) {
    return chosen.file.string() +
           " runs code of its own, which may read and write any file that you may; --trust-code says that "
           "you know";
  }
  throw Error(ErrorCode::kModelUntrusted,
              chosen.file.string() +
                  " is no network of da3 and brings its own code, which may read and write any "
                  "file that you may; add --trust-code if you trust where it comes from");
}

DeviceId choose_device(const std::optional<DeviceId>& asked) {
  return asked ? *asked : engine::available_devices().front();
}

}  // namespace da3::commands
