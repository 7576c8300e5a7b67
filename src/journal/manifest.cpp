// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <journal/links.hpp>
#include <journal/manifest.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <da3/error.hpp>

#include <core/atomic_file.hpp>
#include <core/read_file.hpp>
#include <core/write_failure.hpp>

namespace da3::journal {
namespace {

constexpr char kClaimEnd = '\0';  // The one byte that no path has

std::string shard_text(const std::optional<Shard>& shard) {
  if (!shard) return "";
  return std::string(1, '.') + std::to_string(shard->index) + "-of-" + std::to_string(shard->count);
}

std::string claims_name(const std::optional<Shard>& shard) {
  return ".da3-claims" + shard_text(shard) + ".tmp";
}

/// True for "" and for ".I-of-N".
bool is_shard_text(std::string_view text) {
  constexpr std::string_view kBetween = "-of-";
  const auto is_number = [](std::string_view digits) {
    return !digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos;
  };
  if (text.empty()) return true;
  const std::size_t between = text.find(kBetween);
  return text.starts_with('.') && between != std::string_view::npos &&
         is_number(text.substr(1, between - 1)) && is_number(text.substr(between + kBetween.size()));
}

/// Names in `folder` that are `begin`, nothing or a shard, and `end`; sorted; none if there is no such
/// folder. Throws: Error kOutputFailed where an error ends the listing.
std::vector<std::string> names_of_shards(const std::filesystem::path& folder, std::string_view begin,
                                         std::string_view end) {
  std::vector<std::string> names;
  std::error_code error;
  const std::filesystem::directory_iterator last;
  for (std::filesystem::directory_iterator each(folder, error); !error && each != last;
       each.increment(error)) {
    const std::string name = each->path().filename().string();
    if (name.size() < begin.size() + end.size() || !name.starts_with(begin) || !name.ends_with(end)) continue;
    const auto middle = std::string_view(name).substr(begin.size(), name.size() - begin.size() - end.size());
    if (is_shard_text(middle)) names.push_back(name);
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    throw Error(ErrorCode::kOutputFailed,
                folder.string() + ": the folder cannot be read (" + error.message() + ")");
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> claims_names(const std::filesystem::path& folder) {
  return names_of_shards(folder, ".da3-claims", ".tmp");
}

/// The last one may be torn.
void add_claims(const std::filesystem::path& file, std::unordered_set<std::string>& claims) {
  const std::string text = core::read_text(file);
  for (std::size_t begin = 0, end = text.find(kClaimEnd); end != std::string::npos;
       begin = end + 1, end = text.find(kClaimEnd, begin)) {
    const std::string claim = text.substr(begin, end - begin);
    if (is_result_path(claim)) claims.insert(claim);
  }
}

bool is_same_file(int descriptor, const std::filesystem::path& path) {
  struct stat opened{};
  struct stat named{};
  return fstat(descriptor, &opened) == 0 && stat(path.c_str(), &named) == 0 &&
         opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

/// Who wrote the last header of a manifest, " (process 123 on host)", as far as known.
std::string holder_text(const std::filesystem::path& manifest) {
  ManifestIndex index;
  try {
    index.add_file(manifest);
  } catch (const Error&) {
    return "";
  }
  if (!index.last_run() || index.last_run()->pid == 0) return "";
  const std::string& host = index.last_run()->host;
  return " (process " + std::to_string(index.last_run()->pid) + (host.empty() ? "" : " on " + host) + ")";
}

Error locked_error(const std::filesystem::path& folder, const std::filesystem::path& manifest) {
  return {ErrorCode::kOutputLocked,
          folder.string() + ": another run of da3" + holder_text(manifest) +
              " writes here; wait until it ends, stop it, or give another folder with --output"};
}

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : std::string();
}

/// Appends all of `text` or nothing: 0 or errno. `size` is the file's size before.
int append_whole(const core::FileDescriptor& file, std::string_view text, std::uint64_t size) {
  while (!text.empty()) {
    const ssize_t written = write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      const int failed = written < 0 ? errno : ENOSPC;
      // Half a line would spoil the next record. If even this fails, the next run skips the line.
      static_cast<void>(ftruncate(file.get(), static_cast<off_t>(size)) == 0);
      return failed;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

}  // namespace

bool is_manifest(const std::filesystem::path& file) {
  constexpr std::string_view kBegins = R"({"type":"run","schema":)";
  // Of a video; its keys are in order, and the first ones are of the input.
  constexpr std::string_view kVideoBegins = R"({"bits":)";
  constexpr std::size_t kMost = 64UL << 10U;
  std::error_code failed;
  if (!std::filesystem::is_regular_file(file, failed)) return false;
  std::string start(kMost, '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.read(start.data(), static_cast<std::streamsize>(start.size()));
  start.resize(static_cast<std::size_t>(stream.gcount()));
  if (start.starts_with(kBegins)) return true;
  const std::string_view line = std::string_view(start).substr(0, start.find('\n'));
  return line.starts_with(kVideoBegins) && line.ends_with(R"("type":"video"})");
}

std::vector<std::string> manifest_names(const std::filesystem::path& folder) {
  return names_of_shards(folder, "manifest", ".jsonl");
}

std::string manifest_name(const std::optional<Shard>& shard) {
  return "manifest" + shard_text(shard) + ".jsonl";
}

std::vector<std::string> manifests_by_time(const std::filesystem::path& folder, const std::string& last) {
  std::vector<std::pair<std::filesystem::file_time_type, std::string>> manifests;
  for (std::string& name : manifest_names(folder)) {
    std::error_code failed;
    const auto time = std::filesystem::last_write_time(folder / name, failed);
    manifests.emplace_back(failed ? std::filesystem::file_time_type::min() : time, std::move(name));
  }
  std::ranges::stable_sort(manifests, {},
                           [&](const auto& each) { return std::pair(each.first, each.second == last); });
  std::vector<std::string> names;
  for (auto& [time, name] : manifests) names.push_back(std::move(name));
  return names;
}

bool is_sister(std::string_view name, const std::optional<Shard>& shard) {
  return shard && name.find("-of-" + std::to_string(shard->count) + ".") != std::string::npos;
}

ManifestIndex read_manifests(const std::filesystem::path& folder, const std::optional<Shard>& own,
                             Foreign foreign) {
  ManifestIndex index;
  for (const std::string& name : manifests_by_time(folder, manifest_name(own)))
    index.add_file(folder / name, foreign);
  return index;
}

ImageRecord RecordReader::read(const LastRecord& last) {
  if (file_ != last.manifest || !stream_) {
    file_ = last.manifest;
    stream_ = std::ifstream(file_, std::ios::binary);
    at_ = 0;
  }
  // Seeking throws away what was read ahead.
  if (at_ != last.place.offset) stream_.seekg(static_cast<std::streamoff>(last.place.offset));
  std::string line;
  if (!std::getline(stream_, line)) core::require_read_to_end(stream_, file_, ErrorCode::kOutputFailed);
  at_ = last.place.offset + line.size() + 1;
  return image_from_json(line);
}

OwnFiles read_own_files(const std::filesystem::path& folder) {
  OwnFiles files;
  // First: a claim goes once its record is there.
  for (const std::string& name : claims_names(folder)) add_claims(folder / name, files.claims);
  files.records = read_manifests(folder);
  return files;
}

Manifest::Manifest(const std::filesystem::path& folder, const std::optional<Shard>& shard)
    : folder_(folder), file_(folder / manifest_name(shard)), claims_file_(folder / claims_name(shard)) {
  core::ensure_folder(folder);
  open_locked(folder);
  ManifestIndex::ReadResult own;
  for (const std::string& name : manifests_by_time(folder, manifest_name(shard))) {
    const std::filesystem::path file = folder / name;
    if (file == file_) {
      own = index_.add_file(file);
      continue;
    }
    const core::FileDescriptor descriptor(open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (!is_sister(name, shard) && descriptor &&
        core::try_lock(descriptor, true) == core::Lock::kHeldByAnother) {
      throw locked_error(folder, file);
    }
    index_.add_file(file);
  }
  bytes_ = own.valid_bytes;
  cut_off_torn_line();
  if (own.line_end_missing) append_line("");
  read_claims(shard);
}

Manifest::~Manifest() {
  try {
    close();
  } catch (const Error&) {
    // Nothing is lost: claims that stay too long only let da3 replace its own files.
  }
}

/// Not touched otherwise: its time says when a run last wrote to it.
void Manifest::cut_off_torn_line() {
  struct stat status{};
  if (fstat(descriptor_.get(), &status) == 0 && status.st_size == static_cast<off_t>(bytes_)) return;
  if (ftruncate(descriptor_.get(), static_cast<off_t>(bytes_)) != 0) throw core::write_failure(file_, errno);
}

void Manifest::open_locked(const std::filesystem::path& folder) {
  do {
    descriptor_ = open_manifest(file_);
    const core::Lock lock = core::try_lock(descriptor_);
    if (lock == core::Lock::kHeldByAnother) throw locked_error(folder, file_);
    locked_ = lock == core::Lock::kTaken;
  } while (!is_same_file(descriptor_.get(), file_));  // Removed between opening and locking
}

void Manifest::read_claims(const std::optional<Shard>& shard) {
  std::vector<std::filesystem::path> adopted;
  for (const std::string& name : claims_names(folder_)) {
    const std::filesystem::path file = folder_ / name;
    if (file != claims_file_) {
      if (is_sister(name, shard)) continue;
      adopted.push_back(file);  // Of a sharding that nobody uses any more: no run overlaps with this one
    }
    add_claims(file, open_claims_);
  }
  std::erase_if(open_claims_, [&](const std::string& each) { return index_.owns(each); });
  if (adopted.empty()) return;
  open_claims();
  for (const std::filesystem::path& file : adopted) unlink(file.c_str());
}

/// Writes the open claims anew, so that no torn claim of a killed run joins the next one.
void Manifest::open_claims() {
  std::string text;
  for (const std::string& each : open_claims_) text += each + kClaimEnd;
  core::write_file(claims_file_, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()},
                   core::Existing::kReplace);
  claims_descriptor_ = core::FileDescriptor(open(claims_file_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  if (!claims_descriptor_) throw core::write_failure(claims_file_, errno);
}

void Manifest::begin_run(RunRecord run) {
  run.pid = getpid();
  run.host = host_name();
  using std::chrono::system_clock;
  const auto now = std::chrono::floor<std::chrono::milliseconds>(system_clock::now()).time_since_epoch();
  // Clocks of machines that share a folder differ.
  const std::int64_t before = index_.last_run() ? index_.last_run()->began_ms : 0;
  run.began_ms = std::max<std::int64_t>(now.count(), before + 1);
  const std::lock_guard guard(mutex_);
  append_line(to_json(run));
}

void Manifest::append(const ImageRecord& record, std::string_view json) {
  if (record.status == ImageStatus::kSkipped) return;
  const std::lock_guard guard(mutex_);
  append_line(std::string(json));
  if (record.status != ImageStatus::kDone) return;
  for (const auto& [format, path] : record.outputs) open_claims_.erase(path);
  // Keeps the file small over long runs; a claim that stays because this fails does no harm.
  if (open_claims_.empty() && claims_descriptor_)
    static_cast<void>(ftruncate(claims_descriptor_.get(), 0) == 0);
}

void Manifest::append_line(std::string line) {
  line += '\n';
  const int failed = append_whole(descriptor_, line, bytes_);
  if (failed != 0) throw core::write_failure(file_, failed, line.size());
  bytes_ += line.size();
}

void Manifest::claim(const std::vector<std::string>& files) {
  const std::lock_guard guard(mutex_);
  if (!claims_descriptor_) open_claims();
  std::string text;
  for (const std::string& each : files) text += each + kClaimEnd;
  const off_t size = lseek(claims_descriptor_.get(), 0, SEEK_END);
  const int failed = append_whole(claims_descriptor_, text, static_cast<std::uint64_t>(size));
  if (failed != 0) throw core::write_failure(claims_file_, failed, text.size());
  open_claims_.insert(files.begin(), files.end());
}

bool Manifest::claims(const std::string& file) const {
  const std::lock_guard guard(mutex_);
  return open_claims_.contains(file);
}

bool Manifest::owns(std::string_view file) const {
  return index_.owns(file) || claims(std::string(file));
}

bool Manifest::owns(std::string_view stem, formats::Format format) const {
  return index_.owns(stem, format) || claims(std::string(stem) + std::string(suffix(format)));
}

void Manifest::close() {
  const std::lock_guard guard(mutex_);
  if (!descriptor_) return;
  const bool nothing_open = open_claims_.empty();
  claims_descriptor_.reset();
  if (nothing_open) unlink(claims_file_.c_str());
  descriptor_.reset();
}

}  // namespace da3::journal
