// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include <glob.h>
#include <sys/stat.h>

#include <run/input_source.hpp>
#include <run/names.hpp>

namespace da3::run {
namespace {

std::optional<struct stat> status_of(const std::string& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return std::nullopt;
  return status;
}

FolderIdentity identity_of(const struct stat& status) {
  return {static_cast<std::uint64_t>(status.st_dev), static_cast<std::uint64_t>(status.st_ino)};
}

std::string with_slash(std::string folder) {
  if (!folder.ends_with('/')) folder += '/';
  return folder;
}

std::string_view name_of(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

bool is_pattern(const std::string& text) {
  return text.find_first_of("*?[") != std::string::npos;
}

Item failed_item(std::string path, Error error) {
  Item item;
  item.path = std::move(path);
  item.error = std::make_shared<const Error>(std::move(error));
  return item;
}

Error folder_with_a_pictures_name(const std::string& path) {
  return {ErrorCode::kInputNotRegular,
          path + ": this is a folder with the name of a picture; --recursive takes the pictures in it"};
}

}  // namespace

std::string Item::stem() const {
  const std::string_view relative = std::string_view(path).substr(std::min<std::size_t>(below, path.size()));
  if (keep_extension) return std::string(relative);
  const std::string_view name = name_of(relative);
  return std::string(relative.substr(0, relative.size() - name.size())) + std::string(stem_of_name(name));
}

bool takes(const Shard& shard, const Item& item) {
  // The lower bits of FNV-1a depend on few bits of the text: names with equal parts, such as 17/17.jpg, would
  // all fall to one shard. The finaliser of MurmurHash3 spreads every bit over all.
  std::uint64_t hash = stable_hash(item.stem());
  hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccdU;
  hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53U;
  hash ^= hash >> 33;
  return hash % static_cast<std::uint64_t>(shard.count) == static_cast<std::uint64_t>(shard.index - 1);
}

InputSource::InputSource(Options options) : options_(std::move(options)) {
  for (const std::filesystem::path& input : options_.inputs) {
    if (input == "-") {
      if (options_.list == nullptr) throw Error(ErrorCode::kUsage, "input '-': there is no list to read");
      continue;
    }
    const auto status = status_of(input.string());
    if (status && S_ISDIR(status->st_mode) && is_output_folder(*status)) {
      throw Error(ErrorCode::kUsage, input.string() +
                                         ": the output folder (--output) is never taken as input, and here "
                                         "they are the same folder; choose another output folder");
    }
  }
}

bool InputSource::is_output_folder(const struct stat& folder) const {
  // Looked up each time: the run makes it while the scan goes on.
  const auto output = status_of(options_.output_dir.string());
  return output && identity_of(*output) == identity_of(folder);
}

std::optional<Item> InputSource::next() {
  for (;;) {
    if (auto item = next_of_folders()) return item;
    const std::optional<std::string> argument = next_argument();
    if (!argument) return std::nullopt;
    if (auto item = begin_argument(*argument)) return item;
  }
}

std::optional<std::string> InputSource::next_argument() {
  if (!expanded_.empty()) {
    std::string path = std::move(expanded_.front());
    expanded_.pop_front();
    return path;
  }
  for (;;) {
    if (in_list_) {
      std::string line;
      const bool nul = options_.list_format == ListFormat::kNul;
      while (std::getline(*options_.list, line, nul ? '\0' : '\n')) {
        if (!nul && line.ends_with('\r')) line.pop_back();
        if (!line.empty()) return line;
      }
      in_list_ = false;
    }
    if (next_input_ == options_.inputs.size()) return std::nullopt;
    std::string argument = options_.inputs[next_input_++].string();
    if (argument != "-") return argument;
    in_list_ = true;
  }
}

std::optional<Item> InputSource::begin_argument(const std::string& argument) {
  const auto status = status_of(argument);
  if (!status && !in_list_ && is_pattern(argument)) {
    expand(argument);
    if (!expanded_.empty()) return std::nullopt;
  }
  if (!status || !S_ISDIR(status->st_mode)) return named_file(argument);
  const std::string folder = with_slash(argument);
  visited_.clear();
  below_ = static_cast<std::uint32_t>(folder.size());
  return enter_folder(folder, argument);
}

std::optional<Item> InputSource::enter_folder(const std::string& folder, std::string path) {
  const auto status = status_of(folder);
  if (status) {
    if (is_output_folder(*status) || !visited_.insert(identity_of(*status)).second) return std::nullopt;
  }
  try {
    frames_.push_back({folder, FolderListing(folder)});
  } catch (const Error& error) {
    return failed_item(std::move(path), error);
  }
  return std::nullopt;
}

std::optional<Item> InputSource::next_of_folders() {
  while (!frames_.empty()) {
    Frame& frame = frames_.back();
    const std::optional<std::size_t> entry = frame.listing.next();
    if (!entry) {
      frames_.pop_back();
      continue;
    }
    const std::size_t index = *entry;
    std::string path = frame.folder + std::string(frame.listing.name(index));
    if (frame.listing.kind(index) == FolderListing::Kind::kFolder) {
      if (!options_.recursive) {
        if (kind_of_name(frame.listing.name(index)) != NameKind::kPicture) continue;
        return failed_item(path, folder_with_a_pictures_name(path));
      }
      const std::string folder = path + '/';
      if (auto failed = enter_folder(folder, std::move(path))) return failed;  // `frame` may be gone
      continue;
    }
    if (!is_new(path)) continue;
    Item item;
    item.below = below_;
    item.keep_extension = frame.listing.shares_stem(index);
    item.unsupported = frame.listing.kind(index) == FolderListing::Kind::kUnsupported;
    item.path = std::move(path);
    return item;
  }
  return std::nullopt;
}

std::optional<Item> InputSource::named_file(std::string path) {
  if (!is_new(path)) return std::nullopt;
  if (!status_of(path)) {
    Error error(ErrorCode::kInputNotFound, path + ": no such file or folder; check the path");
    return failed_item(std::move(path), std::move(error));
  }
  Item item;
  item.named = true;
  item.below = static_cast<std::uint32_t>(path.rfind('/') + 1);
  const std::string folder = item.below == 0 ? "./" : path.substr(0, item.below);
  if (!named_listing_ || folder != named_folder_) {
    named_folder_ = folder;
    try {
      named_listing_ = std::make_unique<FolderListing>(folder);
    } catch (const Error&) {
      named_listing_.reset();  // A folder that may be entered but not read; its files' names are their own
    }
  }
  item.keep_extension = named_listing_ && named_listing_->shares_stem(name_of(path));
  item.path = std::move(path);
  return item;
}

void InputSource::expand(const std::string& pattern) {
  glob_t found{};
  if (glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found) == 0) {
    expanded_.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  globfree(&found);
  std::sort(expanded_.begin(), expanded_.end(),
            [](const std::string& a, const std::string& b) { return natural_compare(a, b) < 0; });
}

bool InputSource::is_new(const std::string& path) {
  const bool once = options_.inputs.size() == 1 && !in_list_;
  return once || seen_paths_.insert(stable_hash(path)).second;
}

}  // namespace da3::run
