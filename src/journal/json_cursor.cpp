// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>

#include <journal/json_cursor.hpp>
#include <nlohmann/json.hpp>

namespace da3::journal {
namespace {

constexpr int kMaxDepth = 64;
constexpr std::string_view kNumberLetters = "+-.0123456789Ee";

}  // namespace

void JsonCursor::skip_space() {
  while (!text_.empty() && (text_.front() == ' ' || text_.front() == '\t' || text_.front() == '\r'))
    text_.remove_prefix(1);
}

bool JsonCursor::take(char symbol) {
  skip_space();
  if (!text_.starts_with(symbol)) return false;
  text_.remove_prefix(1);
  return true;
}

bool JsonCursor::take_word(std::string_view word) {
  skip_space();
  if (!text_.starts_with(word)) return false;
  text_.remove_prefix(word.size());
  return true;
}

bool JsonCursor::raw_string(std::string_view& raw) {
  if (!take('"')) return false;
  std::size_t end = text_.find_first_of("\"\\");
  while (end != std::string_view::npos && text_[end] == '\\') end = text_.find_first_of("\"\\", end + 2);
  if (end == std::string_view::npos) return false;
  raw = text_.substr(0, end);
  text_.remove_prefix(end + 1);
  return true;
}

bool JsonCursor::string(std::string& value) {
  std::string_view raw;
  if (!raw_string(raw)) return false;
  if (raw.find('\\') == std::string_view::npos) {
    value = raw;
    return true;
  }
  const auto parsed = nlohmann::json::parse('"' + std::string(raw) + '"', nullptr, false);
  if (!parsed.is_string()) return false;
  value = parsed.get<std::string>();
  return true;
}

bool JsonCursor::integer(std::int64_t& value) {
  skip_space();
  const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
  if (error != std::errc()) return false;
  text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
  return true;
}

bool JsonCursor::is_object() {
  skip_space();
  return text_.starts_with('{');
}

bool JsonCursor::at_end() {
  skip_space();
  return text_.empty();
}

bool JsonCursor::skip(int depth) {
  skip_space();
  if (text_.empty() || depth > kMaxDepth) return false;
  std::string_view raw;
  switch (text_.front()) {
    case '"':
      return raw_string(raw);
    case '{':
      return take('{') && skip_list('}', true, depth);
    case '[':
      return take('[') && skip_list(']', false, depth);
    case 't':
      return take_word("true");
    case 'f':
      return take_word("false");
    case 'n':
      return take_word("null");
    default:
      break;
  }
  const std::size_t end = std::min(text_.find_first_not_of(kNumberLetters), text_.size());
  text_.remove_prefix(end);
  return end > 0;
}

bool JsonCursor::skip_list(char end, bool named, int depth) {
  if (take(end)) return true;
  std::string_view raw;
  do {
    if (named && (!raw_string(raw) || !take(':'))) return false;
    if (!skip(depth + 1)) return false;
  } while (take(','));
  return take(end);
}

}  // namespace da3::journal
