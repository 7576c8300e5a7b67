// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>
#include <vector>

#include <nlohmann/json.hpp>

#include <core/sha256.hpp>
#include <hub/download.hpp>

namespace da3::hub {
namespace fs = std::filesystem;
namespace {

fs::path part_of(const RemoteFile& file, const fs::path& folder) {
  return folder / (file.name + ".part");
}

std::uint64_t size_or_zero(const fs::path& path) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(path, error);
  return error ? 0 : size;
}

Error write_error(const fs::path& path) {
  return Error(ErrorCode::kOutputFailed, path.string() + ": cannot be written (" + std::strerror(errno) +
                                             "); free some space or set DA3_HOME");
}

/// Appends a response's body to the part file, never beyond the size that the hub stated.
class PartWriter {
 public:
  PartWriter(fs::path path, std::uint64_t expected_bytes, std::function<void(std::uint64_t)> progress)
      : path_(std::move(path)), expected_bytes_(expected_bytes), progress_(std::move(progress)) {}

  bool begin(const HttpResponse& head) {
    const bool resumed = head.status == 206;
    out_.close();
    out_.clear();
    another_.clear();
    const std::uint64_t before = resumed ? size_or_zero(path_) : 0;
    // Nothing of it may get into the part: the rest of the file would be appended to it.
    if (head.content_type.starts_with("text/html")) {
      another_ = "a web page, as of a proxy";
    } else if (head.content_length && before + *head.content_length < expected_bytes_) {
      another_ = std::to_string(*head.content_length) + " bytes";
    }
    if (!another_.empty()) return false;
    done_ = resumed ? size_or_zero(path_) : 0;  // a server that ignores the range sends the whole file again
    out_.open(path_, std::ios::binary | (resumed ? std::ios::app : std::ios::trunc));
    write_failed_ = !out_;
    return !write_failed_;
  }

  bool piece(std::span<const char> bytes) {
    if (done_ + bytes.size() > expected_bytes_) {
      too_long_ = true;
      return false;
    }
    out_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!out_) {
      write_failed_ = true;
      return false;
    }
    done_ += bytes.size();
    if (progress_) progress_(done_);
    return true;
  }

  /// Call after the transfer: no exception may cross libcurl's C frames, so a failed write is only noted
  /// until here.
  void finish() {
    if (out_.is_open()) {
      out_.close();
      write_failed_ = write_failed_ || !out_;
    }
    if (write_failed_) throw write_error(path_);
  }
  bool too_long() const { return too_long_; }

  /// What the server sent instead of the file, of which nothing was kept; else empty.
  const std::string& another() const { return another_; }

 private:
  fs::path path_;
  std::uint64_t expected_bytes_;
  std::function<void(std::uint64_t)> progress_;
  std::ofstream out_;
  std::uint64_t done_ = 0;
  bool too_long_ = false;
  std::string another_;
  bool write_failed_ = false;
};

/// The hub tells no hash of small files: of those of JSON the form at least is known.
bool may_be(const RemoteFile& file, const fs::path& path) {
  if (!file.sha256.empty() || fs::path(file.name).extension() != ".json") return true;
  std::ifstream in(path, std::ios::binary);
  return nlohmann::json::accept(in);
}

void check_content(const RemoteFile& file, const fs::path& part, const std::stop_token& stop) {
  if (!may_be(file, part)) {
    fs::remove(part);
    throw Error(ErrorCode::kModelFetch,
                file.name + ": what the server sent is no JSON; the same command gets it again");
  }
  if (file.sha256.empty()) return;
  const std::string found = file_sha256(part, stop);
  if (found == file.sha256) return;
  fs::remove(part);
  throw Error(ErrorCode::kModelFetch, file.name + ": wrong SHA-256, expected " + file.sha256 + ", got " +
                                          found + "; the download was removed, try again");
}

}  // namespace

std::string file_sha256(const fs::path& path, const std::stop_token& stop) {
  std::ifstream in(path, std::ios::binary);
  core::Sha256 hash;
  std::vector<char> buffer(std::size_t{1} << 20U);
  while (in) {
    if (stop.stop_requested())
      throw Error(ErrorCode::kInterrupted, "checking the SHA-256 was interrupted; the same command goes on");
    in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    hash.update(std::as_bytes(std::span(buffer.data(), static_cast<std::size_t>(in.gcount()))));
  }
  if (!in.eof())
    throw Error(ErrorCode::kModelFetch, path.string() + ": cannot be read (" + std::strerror(errno) + ")");
  return hash.finish();
}

std::uint64_t bytes_present(const RemoteFile& file, const fs::path& folder) {
  const std::uint64_t whole = size_or_zero(folder / file.name);
  return whole > 0 ? whole : size_or_zero(part_of(file, folder));
}

void download_file(const std::string& url, const RemoteFile& file, const fs::path& folder,
                   const HubAccess& access, const std::function<void(std::uint64_t)>& progress,
                   const std::stop_token& stop) {
  const fs::path target = folder / file.name;
  const fs::path part = part_of(file, folder);
  // A loss of power may leave zeros in a file that was whole.
  const bool whole = size_or_zero(target) == file.bytes && fs::exists(target) && may_be(file, target);
  if (whole && (file.sha256.empty() || file_sha256(target, stop) == file.sha256)) return;
  // Without a checksum nothing tells whether a part is of this file: the page of a proxy may lie there.
  if (size_or_zero(part) > file.bytes || file.sha256.empty()) fs::remove(part);

  PartWriter writer(part, file.bytes, progress);
  const HttpSink sink{[&](const HttpResponse& head) { return writer.begin(head); },
                      [&](std::span<const char> piece) { return writer.piece(piece); }};
  HttpResponse response;
  if (size_or_zero(part) < file.bytes || !fs::exists(part)) {
    response = with_retries(access, [&] {
      const std::uint64_t here = file.sha256.empty() ? 0 : size_or_zero(part);
      HttpResponse got = http_get({url, access.token, here}, sink, stop);
      writer.finish();
      if (got.status == 416) fs::remove(part);  // what we have cannot be continued: begin anew
      if (got.status == 416) got = http_get({url, access.token, 0}, sink, stop);
      writer.finish();
      return got;
    });
    if (!writer.another().empty()) {
      throw Error(ErrorCode::kModelFetch,
                  file.name + ": the server sent " + writer.another() + " instead of the " +
                      std::to_string(file.bytes) +
                      " bytes that the hub stated; check proxy variables (https_proxy) and HF_ENDPOINT, the "
                      "same command gets it again");
    }
    const bool success = response.status == 200 || response.status == 206;
    if (writer.too_long()) {
      fs::remove(part);
      throw Error(ErrorCode::kModelFetch, file.name + ": the server sent more than the " +
                                              std::to_string(file.bytes) +
                                              " bytes that the hub stated; the download was removed");
    }
    if (!success || !response.transfer_error.empty()) throw response_error(file.name, response);
  }
  if (const std::uint64_t got = size_or_zero(part); got != file.bytes) {
    throw Error(ErrorCode::kModelFetch, file.name + ": the server ended after " + std::to_string(got) +
                                            " of " + std::to_string(file.bytes) +
                                            " bytes; the same command " +
                                            (file.sha256.empty() ? "gets it again" : "resumes it"));
  }
  check_content(file, part, stop);
  fs::rename(part, target);
}

}  // namespace da3::hub
