// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>

#include <hub_catalogue.hpp>
#include <nlohmann/json.hpp>

#include <hub/catalogue.hpp>

namespace da3::hub {
namespace {

std::vector<CatalogueEntry> parse(std::string_view text) {
  std::vector<CatalogueEntry> entries;
  const nlohmann::json document = nlohmann::json::parse(text);
  for (const nlohmann::json& model : document.at("models")) {
    CatalogueEntry entry;
    entry.name = model.at("name");
    entry.repository = model.at("repository");
    entry.config = model.at("config");
    entry.files = model.at("files").get<std::vector<std::string>>();
    entry.parameters = model.at("parameters");
    entry.needed_parameters = model.at("needed_parameters");
    entry.licence = model.at("licence");
    entry.kind = model.at("kind");
    entry.gives = model.at("gives").get<std::vector<std::string>>();
    if (model.contains("note")) entry.note = model.at("note").get<std::string>();
    entries.push_back(std::move(entry));
  }
  return entries;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace

const std::vector<CatalogueEntry>& catalogue() {
  // Never destroyed: the library has no destructor at process exit.
  static const auto* const entries = new std::vector<CatalogueEntry>(parse(generated::k_catalogue_json));
  return *entries;
}

const CatalogueEntry* find_in_catalogue(std::string_view name_or_repository) {
  for (const CatalogueEntry& entry : catalogue()) {
    if (equal_ignoring_case(entry.name, name_or_repository)) return &entry;
    if (equal_ignoring_case(entry.repository, name_or_repository)) return &entry;
  }
  return nullptr;
}

std::string catalogue_names() {
  std::string names;
  for (const CatalogueEntry& entry : catalogue()) names += (names.empty() ? "" : ", ") + entry.name;
  return names;
}

}  // namespace da3::hub
