// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace da3::hub {

/// A repository's main revision as the hub's own tools keep it.
struct CachedRevision {
  std::filesystem::path folder;  ///< Links to blobs, which are named by their hash, or copies of these
  std::string commit;
  std::uint64_t bytes = 0;  ///< Of the files that were asked for
  /// As licence_of_card; nothing without a card.
  std::optional<std::string> licence;
};

/// Where the hub's own tools keep what they download (HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME, HOME); empty if
/// nothing says.
std::filesystem::path hf_cache_folder();

/// The name of a repository's folder, in that cache and in our own downloads.
std::string cache_name(const std::string& repository);

/// The revision, if all of `files` are there.
std::optional<CachedRevision> find_in_hf_cache(const std::string& repository,
                                               const std::vector<std::string>& files,
                                               const std::filesystem::path& cache);

/// The SHA-256 that the name of the blob behind a file of the cache states; empty for a file that is no link
/// to one.
std::string stated_sha256(const std::filesystem::path& file);

/// The licence that a model card states in the fields at its beginning, as SPDX identifier; empty if it
/// states none; nothing where it is no plain text of one line (a list, a block), which is not read.
std::optional<std::string> licence_of_card(const std::string& card);

}  // namespace da3::hub
