// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace da3::hub {

/// Where da3 keeps things for this user. Environment variables are read at the call. A folder is empty where
/// neither its variable nor HOME is set: then nothing is kept and no model is installed.
struct Folders {
  std::filesystem::path home;   ///< DA3_HOME, else the XDG data folder (macOS: Application Support) + /da3
  std::filesystem::path cache;  ///< XDG cache folder (macOS: Caches) + /da3

  static Folders from_environment();
  std::filesystem::path models() const { return below(home, "models"); }
  std::filesystem::path learned_batches() const { return below(cache, "batches.txt"); }

 private:
  static std::filesystem::path below(const std::filesystem::path& folder, const char* name) {
    return folder.empty() ? folder : folder / name;
  }
};

/// A model file in the model folder.
struct InstalledModel {
  std::string name;  ///< The file's stem, what users type
  std::filesystem::path file;
  std::uint64_t bytes = 0;
  /// What its record says; `problem` set instead where it cannot be read.
  std::string kind;
  std::string origin;  ///< published, synthetic or foreign
  std::string licence;
  std::int64_t parameters = 0;
  std::optional<std::string> problem;
};

/// The model files in `models`, by name. A folder that does not exist holds none. Reads records only: no
/// LibTorch.
std::vector<InstalledModel> installed_models(const std::filesystem::path& models);

/// The model that runs when none is named: the first installed of da3-base, da3-small, da3-large-1.1,
/// da3-large, da3-giant-1.1, da3-giant whose weights are real; none if there is no such model. Throws: Error
/// kModelDamaged if one before it cannot be read.
std::optional<InstalledModel> default_model(const std::filesystem::path& models);

/// The file that `name_or_file` means: a path (it has a slash or ends with .pt), else an installed model's
/// name, never a file of that name in the current folder. Throws: Error kModelNotFound with the nearest name
/// and the commands that get one.
std::filesystem::path resolve_model(const std::string& name_or_file, const std::filesystem::path& models);

/// The model file that runs.
struct ChosenModel {
  std::filesystem::path file;
  bool is_starter = false;  ///< Nothing was named and nothing is installed
};

/// The named model, else DA3_MODEL's, else default_model's, else the bundled `starter`. Throws: Error
/// kModelNotFound with the command that gets one.
ChosenModel choose_model(const std::string& named, const std::filesystem::path& models,
                         const std::filesystem::path& starter);

/// Where the bundled model is in an installed tree or a build tree.
std::filesystem::path starter_below(const std::filesystem::path& prefix);

}  // namespace da3::hub
