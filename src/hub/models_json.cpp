// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include <nlohmann/json.hpp>

#include <hub/catalogue.hpp>
#include <hub/model_store.hpp>
#include <hub/models_json.hpp>

namespace da3::hub {
namespace {

bool is_installed(const std::vector<InstalledModel>& installed, const std::string& name) {
  return std::any_of(installed.begin(), installed.end(),
                     [&](const InstalledModel& model) { return model.name == name; });
}

}  // namespace

std::string models_json(const std::filesystem::path& folder) {
  const std::vector<InstalledModel> installed = installed_models(folder);
  nlohmann::json models = nlohmann::json::array();
  for (const InstalledModel& model : installed) {
    models.push_back({{"name", model.name},
                      {"installed", true},
                      {"file", model.file.string()},
                      {"bytes", model.bytes},
                      {"kind", model.kind},
                      {"origin", model.origin},
                      {"licence", model.licence},
                      {"parameters", model.parameters},
                      {"problem", model.problem ? nlohmann::json(*model.problem) : nlohmann::json(nullptr)}});
  }
  for (const CatalogueEntry& entry : catalogue()) {
    if (is_installed(installed, entry.name)) continue;
    models.push_back({{"name", entry.name},
                      {"installed", false},
                      {"repository", entry.repository},
                      {"kind", entry.kind},
                      {"licence", entry.licence},
                      {"non_commercial", entry.non_commercial()},
                      {"parameters", entry.parameters},
                      {"download_bytes", 4 * entry.parameters},
                      {"gives", entry.gives}});
  }
  const nlohmann::json object = {{"schema", 1}, {"folder", folder.string()}, {"models", models}};
  return object.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace da3::hub
