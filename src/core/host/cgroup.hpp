// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace da3::core {

/// Folders of the control groups that hold this process for one controller, innermost first.
struct ControlGroup {
  bool v2 = false;
  std::vector<std::filesystem::path> folders;
};

/// The control groups of this process for `controller` ("memory", "cpu"); a version 1 hierarchy before
/// version 2. No folders without control groups. `root` stands for "/" (tests).
ControlGroup find_control_group(std::string_view controller, const std::filesystem::path& root);

/// Whole text of a small file of the kernel; empty if there is none.
std::string read_text(const std::filesystem::path& file);

/// The number that a file holds; none for "max", for no number and without the file.
std::optional<std::uint64_t> read_number(const std::filesystem::path& file);

/// The number after `key` and white space in text of lines "key value".
std::optional<std::uint64_t> find_number(std::string_view text, std::string_view key);

}  // namespace da3::core
