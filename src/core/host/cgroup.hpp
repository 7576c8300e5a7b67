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

/// Memory of one control group that limits it.
struct GroupMemory {
  std::uint64_t limit_bytes = 0;
  std::uint64_t used_bytes = 0;  ///< Less what the kernel can drop (pages of files)
};

/// The limits on memory of all groups around this process, innermost first. `root` as above.
std::vector<GroupMemory> group_memories(const std::filesystem::path& root);

/// The cores that the control groups around this process allow, such as 1.5: the least of all quotas. None
/// without a quota.
std::optional<double> group_cores(const std::filesystem::path& root);

/// How long the groups around this process were held back by their quotas so far, in seconds. None where no
/// group tells.
std::optional<double> group_wait_s(const std::filesystem::path& root);

/// The number that a file holds; none for "max", for no number and without the file.
std::optional<std::uint64_t> read_number(const std::filesystem::path& file);

/// Text without white space at its end.
std::string trimmed(std::string text);

/// The number after `key` and white space in text of lines "key value".
std::optional<std::uint64_t> find_number(std::string_view text, std::string_view key);

}  // namespace da3::core
