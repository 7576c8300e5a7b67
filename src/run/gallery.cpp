// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
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

/// What the gallery shows of an input; none without a picture.
std::optional<formats::GalleryEntry> entry_of(const fs::path& folder, const journal::LastRecord& last,
                                              journal::RecordReader& reader) {
  if (last.image.status != journal::ImageStatus::kDone ||
      !formats::contains(last.image.formats, formats::Format::kHtml)) {
    return std::nullopt;
  }
  journal::ImageRecord record;
  try {
    record = reader.read(last);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kOutputFailed) throw;
    return std::nullopt;  // A line that says nothing of its results
  }
  const std::string picture = picture_of(record);
  std::error_code missing;
  if (!record.input || !fs::exists(folder / picture, missing)) return std::nullopt;
  formats::GalleryEntry entry{std::string(last.image.stem) + fs::path(record.path).extension().string(),
                              picture,
                              *record.input,
                              {},
                              record.depth_unit};
  if (record.depth && record.depth->values)
    entry.depth = std::pair(record.depth->values->min, record.depth->values->max);
  return entry;
}

/// Held from the first record that is read until the page is written: of two runs that end together the later
/// one reads what the sooner one recorded. Without it where the folder or its file system allows none, and
/// where a run that stands still has it.
class PageLock {
 public:
  PageLock(const fs::path& folder, std::chrono::milliseconds patience) : path_(folder / ".da3-gallery.tmp") {
    struct stat status{};
    do {
      file_ = core::FileDescriptor(
          open(path_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666));
      if (file_) lock_ = core::wait_for_lock(file_, patience);
    } while (file_ && lock_ == core::Lock::kTaken && fstat(file_.get(), &status) == 0 &&
             status.st_nlink == 0);
  }
  ~PageLock() {
    if (file_ && lock_ != core::Lock::kHeldByAnother) unlink(path_.c_str());
  }
  PageLock(const PageLock&) = delete;
  PageLock& operator=(const PageLock&) = delete;

 private:
  fs::path path_;
  core::FileDescriptor file_;
  core::Lock lock_ = core::Lock::kUnsupported;
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
  const journal::ManifestIndex index =
      journal::read_manifests(folder, std::nullopt, journal::Foreign::kPassOver);
  journal::RecordReader reader;
  std::vector<formats::GalleryEntry> entries;
  index.for_each_last([&](const journal::LastRecord& last) {
    if (auto entry = entry_of(folder, last, reader)) entries.push_back(std::move(*entry));
  });
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

void write_gallery(const fs::path& folder, std::chrono::milliseconds patience) {
  require_own_gallery(folder);
  const PageLock lock(folder, patience);
  write_page(folder, read_entries(folder));
}

void renew_gallery(const fs::path& folder, std::chrono::milliseconds patience) {
  if (page_of(folder) != Page::kOurs) return;
  const PageLock lock(folder, patience);
  const std::vector<formats::GalleryEntry> entries = read_entries(folder);
  if (!entries.empty()) return write_page(folder, entries);
  std::error_code failed;
  fs::remove(folder / "index.html", failed);
}

}  // namespace da3::run
