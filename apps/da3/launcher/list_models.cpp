// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <string>
#include <vector>

#include <cli/printable.hpp>
#include <hub/catalogue.hpp>
#include <hub/model_store.hpp>
#include <hub/models_json.hpp>
#include <launcher/local_commands.hpp>

namespace da3::launcher {
namespace {

std::string gigabytes(double bytes) {
  char text[32];
  std::snprintf(text, sizeof text, bytes >= 1e9 ? "%.1f GB" : "%.0f MB",
                bytes >= 1e9 ? bytes / 1e9 : bytes / 1e6);
  return text;
}

const hub::InstalledModel* find(const std::vector<hub::InstalledModel>& installed, const std::string& name) {
  for (const hub::InstalledModel& model : installed) {
    if (model.name == name) return &model;
  }
  return nullptr;
}

struct Row {
  std::string name;
  std::string state;
  std::string size;
  std::string depth;
  std::string licence;
};

std::string table(const std::vector<Row>& rows) {
  std::string text;
  char line[256];
  for (const Row& row : rows) {
    std::snprintf(line, sizeof line, "%-28s %-12s %9s  %-11s %s\n", row.name.c_str(), row.state.c_str(),
                  row.size.c_str(), row.depth.c_str(), row.licence.c_str());
    text += line;
  }
  return text;
}

std::string as_table(const std::vector<hub::InstalledModel>& installed, const std::string& folder) {
  std::vector<Row> rows = {{"NAME", "STATE", "SIZE", "DEPTH", "LICENCE"}};
  for (const hub::InstalledModel& model : installed) {
    rows.push_back({model.name,
                    model.problem                 ? "damaged"
                    : model.origin == "published" ? "installed"
                                                  : model.origin,
                    gigabytes(static_cast<double>(model.bytes)), model.kind,
                    model.problem.value_or(model.licence)});
  }
  for (const hub::CatalogueEntry& entry : hub::catalogue()) {
    if (find(installed, entry.name) != nullptr) continue;
    // Four bytes a parameter.
    rows.push_back({entry.name, "available", gigabytes(4.0 * static_cast<double>(entry.parameters)),
                    entry.kind, entry.licence + (entry.note ? " (" + *entry.note + ")" : "")});
  }
  if (folder.empty()) {
    return table(rows) + "\nThere is no folder for models, because HOME is not set; set HOME or DA3_HOME.\n";
  }
  return table(rows) + "\nInstalled models are in " + folder +
         "; 'da3 model pull NAME' gets one that is available.\n";
}

}  // namespace

int list_models(const cli::ModelList& options) {
  const auto folder = hub::Folders::from_environment().models();
  const std::string text =
      options.json ? hub::models_json(folder) : as_table(hub::installed_models(folder), folder.string());
  cli::put_on_stdout(text);
  return 0;
}

}  // namespace da3::launcher
