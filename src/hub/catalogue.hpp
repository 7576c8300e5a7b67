// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace da3::hub {

/// One published model (models/catalogue.json).
struct CatalogueEntry {
  std::string name;                    ///< What users type, such as "da3-base"
  std::string repository;              ///< On the hub, such as "depth-anything/DA3-BASE"
  std::string config;                  ///< Name of its network configuration (weights::named_config)
  std::vector<std::string> files;      ///< To download
  std::int64_t parameters = 0;         ///< Of the published file
  std::int64_t needed_parameters = 0;  ///< That depth needs
  std::string licence;                 ///< SPDX identifier
  std::string kind;                    ///< Kind of depth (`DepthKind`)
  std::vector<std::string> gives;      ///< Of depth, confidence, sky, pose
  std::optional<std::string> note;

  /// True for a licence that forbids commercial use, which has to be accepted before a download.
  bool non_commercial() const { return licence.find("-NC-") != std::string::npos; }
};

/// Every published model, smallest first in each family.
const std::vector<CatalogueEntry>& catalogue();

/// The entry of that name or repository, letter case ignored; null for one that the catalogue does not have.
const CatalogueEntry* find_in_catalogue(std::string_view name_or_repository);

/// The names of the catalogue, for messages: "da3-small, da3-base, ...".
std::string catalogue_names();

}  // namespace da3::hub
