// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace da3::bench {

/// The text of a small file, without trailing white space. Null if it cannot be read.
std::optional<std::string> read_text(const std::filesystem::path& path);

/// The whole number in a small file. Null if there is none, such as "max".
std::optional<std::uint64_t> read_number(const std::filesystem::path& path);

/// The rest of the first line that begins with `key`, without ':', '=' and white space in front. Null if no
/// line does.
std::optional<std::string> value_after(std::string_view text, std::string_view key);

std::vector<std::string> split_words(std::string_view text);

/// Folder of this process's control group (version 2, or version 1's `controller`) below `root`. Null without
/// one.
std::optional<std::filesystem::path> cgroup_folder(const std::filesystem::path& root,
                                                   std::string_view controller);

}  // namespace da3::bench
