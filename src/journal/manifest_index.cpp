// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <journal/line_facts.hpp>
#include <journal/manifest_index.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <da3/error.hpp>

#include <core/file_descriptor.hpp>

namespace da3::journal {
namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 20U;
constexpr std::size_t kTextBlockBytes = std::size_t{1} << 18U;
constexpr std::string_view kRunBegins = R"({"type":"run","schema":)";
constexpr std::string_view kHeaderBegins = R"({"type":"run")";

std::uint16_t bit(formats::Format format) {
  return static_cast<std::uint16_t>(1U << static_cast<unsigned>(format));
}
static_assert(formats::kAllFormats.size() <= 16, "Entry::formats is two bytes");

/// The path of an output without its format's suffix; empty if it has another.
std::string_view stem_of(formats::Format format, std::string_view path) {
  const std::string_view end = suffix(format);
  return path.ends_with(end) ? path.substr(0, path.size() - end.size()) : std::string_view();
}

Error foreign_error(const std::filesystem::path& file) {
  return {ErrorCode::kOutputExists,
          file.string() +
              ": da3 keeps its records under this name, but this file is something else; move it "
              "away, or give another folder with --output"};
}

/// The header of a run that `line` holds. Throws: Error kUsage if its schema is of a newer da3; kOutputExists
/// if it is a scene's.
RunRecord read_run(const std::filesystem::path& file, std::string_view line) {
  if (line.find(R"("command":"scene")") != std::string_view::npos) {
    throw Error(
        ErrorCode::kOutputExists,
        file.string() + ": this folder holds a scene of `da3 scene`; give another folder with --output");
  }
  try {
    return run_from_json(line);
  } catch (const Error& failure) {
    throw Error(ErrorCode::kUsage,
                file.string() + ": this da3 cannot read the records there (" + failure.what() +
                    "); use the version that wrote them, or give another folder with --output");
  }
}

std::size_t read_some(const std::filesystem::path& file, const core::FileDescriptor& from, char* to,
                      std::size_t size) {
  ssize_t got = 0;
  do {
    got = read(from.get(), to, size);
  } while (got < 0 && errno == EINTR);
  if (got < 0) {
    throw Error(ErrorCode::kOutputFailed,
                file.string() + ": cannot be read: " + std::generic_category().message(errno));
  }
  return static_cast<std::size_t>(got);
}

}  // namespace

ManifestIndex::ManifestIndex() = default;

ManifestIndex::ReadResult ManifestIndex::add_file(const std::filesystem::path& file, Foreign foreign) {
  // Opened without waiting: a FIFO may have this name.
  const core::FileDescriptor descriptor(open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!descriptor && errno == ENOENT && foreign == Foreign::kRefuse) return {};
  if (!descriptor) {
    throw Error(ErrorCode::kOutputFailed,
                file.string() + ": cannot be read: " + std::generic_category().message(errno));
  }
  struct stat status{};
  if (fstat(descriptor.get(), &status) != 0 || !S_ISREG(status.st_mode)) throw foreign_error(file);
  ReadResult result;
  files_.push_back(file.string());
  place_ = {0, static_cast<std::uint32_t>(files_.size()), 0};
  run_ = -1;
  has_header_ = false;
  bool is_first = foreign == Foreign::kRefuse;
  std::string pending;
  std::string block(kReadBytes, '\0');
  while (const std::size_t got = read_some(file, descriptor, block.data(), block.size())) {
    std::string_view rest(block.data(), got);
    for (std::size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
      const std::string_view line =
          pending.empty() ? rest.substr(0, end) : pending.append(rest.substr(0, end));
      if (!add_line(file, line, foreign) && is_first) throw foreign_error(file);
      is_first = false;
      result.valid_bytes += line.size() + 1;
      place_.offset = result.valid_bytes;
      pending.clear();
      rest.remove_prefix(end + 1);
    }
    pending.append(rest);
  }
  if (pending.empty()) return result;
  const std::uint64_t damaged_before = damaged_lines_;
  if (add_line(file, pending, foreign)) {
    result.valid_bytes += pending.size();
    result.line_end_missing = true;
  } else {
    damaged_lines_ = damaged_before;  // Torn, not damaged: a run was cut off here
    const bool torn_header = pending.starts_with(kRunBegins) || kRunBegins.starts_with(pending);
    if (is_first && !torn_header) throw foreign_error(file);
  }
  return result;
}

bool ManifestIndex::add_line(const std::filesystem::path& file, std::string_view line, Foreign foreign) {
  const std::optional<LineFacts> facts = scan_line(line);
  if (!facts) {
    if (line.starts_with(kHeaderBegins)) run_ = -1;
    damaged_lines_ += line.empty() ? 0 : 1;
    return false;
  }
  if (facts->type == LineFacts::Type::kRun) return add_run(file, line, foreign);
  // Those of a video begin otherwise.
  if (!has_header_ && foreign == Foreign::kRefuse) throw foreign_error(file);
  if (facts->type == LineFacts::Type::kImage && facts->status != ImageStatus::kSkipped) add_image(*facts);
  return true;
}

bool ManifestIndex::add_run(const std::filesystem::path& file, std::string_view line, Foreign foreign) {
  run_ = -1;
  try {
    auto run = std::make_shared<RunRecord>(read_run(file, line));
    const std::string digest = results_digest(*run);
    // Lines of one file are in the order of time for certain; an earlier version's header tells none.
    place_.began_ms = run->began_ms = std::max(run->began_ms, place_.began_ms);
    has_header_ = true;
    if (!last_run_ || run->began_ms >= last_run_->began_ms) last_run_ = *run;
    const auto found = std::find(digests_.begin(), digests_.end(), digest);
    run_ = static_cast<std::int32_t>(found - digests_.begin());
    if (found == digests_.end()) {
      digests_.push_back(digest);
      runs_.emplace_back();
    }
    std::shared_ptr<const RunRecord>& last = runs_[static_cast<std::size_t>(run_)];
    if (!last || run->began_ms >= last->began_ms) last = std::move(run);
    return true;
  } catch (const Error&) {
    if (foreign == Foreign::kRefuse) throw;
    ++damaged_lines_;
    return false;
  }
}

void ManifestIndex::add_image(const LineFacts& facts) {
  const auto found = by_path_.find(facts.path);
  const std::uint32_t index =
      found != by_path_.end() ? found->second : static_cast<std::uint32_t>(entries_.size());
  if (found == by_path_.end()) {
    entries_.emplace_back();
    entries_.back().path = keep(facts.path);
    by_path_.emplace(entries_.back().path, index);
  }
  Entry& entry = entries_[index];
  const bool is_last = place_ > entry.last;
  if (is_last) {
    entry.identity = facts.identity;
    entry.last = place_;
    entry.run = run_;
    entry.status = facts.status;
    entry.formats = 0;
  }
  for (const auto& [format, path] : facts.outputs) {
    const std::string_view stem = stem_of(format, path);
    if (stem.empty()) continue;
    auto owned = by_stem_.find(stem);
    if (owned == by_stem_.end()) owned = by_stem_.emplace(keep(stem), Owned{}).first;
    Owned& files = owned->second;
    files.formats = static_cast<std::uint16_t>(files.formats | bit(format));
    if (place_ > files.since) {
      files.entry = index;
      files.since = place_;
    }
    if (is_last) entry.formats = static_cast<std::uint16_t>(entry.formats | bit(format));
    if (is_last || entry.stem.empty()) entry.stem = owned->first;
  }
}

KnownImage ManifestIndex::known(const Entry& entry) const {
  KnownImage known{entry.status, entry.identity, {}, entry.stem, {}};
  if (entry.run >= 0) known.results_digest = digests_[static_cast<std::size_t>(entry.run)];
  for (const formats::Format format : formats::kAllFormats) {
    if ((entry.formats & bit(format)) != 0) known.formats.push_back(format);
  }
  return known;
}

std::optional<KnownImage> ManifestIndex::find(std::string_view path) const {
  const auto found = by_path_.find(path);
  return found == by_path_.end() ? std::nullopt : std::optional(known(entries_[found->second]));
}

std::optional<KnownImage> ManifestIndex::find_input(std::string_view path, std::string_view stem,
                                                    const std::optional<InputIdentity>& identity) const {
  const auto found = by_path_.find(path);
  const Entry* last = found == by_path_.end() ? nullptr : &entries_[found->second];
  const std::string_view name = last != nullptr && !last->stem.empty() ? last->stem : stem;
  const auto owned = by_stem_.find(name);
  if (owned != by_stem_.end()) {
    const Entry& owner = entries_[owned->second.entry];
    const bool is_later = last == nullptr || owner.last > last->last;
    if (is_later && !is_of_another(name, path, identity)) last = &owner;
  }
  return last == nullptr ? std::nullopt : std::optional(known(*last));
}

void ManifestIndex::for_each_last(const std::function<void(const LastRecord&)>& use) const {
  std::vector<std::uint32_t> order;
  for (std::uint32_t index = 0; index < entries_.size(); ++index) {
    const std::string_view stem = entries_[index].stem;
    if (stem.empty() || by_stem_.at(stem).entry == index) order.push_back(index);
  }
  std::ranges::sort(order, {}, [&](std::uint32_t index) {
    return std::pair(entries_[index].last.file, entries_[index].last.offset);
  });
  for (const std::uint32_t index : order) {
    const Entry& entry = entries_[index];
    use({entry.path, known(entry), entry.run < 0 ? nullptr : runs_[static_cast<std::size_t>(entry.run)],
         files_[entry.last.file - 1], entry.last});
  }
}

bool ManifestIndex::is_of_another(std::string_view stem, std::string_view path,
                                  const std::optional<InputIdentity>& identity) const {
  const auto owner = owner_of(stem);
  if (!owner || *owner == path) return false;
  std::error_code failed;
  if (std::filesystem::exists(*owner, failed)) return !std::filesystem::equivalent(*owner, path, failed);
  return !identity || find(*owner)->identity != *identity;
}

std::optional<std::string_view> ManifestIndex::owner_of(std::string_view stem) const {
  const auto found = by_stem_.find(stem);
  if (found == by_stem_.end()) return std::nullopt;
  return entries_[found->second.entry].path;
}

bool ManifestIndex::owns(std::string_view stem, formats::Format format) const {
  const auto recorded = [&](std::string_view of_stem, formats::Format of_format) {
    const auto found = by_stem_.find(of_stem);
    return found != by_stem_.end() && (found->second.formats & bit(of_format)) != 0;
  };
  const std::string file = std::string(stem) + std::string(suffix(format));
  return recorded(stem, format) &&
         std::none_of(formats::kAllFormats.begin(), formats::kAllFormats.end(), [&](formats::Format other) {
           return other != format && recorded(stem_of(other, file), other);
         });
}

bool ManifestIndex::owns(std::string_view file) const {
  return std::any_of(formats::kAllFormats.begin(), formats::kAllFormats.end(), [&](formats::Format format) {
    const auto found = by_stem_.find(stem_of(format, file));
    return found != by_stem_.end() && (found->second.formats & bit(format)) != 0;
  });
}

bool ManifestIndex::has_results(formats::Format format) const {
  return std::any_of(by_stem_.begin(), by_stem_.end(),
                     [&](const auto& owned) { return (owned.second.formats & bit(format)) != 0; });
}

std::string_view ManifestIndex::keep(std::string_view text) {
  if (texts_.empty() || texts_.back().capacity() - texts_.back().size() < text.size()) {
    texts_.emplace_back().reserve(std::max(kTextBlockBytes, text.size()));
  }
  std::string& block = texts_.back();
  const std::size_t begin = block.size();
  block.append(text);  // Never past the capacity, so that the views stay valid
  return std::string_view(block).substr(begin);
}

}  // namespace da3::journal
