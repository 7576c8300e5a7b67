// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>

#include <codec/picture_format.hpp>
#include <dirent.h>
#include <sys/stat.h>

#include <da3/error.hpp>

#include <run/folder_listing.hpp>
#include <run/names.hpp>

namespace da3::run {
namespace {

/// Follows links and unknown types; a plain entry's type costs no call to the system.
bool is_folder(int folder, const dirent& entry) {
  if (entry.d_type == DT_DIR) return true;
  if (entry.d_type != DT_LNK && entry.d_type != DT_UNKNOWN) return false;
  struct stat status{};
  return fstatat(folder, entry.d_name, &status, 0) == 0 && S_ISDIR(status.st_mode);
}

bool begins_as_picture(const std::filesystem::path& file) {
  constexpr std::size_t kEnough = 512;
  struct stat status{};
  if (stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
  std::vector<std::uint8_t> bytes(kEnough);
  std::ifstream stream(file, std::ios::binary);
  stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(stream.gcount()));
  return codec::codec_of_beginning(bytes) != nullptr;
}

[[noreturn]] void refuse(const std::filesystem::path& folder, int error) {
  const ErrorCode code = error == ENOENT ? ErrorCode::kInputNotFound : ErrorCode::kInputUnreadable;
  throw Error(code, folder.string() + ": the folder cannot be read (" + std::strerror(error) +
                        "); check that it is there and that you may read it");
}

}  // namespace

FolderListing::FolderListing(const std::filesystem::path& folder,
                             const std::function<bool(std::string_view)>& excluded, Others others)
    : folder_(folder) {
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(opendir(folder.c_str()), closedir);
  if (!stream) refuse(folder, errno);
  for (;;) {
    errno = 0;
    const dirent* entry = readdir(stream.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name.starts_with("manifest.") && name.ends_with(".jsonl")) manifests_.emplace_back(name);
    if (name.starts_with('.') || (excluded && excluded(name))) continue;
    if (is_folder(dirfd(stream.get()), *entry)) {
      add(entry->d_name, Kind::kFolder);
      continue;
    }
    const NameKind kind = kind_of_name(entry->d_name);
    if (kind != NameKind::kOther) {
      add(entry->d_name, kind == NameKind::kPicture ? Kind::kPicture : Kind::kUnsupported);
    } else if (others == Others::kKept) {
      add_other(name);
    }
  }
  if (errno != 0) refuse(folder, errno);
  find_twins();
  find_shared_stems();
  std::ranges::sort(others_, {}, &Other::stem);
}

std::string_view FolderListing::name(std::size_t index) const {
  return std::string_view(names_).substr(entries_[index].offset, entries_[index].length);
}

std::optional<std::size_t> FolderListing::next() {
  if (next_ == entries_.size()) return std::nullopt;
  if (next_ == sorted_) sort_more();
  return next_++;
}

void FolderListing::sort_more() {
  // The first names are wanted long before the last ones of a large folder: each part is twice the one
  // before.
  constexpr std::size_t kFirst = 1024;
  const auto before = [this](const Entry& a, const Entry& b) {
    const std::string_view all = names_;
    return natural_compare(all.substr(a.offset, a.length), all.substr(b.offset, b.length)) < 0;
  };
  const auto first = entries_.begin() + static_cast<std::ptrdiff_t>(sorted_);
  const std::size_t count = std::min(entries_.size() - sorted_, std::max(kFirst, sorted_));
  const auto last = first + static_cast<std::ptrdiff_t>(count);
  if (last != entries_.end()) std::nth_element(first, last, entries_.end(), before);
  std::sort(first, last, before);
  sorted_ += count;
}

void FolderListing::add(const char* name, Kind kind) {
  Entry entry;
  entry.offset = names_.size();
  entry.length = static_cast<std::uint32_t>(std::strlen(name));
  entry.kind = kind;
  names_.append(name, entry.length);
  entries_.push_back(entry);
}

void FolderListing::add_other(std::string_view name) {
  others_.push_back(
      {stable_hash(stem_of_name(name)), names_.size(), static_cast<std::uint32_t>(name.size())});
  names_ += name;
}

void FolderListing::find_twins() {
  // A phone or its owner keeps a JPEG next to the HEIC: one picture.
  const bool any =
      std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) { return yields(entry); });
  if (!any) return;
  std::vector<std::uint64_t> others;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].kind == Kind::kPicture && !yields(entries_[i]))
      others.push_back(stable_hash(stem_of_name(name(i))));
  }
  std::sort(others.begin(), others.end());
  std::erase_if(entries_, [&](const Entry& entry) {
    const std::string_view text = std::string_view(names_).substr(entry.offset, entry.length);
    const bool twin =
        yields(entry) && std::binary_search(others.begin(), others.end(), stable_hash(stem_of_name(text)));
    if (twin) twins_.emplace(stable_hash(stem_of_name(text)), text);
    return twin;
  });
}

std::string_view FolderListing::twin(std::size_t index) const {
  if (twins_.empty() || entries_[index].kind != Kind::kPicture) return {};
  const auto found = twins_.find(stable_hash(stem_of_name(name(index))));
  return found == twins_.end() ? std::string_view() : std::string_view(found->second);
}

bool FolderListing::yields(const Entry& entry) const {
  return entry.kind != Kind::kFolder &&
         yields_to_twin(std::string_view(names_).substr(entry.offset, entry.length));
}

void FolderListing::find_shared_stems() {
  // Hashes instead of texts: two of a million that meet by chance would only keep an extension they need not
  // keep.
  std::vector<std::pair<std::uint64_t, std::size_t>> stems;
  stems.reserve(entries_.size());
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].kind != Kind::kFolder) stems.emplace_back(stable_hash(stem_of_name(name(i))), i);
  }
  std::sort(stems.begin(), stems.end());
  for (std::size_t i = 1; i < stems.size(); ++i) {
    if (stems[i].first != stems[i - 1].first) continue;
    entries_[stems[i].second].shares_stem = true;
    entries_[stems[i - 1].second].shares_stem = true;
  }
  stems_.reserve(stems.size());
  for (const auto& [stem, index] : stems) stems_.push_back(stem);
}

bool FolderListing::other_shares_stem(std::string_view wanted, std::uint64_t stem) const {
  const auto same_stem = std::ranges::equal_range(others_, stem, {}, &Other::stem);
  return std::ranges::any_of(same_stem, [&](const Other& other) {
    const std::string_view name = std::string_view(names_).substr(other.offset, other.length);
    return name != wanted && begins_as_picture(folder_ / name);
  });
}

bool FolderListing::shares_stem(std::string_view wanted) const {
  const std::uint64_t stem = stable_hash(stem_of_name(wanted));
  const auto same_stem = std::ranges::equal_range(stems_, stem);
  if (kind_of_name(wanted) == NameKind::kOther) return !same_stem.empty() || other_shares_stem(wanted, stem);
  return same_stem.size() > 1 || (yields_to_twin(wanted) && twins_.contains(stem));
}

}  // namespace da3::run
