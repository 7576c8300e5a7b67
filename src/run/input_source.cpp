// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <utility>

#include <codec/picture_format.hpp>
#include <fnmatch.h>
#include <glob.h>
#include <journal/manifest.hpp>
#include <journal/scene_journal.hpp>
#include <sys/stat.h>

#include <core/read_file.hpp>
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

/// A path from `working`, without "." and "..", without a slash at its end.
std::string plain_path(const std::filesystem::path& path, const std::filesystem::path& working) {
  std::string text = (working / path).lexically_normal().string();
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

/// The part of a plain path below a plain folder; none outside of it.
std::optional<std::string> part_below(const std::string& path, const std::string& folder) {
  if (path == folder) return "";
  const std::string start = with_slash(folder);
  return path.starts_with(start) ? std::optional(path.substr(start.size())) : std::nullopt;
}

/// Empty if it is gone: absolute paths need none.
std::filesystem::path working_folder() {
  std::error_code failed;
  return std::filesystem::current_path(failed);
}

/// The working folder as the shell calls it, which may go through links.
std::optional<std::string> logical_working_folder() {
  const char* const text = std::getenv("PWD");
  std::error_code failed;
  if (text == nullptr || !std::filesystem::equivalent(text, ".", failed)) return std::nullopt;
  return plain_path(text, "/");
}

/// What a format's first bytes say, read as a path; none for what is no picture.
bool begins_as_picture(const std::string& text) {
  const auto* const codec =
      codec::codec_of_beginning({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  // The first line of a PNG file ends within its signature.
  return (codec != nullptr && codec->is_read()) || text.starts_with("\x89PNG\r\n");
}

Error folder_with_a_pictures_name(const std::string& path) {
  return {ErrorCode::kInputNotRegular,
          path + ": this is a folder with the name of a picture; --recursive takes the pictures in it"};
}

}  // namespace

bool takes(const Shard& shard, const Item& item) {
  if (item.in_shard) return true;
  // The lower bits of FNV-1a depend on few bits of the text: names with equal parts, such as 17/17.jpg, would
  // all fall to one shard. The finaliser of MurmurHash3 spreads every bit over all.
  std::uint64_t hash = stable_hash(item.plain_stem());
  hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccdU;
  hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53U;
  hash ^= hash >> 33;
  return hash % static_cast<std::uint64_t>(shard.count) == static_cast<std::uint64_t>(shard.index - 1);
}

InputSource::InputSource(Options options) : options_(std::move(options)), working_folder_(working_folder()) {
  roots_.push_back(plain_path(options_.root.value_or("."), working_folder_));
  if (const auto logical = options_.root ? std::nullopt : logical_working_folder())
    roots_.push_back(*logical);
  std::set<std::string> names;
  for (const std::filesystem::path& input : options_.inputs) {
    if (input == "-") {
      if (options_.list == nullptr) throw Error(ErrorCode::kUsage, "input '-': there is no list to read");
      continue;
    }
    const auto status = status_of(input.string());
    if (!status && is_pattern(input.string())) {
      expand(input.string());
      for (const std::string& each : std::exchange(expanded_, {})) count_folder(each, names);
    } else {
      count_folder(input.string(), names);
    }
    if (status && S_ISDIR(status->st_mode) && is_output_folder(*status)) {
      throw Error(ErrorCode::kUsage, input.string() +
                                         ": the output folder (--output) is never taken as input, and here "
                                         "they are the same folder; choose another output folder");
    }
  }
}

void InputSource::count_folder(const std::string& path, std::set<std::string>& names) {
  const auto status = status_of(path);
  if (!status || !S_ISDIR(status->st_mode)) return;
  ++num_folders_;
  const std::string name(name_of(plain_path(path, working_folder_)));
  if (!names.insert(name).second) shared_folder_names_.insert(name);
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
        require_path(line);
        if (!nul && line.ends_with('\r')) line.pop_back();
        list_begun_ = list_begun_ || !line.empty();
        if (!line.empty()) return line;
      }
      core::require_read_to_end(*options_.list, "standard input", ErrorCode::kInputUnreadable);
      in_list_ = false;
    }
    if (next_input_ == options_.inputs.size()) return std::nullopt;
    std::string argument = options_.inputs[next_input_++].string();
    if (argument != "-") return argument;
    in_list_ = true;
  }
}

std::optional<Item> InputSource::begin_argument(const std::string& argument) {
  Item item = item_of(argument);
  // Paths of a list that other shards take cost no look at the file system: a list may have millions.
  const bool is_divided = in_list_ && options_.shard && kind_of_name(name_of(argument)) != NameKind::kOther;
  if (is_divided && !takes(*options_.shard, item)) return item;
  item.in_shard = is_divided;
  const auto status = status_of(argument);
  if (!status && !in_list_ && is_pattern(argument)) {
    expand(argument);
    if (!expanded_.empty()) return std::nullopt;
  }
  if (!status || !S_ISDIR(status->st_mode)) return named_file(std::move(item), status.has_value());
  begin_folder(argument);
  in_shard_ = is_divided;
  return enter_folder(with_slash(argument), argument);
}

void InputSource::begin_folder(const std::string& argument) {
  visited_.clear();
  above_.clear();
  const std::string last(name_of(plain_path(argument, working_folder_)));
  if (options_.root || in_list_ || shared_folder_names_.contains(last)) {
    above_ = name_below_root(argument);
  } else if (num_folders_ > 1) {
    above_ = last;
  }
  if (!above_.empty()) above_ += '/';
  const std::string folder = with_slash(argument);
  below_ = static_cast<std::uint32_t>(folder.size());
  if (!folder.ends_with(above_)) return;
  below_ -= static_cast<std::uint32_t>(above_.size());
  above_.clear();
}

/// A file that is an argument itself or stands in a list.
Item InputSource::item_of(std::string path) const {
  Item item;
  item.named = true;
  item.path = std::move(path);
  item.below = static_cast<std::uint32_t>(item.path.rfind('/') + 1);
  if (!options_.root && !in_list_) return item;
  std::string name = name_below_root(item.path);
  if (item.path.ends_with(name)) {
    item.below = static_cast<std::uint32_t>(item.path.size() - name.size());
  } else {
    item.name = std::move(name);
  }
  return item;
}

/// Outside of the root the parts of the absolute path.
std::string InputSource::name_below_root(const std::string& path) const {
  const std::string plain = plain_path(path, working_folder_);
  for (const std::string& root : roots_) {
    if (auto part = part_below(plain, root)) return *part;
  }
  return plain.substr(std::min(plain.find_first_not_of('/'), plain.size()));
}

void InputSource::require_path(const std::string& line) const {
  // No path holds a NUL, though a file may have the name of what is in front of it.
  const bool has_nul = line.find('\0') != std::string::npos;
  const bool may_be_picture = !list_begun_ && !line.empty() && (has_nul || !status_of(line));
  if (may_be_picture && begins_as_picture(line + '\n')) {
    throw Error(ErrorCode::kUsage,
                "standard input: expected a list of paths, found a picture; save it to a file and name that "
                "file");
  }
  if (!has_nul) return;
  throw Error(ErrorCode::kUsage,
              "standard input: expected a list of paths, one a line, found a NUL byte; give --null if the "
              "paths end with NUL");
}

/// True for a folder that --recursive would enter, told without listing it.
bool InputSource::would_enter(const std::string& folder) const {
  const auto status = status_of(folder);
  return status && !is_output_folder(*status) &&
         !journal::is_manifest(std::filesystem::path(folder) / journal::manifest_name(std::nullopt));
}

std::optional<Item> InputSource::enter_folder(const std::string& folder, std::string path) {
  const auto status = status_of(folder);
  if (status) {
    if (is_output_folder(*status) || !visited_.insert(identity_of(*status)).second) return std::nullopt;
  }
  try {
    // Where the argument's own part ends: patterns speak of what is below.
    const std::string below = folder.substr(std::min<std::size_t>(below_, folder.size()));
    const std::optional<std::string> below_output = part_below_output(folder);
    const auto is_result = [&](std::string_view name) {
      return below_output && results_->owns(*below_output + std::string(name));
    };
    FolderListing listing(folder,
                          [&](std::string_view name) { return is_excluded(below, name) || is_result(name); });
    if (!frames_.empty() && std::ranges::any_of(listing.manifests(), [&](const std::string& name) {
          return journal::is_manifest(folder + name);
        }))
      return std::nullopt;
    std::set<std::string> results;
    // Photos may lie in a scene's folder, too, so that it is not left out as a whole.
    for (const std::string& manifest : listing.manifests()) {
      for (const std::string& file : journal::results_of_scene(folder + manifest))
        results.insert(folder + file);
    }
    frames_.push_back({folder, std::move(listing), below_output.has_value(), std::move(results)});
  } catch (const Error& error) {
    return failed_item(std::move(path), error);
  }
  return std::nullopt;
}

/// Results lie next to photos where a folder below the output folder is an argument: `da3 infer P/a P/b -o
/// P`.
std::optional<std::string> InputSource::part_below_output(const std::string& folder) {
  std::error_code failed;
  const std::filesystem::path output = std::filesystem::canonical(options_.output_dir, failed);
  if (failed) return std::nullopt;
  const std::filesystem::path inner = std::filesystem::canonical(folder, failed);
  if (failed) return std::nullopt;
  std::optional<std::string> part = part_below(inner.string(), output.string());
  if (!part) return std::nullopt;
  if (!results_) {
    try {
      results_ = journal::read_own_files(options_.output_dir);
    } catch (const Error&) {
      results_.emplace();  // Of another command, or said by who writes there
    }
  }
  part->push_back('/');
  return part;
}

bool InputSource::is_of_a_scene(const std::string& path) const {
  return std::ranges::any_of(frames_, [&](const Frame& frame) { return frame.results.contains(path); });
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
        if (kind_of_name(frame.listing.name(index)) == NameKind::kPicture)
          return failed_item(path, folder_with_a_pictures_name(path));
        if (would_enter(path)) ++folders_not_entered_;
        continue;
      }
      const std::string folder = path + '/';
      if (auto failed = enter_folder(folder, std::move(path))) return failed;  // `frame` may be gone
      continue;
    }
    if (is_of_a_scene(path) || !is_new(path)) continue;
    Item item;
    item.below = below_;
    item.beside_results = frame.beside_results;
    item.keep_extension = frame.listing.shares_stem(index);
    item.passed_over = frame.listing.twin(index);
    item.unsupported = frame.listing.kind(index) == FolderListing::Kind::kUnsupported;
    if (!above_.empty()) item.name = above_ + path.substr(below_);
    item.in_shard = in_shard_;
    item.path = std::move(path);
    return item;
  }
  return std::nullopt;
}

std::optional<Item> InputSource::named_file(Item item, bool is_there) {
  const std::string& path = item.path;
  // Whoever waits for the answers to a list gets one for each of its lines.
  if (!in_list_ && !is_new(path)) return std::nullopt;
  if (!is_there) {
    item.error = std::make_shared<const Error>(ErrorCode::kInputNotFound,
                                               path + ": no such file or folder; check the path");
    return item;
  }
  const std::size_t name_begin = path.rfind('/') + 1;
  const std::string folder = name_begin == 0 ? "./" : path.substr(0, name_begin);
  if (!named_listing_ || folder != named_folder_) {
    named_folder_ = folder;
    try {
      named_listing_ = std::make_unique<FolderListing>(folder, nullptr, FolderListing::Others::kKept);
    } catch (const Error&) {
      named_listing_.reset();  // A folder that may be entered but not read; its files' names are their own
    }
  }
  item.keep_extension = named_listing_ && named_listing_->shares_stem(name_of(path));
  return item;
}

bool InputSource::is_excluded(const std::string& below, std::string_view name) const {
  return std::any_of(options_.exclude.begin(), options_.exclude.end(), [&](const std::string& pattern) {
    return fnmatch(pattern.c_str(), std::string(name).c_str(), 0) == 0 ||
           fnmatch(pattern.c_str(), (below + std::string(name)).c_str(), FNM_PATHNAME) == 0;
  });
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
