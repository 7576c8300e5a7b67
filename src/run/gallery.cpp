// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string>
#include <unordered_map>
#include <vector>

#include <fcntl.h>
#include <formats/html/gallery.hpp>
#include <journal/manifest.hpp>
#include <journal/records.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <da3/error.hpp>

#include <core/atomic_file.hpp>
#include <core/file_descriptor.hpp>
#include <core/read_file.hpp>
#include <run/gallery.hpp>
#include <run/names.hpp>

namespace da3::run {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kGenerator = R"(<meta name="generator" content="da3">)";

/// The path of the picture of a gallery, below the folder; empty without one.
std::string picture_of(const journal::ImageRecord& record) {
  const auto picture = std::ranges::find(record.outputs, formats::Format::kHtml,
                                         &std::pair<formats::Format, std::string>::first);
  return picture == record.outputs.end() ? std::string() : picture->second;
}

/// Of each picture of a folder the record of its input that was written last.
class PictureRecords {
 public:
  void add_manifest(const fs::path& manifest) {
    began_ms_ = 0;
    std::ifstream file(manifest, std::ios::binary);
    for (std::string line; std::getline(file, line);) {
      try {
        if (line.starts_with(R"({"type":"run")")) began_ms_ = journal::run_from_json(line).began_ms;
        if (line.find("\"type\":\"image\"") != std::string::npos) add(journal::image_from_json(line));
      } catch (const Error&) {
        continue;  // A line that a killed run left behind
      }
    }
    core::require_read_to_end(file, manifest.string(), ErrorCode::kOutputFailed);
  }

  struct Shown {
    std::int64_t began_ms = 0;  ///< Of the record's run
    journal::ImageRecord record;
  };
  const std::unordered_map<std::string, Shown>& by_picture() const { return by_picture_; }

 private:
  struct Last {
    std::int64_t began_ms = 0;
    std::string picture;  ///< Empty without one
  };

  void add(journal::ImageRecord record) {
    Last& last = last_of_path_[record.path];
    if (began_ms_ < last.began_ms) return;
    const auto earlier = by_picture_.find(last.picture);
    if (earlier != by_picture_.end() && earlier->second.record.path == record.path)
      by_picture_.erase(earlier);
    last = {began_ms_, picture_of(record)};
    if (last.picture.empty()) return;
    // One input has several texts of its path, and one picture.
    Shown& shown = by_picture_[last.picture];
    if (began_ms_ >= shown.began_ms) shown = {began_ms_, std::move(record)};
  }

  std::int64_t began_ms_ = 0;  ///< Of the run whose records are read
  std::unordered_map<std::string, Last> last_of_path_;
  std::unordered_map<std::string, Shown> by_picture_;
};

/// Held from the first record that is read until the page is written: of two runs that end together the later
/// one reads what the sooner one recorded. Without it where the folder or its file system allows none.
class PageLock {
 public:
  explicit PageLock(const fs::path& folder) : path_(folder / ".da3-gallery.tmp") {
    struct stat status{};
    do {
      file_ = core::FileDescriptor(
          open(path_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666));
    } while (file_ && core::wait_for_lock(file_) && fstat(file_.get(), &status) == 0 && status.st_nlink == 0);
  }
  ~PageLock() {
    if (file_) unlink(path_.c_str());
  }
  PageLock(const PageLock&) = delete;
  PageLock& operator=(const PageLock&) = delete;

 private:
  fs::path path_;
  core::FileDescriptor file_;
};

enum class Page { kNone, kOurs, kForeign };

Page page_of(const fs::path& folder) {
  const fs::path page = folder / "index.html";
  std::error_code error;
  if (!fs::exists(fs::symlink_status(page, error))) return Page::kNone;
  std::string begin(1024, '\0');
  std::ifstream file(page, std::ios::binary);
  file.read(begin.data(), static_cast<std::streamsize>(begin.size()));
  return begin.find(kGenerator) == std::string::npos ? Page::kForeign : Page::kOurs;
}

/// What a page of `folder` shows, in natural order of the names.
std::vector<formats::GalleryEntry> read_entries(const fs::path& folder) {
  PictureRecords records;
  for (const std::string& name : journal::manifests_by_time(folder)) records.add_manifest(folder / name);
  std::vector<formats::GalleryEntry> entries;
  for (const auto& [picture, shown] : records.by_picture()) {
    const journal::ImageRecord& record = shown.record;
    std::error_code missing;
    if (!record.input || !fs::exists(folder / picture, missing)) continue;
    const std::string stem = picture.substr(0, picture.size() - suffix(formats::Format::kHtml).size());
    formats::GalleryEntry entry{
        stem + fs::path(record.path).extension().string(), picture, *record.input, {}, record.depth_unit};
    if (record.depth && record.depth->values)
      entry.depth = std::pair(record.depth->values->min, record.depth->values->max);
    entries.push_back(std::move(entry));
  }
  // Records come in the order of completion, which differs from run to run.
  std::ranges::sort(entries, [](const formats::GalleryEntry& a, const formats::GalleryEntry& b) {
    const auto order = natural_compare(a.name, b.name);
    return order != 0 ? order < 0 : a.picture < b.picture;
  });
  return entries;
}

void write_page(const fs::path& folder, const std::vector<formats::GalleryEntry>& entries) {
  core::write_file(folder / "index.html", formats::encode_gallery(entries), core::Existing::kReplace);
}

}  // namespace

void require_own_gallery(const fs::path& folder) {
  if (page_of(folder) == Page::kForeign) {
    throw Error(
        ErrorCode::kOutputExists,
        (folder / "index.html").string() +
            " was not written by da3 and will not be replaced; move it away or choose another output folder");
  }
}

void write_gallery(const fs::path& folder) {
  require_own_gallery(folder);
  const PageLock lock(folder);
  write_page(folder, read_entries(folder));
}

void renew_gallery(const fs::path& folder) {
  if (page_of(folder) != Page::kOurs) return;
  const PageLock lock(folder);
  const std::vector<formats::GalleryEntry> entries = read_entries(folder);
  if (!entries.empty()) return write_page(folder, entries);
  std::error_code failed;
  fs::remove(folder / "index.html", failed);
}

}  // namespace da3::run
