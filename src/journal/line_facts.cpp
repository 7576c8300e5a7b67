// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <journal/json_cursor.hpp>
#include <journal/line_facts.hpp>

#include <core/text_encoding.hpp>

namespace da3::journal {
namespace {

/// Reads one line's facts member by member. Each function is false for text that is not as it should be.
class FactsReader {
 public:
  explicit FactsReader(std::string_view line) : cursor_(line) {}

  std::optional<LineFacts> read() {
    if (!cursor_.object([&](std::string_view name) { return member(name); }) || !cursor_.at_end())
      return std::nullopt;
    const bool is_image = facts_.type == LineFacts::Type::kImage;
    if (!has_type_ || (is_image && (!has_path_ || !has_status_))) return std::nullopt;
    for (const auto& [format, path] : facts_.outputs) {
      if (!is_result_path(path)) return std::nullopt;
    }
    return std::move(facts_);
  }

 private:
  bool member(std::string_view name) {
    if (name == "type") return type();
    if (name == "path") return path();
    if (name == "path_base64") return exact_path();
    if (name == "status") return status();
    if (name == "input" && cursor_.is_object()) return input();
    if (name == "outputs") return outputs();
    if (name == "outputs_base64") return exact_outputs();
    return cursor_.skip();
  }

  bool type() {
    has_type_ = cursor_.string(text_);
    if (text_ == "run") facts_.type = LineFacts::Type::kRun;
    if (text_ == "image") facts_.type = LineFacts::Type::kImage;
    return has_type_;
  }

  bool path() {
    if (!cursor_.string(text_)) return false;
    if (!exact_) facts_.path = text_;
    return has_path_ = true;
  }

  bool exact_path() {
    const auto decoded = cursor_.string(text_) ? core::base64_decode(text_) : std::nullopt;
    if (!decoded) return false;
    facts_.path = *decoded;
    return exact_ = has_path_ = true;
  }

  bool status() {
    if (!cursor_.string(text_)) return false;
    if (text_ == "done") facts_.status = ImageStatus::kDone;
    if (text_ == "skipped") facts_.status = ImageStatus::kSkipped;
    if (text_ == "failed") facts_.status = ImageStatus::kFailed;
    return has_status_ = text_ == "done" || text_ == "skipped" || text_ == "failed";
  }

  bool input() {
    bool has_bytes = false;
    const bool read = cursor_.object([&](std::string_view name) {
      std::int64_t number = 0;
      if (name != "bytes" && name != "mtime_ns") return cursor_.skip();
      if (!cursor_.integer(number)) return false;
      has_bytes = has_bytes || name == "bytes";
      if (name == "bytes") facts_.identity.bytes = static_cast<std::uint64_t>(number);
      if (name == "mtime_ns") facts_.identity.mtime_ns = number;
      return true;
    });
    if (!has_bytes) facts_.identity = {};
    return read;
  }

  bool outputs() {
    return cursor_.object([&](std::string_view name) {
      if (!cursor_.string(text_)) return false;
      for (const formats::Format format : formats::kAllFormats) {
        if (to_string(format) == name) facts_.outputs.emplace_back(format, text_);
      }
      return true;  // A format of a later da3 is none of ours
    });
  }

  bool exact_outputs() {
    return cursor_.object([&](std::string_view name) {
      const auto decoded = cursor_.string(text_) ? core::base64_decode(text_) : std::nullopt;
      for (auto& [format, path] : facts_.outputs) {
        if (decoded && to_string(format) == name) path = *decoded;
      }
      return decoded.has_value();
    });
  }

  JsonCursor cursor_;
  LineFacts facts_;
  std::string text_;
  bool has_type_ = false;
  bool has_path_ = false;
  bool has_status_ = false;
  bool exact_ = false;
};

}  // namespace

std::optional<LineFacts> scan_line(std::string_view line) {
  return FactsReader(line).read();
}

}  // namespace da3::journal
