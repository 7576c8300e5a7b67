// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <formats/read_result.hpp>

#include <core/text.hpp>
#include <run/stored_results.hpp>

namespace da3::run {

std::vector<std::string> left_out(const StoredResults& results, const std::filesystem::path& folder) {
  std::vector<std::string> lines;
  const auto add = [&](std::size_t count, const char* what, const std::string& text) {
    if (count > 0) lines.push_back(folder.string() + ": " + core::count_of(count, what) + text);
  };
  add(results.damaged_records, "damaged record",
      " of its manifest left out; the same da3 infer makes these results again");
  add(results.pictures_only, "result",
      " left out that are pictures only; da3 infer with -f " + formats::readable_names() +
          " makes files that can be rendered");
  add(results.other_model, "result",
      " left out that another model made than the last one; da3 infer with the last one makes them again, "
      "each shard by its own command");
  add(results.failed_since, "result", " left out whose photos failed since; the same da3 infer says why");
  return lines;
}

}  // namespace da3::run
