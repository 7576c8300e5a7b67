// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <core/atomic_file.hpp>
#include <run/folder_sink.hpp>
#include <run/gallery.hpp>
#include <run/names.hpp>

namespace da3::run {
namespace {

/// `folder`, before anything is made in it.
const std::filesystem::path& checked_folder(const std::filesystem::path& folder, bool gallery) {
  if (gallery) require_own_gallery(folder);
  return folder;
}

/// True if `owner` is a file next to `path` that yields to it, as a HEIC does to a JPEG of its stem.
bool yields_to(const std::filesystem::path& owner, const std::filesystem::path& path) {
  std::error_code failed;
  const auto folder_of = [](const std::filesystem::path& file) {
    return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  };
  return yields_to_twin(owner.filename().native()) && !yields_to_twin(path.filename().native()) &&
         stem_of_name(owner.filename().native()) == stem_of_name(path.filename().native()) &&
         std::filesystem::exists(owner, failed) &&
         std::filesystem::equivalent(folder_of(owner), folder_of(path), failed);
}

}  // namespace

FolderSink::FolderSink(const std::filesystem::path& folder, const journal::RunRecord& run,
                       const journal::ResultFolderOptions& options, bool gallery)
    : gallery_(gallery), folder_(checked_folder(folder, gallery), run, options) {}

/// The name that an earlier run gave this input's results, else the item's own.
std::string FolderSink::stem_of(const Item& item,
                                const std::optional<journal::InputIdentity>& identity) const {
  const auto known = folder_.known_stem(item.path, identity);
  if (known) return std::string(*known);
  const std::string stem = item.stem();
  // An earlier run found the twin alone, whose results keep their name.
  const auto owner = folder_.manifest().index().owner_of(stem);
  if (!owner || !yields_to(*owner, item.path)) return stem;
  Item apart = item;
  apart.keep_extension = true;
  return apart.stem();
}

bool FolderSink::is_own_result(const std::filesystem::path& path) const {
  std::error_code failed;
  const std::filesystem::path file = core::end_of_links(path);
  const std::filesystem::path parent =
      std::filesystem::canonical(file.has_parent_path() ? file.parent_path() : ".", failed);
  if (failed) return false;
  const std::filesystem::path root = std::filesystem::canonical(folder_.folder(), failed);
  if (failed) return false;
  const std::string below = (parent / file.filename()).lexically_relative(root).string();
  return !below.starts_with("../") && folder_.manifest().owns(below);
}

std::optional<journal::ImageRecord> FolderSink::finished(const Item& item,
                                                         const journal::InputIdentity& identity) const {
  return folder_.finished(item.path, item.stem(), identity);
}

void FolderSink::require_place(const Item& item, const std::optional<journal::InputIdentity>& identity,
                               const std::vector<formats::Format>& formats) const {
  // Listings leave the output folder out, but not links into it, nor results without a record.
  std::error_code failed;
  const bool may_be = item.named || item.beside_results || std::filesystem::is_symlink(item.path, failed);
  if (may_be && is_own_result(item.path)) {
    throw Error(ErrorCode::kOutputCollision,
                item.path +
                    ": this is a result of da3 in the output folder, which is never taken as input; "
                    "choose another output folder");
  }
  if (!formats.empty()) folder_.require_own(item.path, stem_of(item, identity), identity);
}

Sink::Outputs FolderSink::write(const Item& item, const std::optional<journal::InputIdentity>& identity,
                                const std::vector<formats::Format>& formats, const Encode& encode) {
  return folder_.write(item.path, stem_of(item, identity), identity, formats, encode);
}

void FolderSink::record(const journal::ImageRecord& record, std::string_view json) {
  folder_.record(record, json);
}

DrawnSet FolderSink::draw_set(const Options& options, const Settings& settings, int threads,
                              const std::stop_token& stop) {
  return draw_with_range_of_set(options, settings, folder_, threads, stop);
}

void FolderSink::close() {
  folder_.close();
  if (gallery_) return write_gallery(folder_.folder());
  if (folder_.manifest().index().has_results(formats::Format::kHtml)) renew_gallery(folder_.folder());
}

}  // namespace da3::run
