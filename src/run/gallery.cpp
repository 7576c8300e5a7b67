// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fstream>
#include <string>
#include <unordered_map>
#include <vector>

#include <formats/html/gallery.hpp>
#include <journal/manifest.hpp>
#include <journal/records.hpp>

#include <da3/error.hpp>

#include <core/atomic_file.hpp>
#include <core/read_file.hpp>
#include <run/gallery.hpp>
#include <run/names.hpp>

namespace da3::run {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kGenerator = R"(<meta name="generator" content="da3">)";

/// The last record of every input.
std::vector<journal::ImageRecord> last_records(const fs::path& folder) {
  std::vector<journal::ImageRecord> records;
  std::unordered_map<std::string, std::size_t> place_of;
  for (const std::string& name : journal::manifest_names(folder)) {
    std::ifstream file(folder / name, std::ios::binary);
    for (std::string line; std::getline(file, line);) {
      if (line.find("\"type\":\"image\"") == std::string::npos) continue;
      try {
        journal::ImageRecord record = journal::image_from_json(line);
        const auto [known, fresh] = place_of.emplace(record.path, records.size());
        if (fresh) {
          records.push_back(std::move(record));
        } else {
          records[known->second] = std::move(record);
        }
      } catch (const Error&) {
        continue;  // A line that a killed run left behind
      }
    }
    core::require_read_to_end(file, (folder / name).string(), ErrorCode::kOutputFailed);
  }
  return records;
}

}  // namespace

void require_own_gallery(const fs::path& folder) {
  const fs::path page = folder / "index.html";
  std::error_code error;
  if (!fs::exists(fs::symlink_status(page, error))) return;
  std::string begin(1024, '\0');
  std::ifstream file(page, std::ios::binary);
  file.read(begin.data(), static_cast<std::streamsize>(begin.size()));
  if (begin.find(kGenerator) == std::string::npos) {
    throw Error(
        ErrorCode::kOutputExists,
        page.string() +
            " was not written by da3 and will not be replaced; move it away or choose another output folder");
  }
}

void write_gallery(const fs::path& folder) {
  require_own_gallery(folder);
  std::vector<formats::GalleryEntry> entries;
  for (const journal::ImageRecord& record : last_records(folder)) {
    const auto picture = std::find_if(record.outputs.begin(), record.outputs.end(), [](const auto& output) {
      return output.first == formats::Format::kHtml;
    });
    std::error_code missing;
    if (picture == record.outputs.end() || !record.input || !fs::exists(folder / picture->second, missing))
      continue;
    const std::string stem =
        picture->second.substr(0, picture->second.size() - suffix(formats::Format::kHtml).size());
    formats::GalleryEntry entry{stem + fs::path(record.path).extension().string(),
                                picture->second,
                                *record.input,
                                {},
                                record.depth_unit};
    if (record.depth && record.depth->values)
      entry.depth = std::pair(record.depth->values->min, record.depth->values->max);
    entries.push_back(std::move(entry));
  }
  // Records come in the order of completion, which differs from run to run.
  std::ranges::sort(entries, [](const formats::GalleryEntry& a, const formats::GalleryEntry& b) {
    const auto order = natural_compare(a.name, b.name);
    return order != 0 ? order < 0 : a.picture < b.picture;
  });
  core::write_file(folder / "index.html", formats::encode_gallery(entries), core::Existing::kReplace);
}

}  // namespace da3::run
