// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <system_error>

#include <commands/model_choice.hpp>

#include <da3/error.hpp>

#include <cli/program_location.hpp>
#include <core/atomic_file.hpp>
#include <core/mapped_file.hpp>
#include <engine/trusted_code.hpp>
#include <weights/model_file.hpp>
#include <weights/record.hpp>
#ifdef DA3_WITH_HUB
#include <hub/model_store.hpp>
#endif

namespace da3::commands {
namespace {

std::filesystem::path starter() {
#ifdef DA3_WITH_HUB
  // This program is PREFIX/libexec/da3/da3-run.
  return hub::starter_below(cli::prefix_of_program(2));
#else
  return {};
#endif
}

bool is_bundled(const ChosenModel& chosen) {
  return chosen.is_starter || engine::is_starter(core::MappedFile::open(chosen.file).bytes(), starter());
}

}  // namespace

ChosenModel choose_model(const std::string& named) {
#ifdef DA3_WITH_HUB
  const auto [file, is_starter] =
      hub::choose_model(named, hub::Folders::from_environment().models(), starter());
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
  weights::require_no_record(weights::open_model_file(file));
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
           " runs its own code, which may read and write any file that you may; --trust-code says that "
           "you know";
  }
  engine::require_trust(chosen.file, described.spec, false);
  return "";
}

void allow_code(engine::LoadOptions& load, const DescribedModel& described, bool trust_code) {
  load.starter = starter();
  load.refuse_code = !trust_code && !described.describe;
}

DeviceId choose_device(const std::optional<DeviceId>& asked) {
  return asked ? *asked : engine::available_devices().front();
}

namespace {

bool is_model_file(const std::filesystem::path& file) {
  try {
    return !weights::other_archive(weights::open_model_file(file));
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

void check_model_output(const std::filesystem::path& file) {
  std::error_code ignored;
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  if (!std::filesystem::is_directory(folder, ignored)) {
    throw Error(ErrorCode::kOutputFailed,
                file.string() + ": there is no folder " + folder.string() + "; make it");
  }
  if (std::filesystem::exists(file, ignored) && !is_model_file(file))
    throw Error(ErrorCode::kUsage, file.string() + ": what is there is no model file; give another name");
  const std::filesystem::path target = core::end_of_links(file);
  core::require_output(target);
  // What a command that was killed left is as large as a model.
  core::remove_dead_temporaries(target.has_parent_path() ? target.parent_path() : ".",
                                core::Search::kFolderAlone);
}

}  // namespace da3::commands
