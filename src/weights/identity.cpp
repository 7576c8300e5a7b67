// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <ctime>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>

#include <sys/stat.h>
#include <unistd.h>

#include <da3/error.hpp>

#include <core/sha256.hpp>
#include <weights/identity.hpp>

namespace da3::weights {
namespace {

/// One small file for each model file: a changed model replaces its own stamp.
std::filesystem::path stamp_path(const std::filesystem::path& cache_folder, const FileStamp& stamp) {
  return cache_folder / "checked" / (std::to_string(stamp.device) + "-" + std::to_string(stamp.inode));
}

/// First line of a stamp file; the second is the hash.
std::string stamp_line(const FileStamp& stamp) {
  return std::to_string(stamp.size) + " " + std::to_string(stamp.modified_s) + " " +
         std::to_string(stamp.modified_ns);
}

std::optional<std::string> recall(const std::filesystem::path& cache_folder, const FileStamp& stamp) {
  std::ifstream file(stamp_path(cache_folder, stamp));
  std::string line;
  std::string sha256;
  if (!std::getline(file, line) || line != stamp_line(stamp) || !std::getline(file, sha256))
    return std::nullopt;
  if (sha256.size() != 64 || sha256.find_first_not_of("0123456789abcdef") != std::string::npos)
    return std::nullopt;
  return sha256;
}

void remember(const std::filesystem::path& cache_folder, const FileStamp& stamp, const std::string& sha256) {
  static std::atomic<unsigned> counter{0};  // Two threads must not write the same temporary file.
  const std::filesystem::path path = stamp_path(cache_folder, stamp);
  std::filesystem::path temporary = path;
  temporary +=
      std::string(".").append(std::to_string(::getpid())).append("-").append(std::to_string(counter++)) +
      ".part";
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  std::ofstream file(temporary, std::ios::trunc);
  file << stamp_line(stamp) << '\n' << sha256 << '\n';
  file.close();
  if (file) std::filesystem::rename(temporary, path, error);
  if (!file || error) std::filesystem::remove(temporary, error);
}

/// The records `data/NUMBER` by number.
std::map<std::uint64_t, const core::ZipEntry*> weight_records(const core::StoredZip& archive) {
  constexpr std::string_view kFolder = "data/";
  std::map<std::uint64_t, const core::ZipEntry*> records;
  for (const core::ZipEntry& entry : archive.entries()) {
    std::string_view name = core::StoredZip::inner_name(entry);
    if (!name.starts_with(kFolder)) continue;
    name.remove_prefix(kFolder.size());
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error != std::errc{} || end != name.data() + name.size()) continue;
    if (!records.emplace(number, &entry).second) {
      throw Error(ErrorCode::kModelDamaged, archive.path().string() + ": weight record " +
                                                std::to_string(number) +
                                                " is there twice; export the model again");
    }
  }
  return records;
}

template <typename Read>
std::string hash_of_records(const core::StoredZip& archive, Read read) {
  core::Sha256 hash;
  for (const auto& [number, entry] : weight_records(archive)) {
    const std::span<const std::byte> bytes = read(*entry);
    hash.update(std::to_string(number) + " " + std::to_string(bytes.size()) + "\n");
    hash.update(bytes);
  }
  return hash.finish();
}

/// A file written within this time may be written once more without another modification time.
constexpr std::int64_t kSettled_s = 2;

bool has_settled(const FileStamp& stamp) {
  return std::time(nullptr) - stamp.modified_s > kSettled_s;
}

}  // namespace

std::optional<FileStamp> stamp_of(const std::filesystem::path& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
#if defined(__APPLE__)
  const timespec modified = status.st_mtimespec;
#else
  const timespec modified = status.st_mtim;
#endif
  return FileStamp{.device = static_cast<std::uint64_t>(status.st_dev),
                   .inode = static_cast<std::uint64_t>(status.st_ino),
                   .size = static_cast<std::uint64_t>(status.st_size),
                   .modified_s = modified.tv_sec,
                   .modified_ns = modified.tv_nsec};
}

bool was_changed_in_place(const std::filesystem::path& path, const FileStamp& before) {
  const std::optional<FileStamp> now = stamp_of(path);
  return now && now->device == before.device && now->inode == before.inode && *now != before;
}

std::string weights_sha256(const core::StoredZip& archive) {
  return hash_of_records(archive, [&](const core::ZipEntry& entry) { return archive.data(entry); });
}

std::string checked_weights_sha256(const core::StoredZip& archive) {
  return hash_of_records(archive, [&](const core::ZipEntry& entry) { return archive.checked_data(entry); });
}

std::string identity_with_code(const core::StoredZip& archive, const std::string& weights,
                               const std::string& settings) {
  const auto decides = [&](std::string_view name) {
    // Records and notes; what LibTorch says of the file; where in whose sources a line of code stood.
    return !name.starts_with("extra/") && !name.starts_with(".data/") && !name.ends_with(".debug_pkl") &&
           (weights.empty() || !name.starts_with("data/"));
  };
  std::map<std::string_view, const core::ZipEntry*> others;
  for (const core::ZipEntry& entry : archive.entries()) {
    const std::string_view name = core::StoredZip::inner_name(entry);
    if (decides(name)) others.emplace(name, &entry);
  }
  core::Sha256 hash;
  hash.update(weights + "\n" + settings + "\n");
  for (const auto& [name, entry] : others) {
    hash.update(std::string(name) + " " + std::to_string(entry->size) + " " + std::to_string(entry->crc) +
                "\n");
  }
  return hash.finish();
}

void check_all_but_weights(const core::StoredZip& archive) {
  std::set<const core::ZipEntry*> weights;
  for (const auto& [number, entry] : weight_records(archive)) weights.insert(entry);
  for (const core::ZipEntry& entry : archive.entries()) {
    // LibTorch's archives hold no folders and no compressed entries that are read.
    if (!weights.contains(&entry) && entry.method == 0) archive.checked_data(entry);
  }
}

std::string weights_sha256(const std::filesystem::path& path) {
  return weights_sha256(core::StoredZip::open(path));
}

Identity check_identity(const std::filesystem::path& path, const std::string& expected,
                        const std::filesystem::path& cache_folder) {
  Identity identity;
  const std::optional<FileStamp> before = cache_folder.empty() ? std::nullopt : stamp_of(path);
  if (before) {
    if (const std::optional<std::string> known = recall(cache_folder, *before)) identity.sha256 = *known;
  }
  if (identity.sha256.empty()) {
    const core::StoredZip archive = core::StoredZip::open(path);
    identity = {.sha256 = expected.empty() ? checked_weights_sha256(archive) : weights_sha256(archive),
                .recomputed = true};
    // A file that changed meanwhile, or still may without a trace, is hashed again next time.
    if (before && before == stamp_of(path) && has_settled(*before))
      remember(cache_folder, *before, identity.sha256);
  }
  if (!expected.empty() && identity.sha256 != expected) {
    throw Error(ErrorCode::kModelDamaged, path.string() + ": expected weights with the SHA-256 " + expected +
                                              ", found " + identity.sha256 +
                                              "; the file is damaged, export or download it again");
  }
  return identity;
}

}  // namespace da3::weights
