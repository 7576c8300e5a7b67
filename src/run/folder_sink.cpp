// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <core/atomic_file.hpp>
#include <run/folder_sink.hpp>
#include <run/gallery.hpp>

namespace da3::run {
namespace {

/// `folder`, before anything is made in it.
const std::filesystem::path& checked_folder(const std::filesystem::path& folder, bool gallery) {
  if (gallery) require_own_gallery(folder);
  return folder;
}

}  // namespace

FolderSink::FolderSink(const std::filesystem::path& folder, const journal::RunRecord& run,
                       const journal::ResultFolderOptions& options, bool gallery)
    : gallery_(gallery), folder_(checked_folder(folder, gallery), run, options) {}

/// The name that an earlier run gave this input's results, else the item's own.
std::string FolderSink::stem_of(const Item& item) const {
  const auto known = folder_.known_stem(item.path);
  return known ? std::string(*known) : item.stem();
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
  if (!formats.empty()) folder_.require_own(item.path, stem_of(item), identity);
}

Sink::Outputs FolderSink::write(const Item& item, const std::optional<journal::InputIdentity>& identity,
                                const std::vector<formats::Format>& formats, const Encode& encode) {
  return folder_.write(item.path, stem_of(item), identity, formats, encode);
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
  if (gallery_) write_gallery(folder_.folder());
}

}  // namespace da3::run
