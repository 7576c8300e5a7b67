// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include <da3/error.hpp>

#include <output/line_facts.hpp>
#include <output/path_text.hpp>

namespace da3::output {
namespace {

/// Takes the wanted members from nlohmann's event parser; a line is read four times faster than through a
/// tree.
class FactsReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  LineFacts facts;
  bool has_type = false;
  bool has_path = false;
  bool has_status = false;

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t value) override { return take_number(value); }
  bool number_unsigned(number_unsigned_t value) override {
    return take_number(static_cast<std::int64_t>(value));
  }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool binary(binary_t&) override { return false; }
  bool start_array(std::size_t) override { return enter(); }
  bool end_array() override { return leave(); }
  bool start_object(std::size_t) override { return enter(); }
  bool end_object() override { return leave(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override {
    return false;
  }

  bool key(string_t& name) override {
    if (depth_ == 1) member_ = name;
    if (depth_ == 2) inner_member_ = name;
    return true;
  }

  bool string(string_t& value) override {
    if (depth_ == 1) return take_text(value);
    if (depth_ == 2 && member_ == "outputs") return take_output(value);
    if (depth_ == 2 && member_ == "outputs_base64") return take_exact_output(value);
    return true;
  }

 private:
  bool enter() { return ++depth_ > 0; }
  bool leave() { return --depth_ >= 0; }

  bool take_text(const std::string& value) {
    if (member_ == "type") {
      has_type = true;
      facts.type = value == "run"     ? LineFacts::Type::kRun
                   : value == "image" ? LineFacts::Type::kImage
                                      : LineFacts::Type::kOther;
    } else if (member_ == "path" && !exact_path_) {
      has_path = true;
      facts.path = value;
    } else if (member_ == "path_base64") {
      const auto decoded = base64_decode(value);
      if (!decoded) return false;
      exact_path_ = has_path = true;
      facts.path = *decoded;
    } else if (member_ == "status") {
      has_status = value == "done" || value == "skipped" || value == "failed";
      facts.status = value == "done"      ? ImageStatus::kDone
                     : value == "skipped" ? ImageStatus::kSkipped
                                          : ImageStatus::kFailed;
    }
    return true;
  }

  bool take_number(std::int64_t value) {
    if (depth_ != 2 || member_ != "input") return true;
    if (inner_member_ == "bytes") facts.identity.bytes = static_cast<std::uint64_t>(value);
    if (inner_member_ == "mtime_ns") facts.identity.mtime_ns = value;
    return true;
  }

  bool take_output(const std::string& value) {
    for (const Format format : kAllFormats) {
      if (to_string(format) == inner_member_) facts.outputs.emplace_back(format, value);
    }
    return true;  // A format of a later da3 is none of ours
  }

  bool take_exact_output(const std::string& value) {
    const auto decoded = base64_decode(value);
    for (auto& [format, path] : facts.outputs) {
      if (decoded && to_string(format) == inner_member_) path = *decoded;
    }
    return decoded.has_value();
  }

  int depth_ = 0;
  std::string member_;
  std::string inner_member_;
  bool exact_path_ = false;
};

}  // namespace

std::optional<LineFacts> scan_line(std::string_view line) {
  FactsReader reader;
  if (!line.starts_with('{') || !nlohmann::json::sax_parse(line.begin(), line.end(), &reader))
    return std::nullopt;
  if (!reader.has_type) return std::nullopt;
  const bool is_image = reader.facts.type == LineFacts::Type::kImage;
  if (is_image && (!reader.has_path || !reader.has_status)) return std::nullopt;
  return std::move(reader.facts);
}

}  // namespace da3::output
