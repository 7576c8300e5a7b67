// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdlib>
#include <system_error>

#include <da3/error.hpp>

#include <core/nearest.hpp>
#include <hub/catalogue.hpp>
#include <hub/model_store.hpp>
#include <weights/record.hpp>

namespace da3::hub {
namespace fs = std::filesystem;
namespace {

std::optional<fs::path> folder_from(const char* variable) {
  const char* value = std::getenv(variable);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return fs::path(value);
}

/// A folder below the user's own; empty without a home folder. Never one that others may write to, such as
/// the one for temporary files: model files are run. The XDG specification ignores relative paths.
fs::path user_folder([[maybe_unused]] const char* xdg_variable, const char* below_home) {
#if !defined(__APPLE__)
  if (const auto xdg = folder_from(xdg_variable); xdg && xdg->is_absolute()) return *xdg / "da3";
#endif
  const auto home = folder_from("HOME");
  return home && home->is_absolute() ? *home / below_home / "da3" : fs::path();
}

InstalledModel describe(const fs::path& file) {
  InstalledModel model;
  model.name = file.stem().string();
  model.file = file;
  std::error_code ignored;
  model.bytes = fs::file_size(file, ignored);
  try {
    const ModelSpec spec = weights::read_record(file);
    model.kind = to_string(spec.depth_kind);
    model.origin = to_string(spec.origin);
    model.parameters = spec.parameters;
    model.licence = spec.licence_spdx;
  } catch (const Error& error) {
    model.problem = error.what();
  }
  return model;
}

}  // namespace

Folders Folders::from_environment() {
  Folders folders;
#if defined(__APPLE__)
  folders.home = user_folder(nullptr, "Library/Application Support");
  folders.cache = user_folder(nullptr, "Library/Caches");
#else
  folders.home = user_folder("XDG_DATA_HOME", ".local/share");
  folders.cache = user_folder("XDG_CACHE_HOME", ".cache");
#endif
  if (const auto home = folder_from("DA3_HOME")) folders.home = *home;
  return folders;
}

std::vector<InstalledModel> installed_models(const fs::path& models) {
  std::vector<InstalledModel> found;
  if (models.empty()) return found;
  std::error_code error;
  for (fs::directory_iterator it(models, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == ".pt" && it->path().filename().string().front() != '.')
      found.push_back(describe(it->path()));
  }
  std::ranges::sort(found, {}, &InstalledModel::name);
  return found;
}

std::optional<InstalledModel> default_model(const fs::path& models) {
  if (models.empty()) return std::nullopt;
  constexpr std::array<const char*, 6> kOrder{"da3-base",  "da3-small",     "da3-large-1.1",
                                              "da3-large", "da3-giant-1.1", "da3-giant"};
  for (const char* name : kOrder) {
    const fs::path file = models / (std::string(name) + ".pt");
    std::error_code error;
    if (!fs::is_regular_file(file, error)) continue;
    InstalledModel model = describe(file);
    // Another model in its place would change results without a word.
    if (model.problem) {
      throw Error(ErrorCode::kModelDamaged,
                  *model.problem +
                      "; it would run where no model is named: get it again with 'da3 model pull " +
                      model.name + "', remove it, or name a model with --model");
    }
    if (model.origin != "synthetic") return model;
  }
  return std::nullopt;
}

namespace {

std::string no_folder_text() {
  return "there is no folder for models, because HOME is not set; set HOME or DA3_HOME, or name a file with "
         "--model "
         "./FILE.pt";
}

/// What to say where a name is none, though a file of that name lies here.
std::string file_hint(const std::string& name) {
  std::error_code error;
  if (!fs::exists(name, error)) return "";
  return "; for the file of that name in this folder write ./" + name;
}

}  // namespace

fs::path resolve_model(const std::string& name_or_file, const fs::path& models) {
  std::error_code error;
  if (name_or_file.find('/') != std::string::npos || name_or_file.ends_with(".pt")) {
    if (fs::exists(name_or_file, error)) return name_or_file;
    if (const CatalogueEntry* entry = find_in_catalogue(name_or_file))
      return resolve_model(entry->name, models);
    throw Error(ErrorCode::kModelNotFound,
                name_or_file + ": no such model file; expected a TorchScript file (.pt)");
  }
  const CatalogueEntry* const entry = find_in_catalogue(name_or_file);
  if (!models.empty()) {
    for (const std::string& name : {name_or_file, entry == nullptr ? name_or_file : entry->name}) {
      const fs::path installed = models / (name + ".pt");
      if (fs::is_regular_file(installed, error)) return installed;
    }
  }
  if (entry != nullptr) {
    throw Error(ErrorCode::kModelNotFound,
                models.empty()
                    ? "model " + entry->name + ": " + no_folder_text() + file_hint(name_or_file)
                    : "model " + entry->name + " is not installed in " + models.string() +
                          "; get it with: da3 model pull " + entry->name + file_hint(name_or_file));
  }
  std::vector<std::string> known;
  for (const InstalledModel& model : installed_models(models)) known.push_back(model.name);
  for (const CatalogueEntry& each : catalogue()) known.push_back(each.name);
  const std::optional<std::string> meant = core::nearest(name_or_file, known);
  throw Error(ErrorCode::kModelNotFound,
              "no model is called '" + name_or_file + "'" +
                  (meant ? "; did you mean " + *meant + "?"
                         : "; expected a .pt file or one of " + catalogue_names()) +
                  " (da3 model list shows what is installed)" + file_hint(name_or_file));
}

ChosenModel choose_model(const std::string& named, const std::filesystem::path& models,
                         const std::filesystem::path& starter) {
  if (!named.empty()) return {resolve_model(named, models)};
  if (const char* from_environment = std::getenv("DA3_MODEL");
      from_environment != nullptr && *from_environment != 0) {
    return {resolve_model(from_environment, models)};
  }
  if (const auto installed = default_model(models)) return {installed->file};
  std::error_code ignored;
  if (fs::exists(starter, ignored)) return {starter, true};
  throw Error(ErrorCode::kModelNotFound,
              "no model is named, none is installed, and the bundled one is not at " + starter.string() +
                  "; get one with 'da3 model pull da3-base', or name a file with --model FILE.pt");
}

std::filesystem::path starter_below(const std::filesystem::path& prefix) {
  return prefix / "share" / "da3" / "models" / "starter" / "fastdepth.pt";
}

}  // namespace da3::hub
