// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>

#include <video/options/times.hpp>

#include <da3/error.hpp>

#include <core/read_file.hpp>

namespace da3::video {
namespace {

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

/// Seconds of "12.5", "1:30" or "0:01:30.5".
std::optional<double> time_of(const std::string& text) {
  double seconds = 0;
  int parts = 0;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end = std::min(text.find(':', begin), text.size());
    const std::string_view part = std::string_view(text).substr(begin, end - begin);
    const auto value = number(part);
    const bool last = end == text.size();
    const bool good = value && *value >= 0 && ++parts <= 3 &&
                      (last || part.find('.') == std::string_view::npos) && (parts == 1 || *value < 60);
    if (!good) return std::nullopt;
    seconds = seconds * 60 + *value;
    if (last) return seconds;
    begin = end + 1;
  }
}

constexpr double kSlack = 1e-6;

}  // namespace

double parse_time(const std::string& text) {
  const auto seconds = time_of(text);
  if (!seconds)
    throw Error(ErrorCode::kUsage, text + ": expected seconds or h:mm:ss such as 90.5 or 0:01:30.5");
  return *seconds;
}

std::vector<double> read_times(const std::filesystem::path& file, const std::string& option) {
  std::error_code failed;
  if (!std::filesystem::exists(file, failed)) {
    throw Error(ErrorCode::kUsage, file.string() + ": no such file; check the path of " + option);
  }
  std::ifstream stream(file);
  std::vector<double> seconds;
  std::size_t count = 0;
  for (std::string line; std::getline(stream, line);) {
    ++count;
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string::npos || line[begin] == '#' || line[begin] == '\r') continue;
    const std::size_t end = line.find_first_of(" \t\r,;", begin);
    const auto value = time_of(line.substr(begin, end == std::string::npos ? end : end - begin));
    if (!value || (!seconds.empty() && *value <= seconds.back())) {
      throw Error(ErrorCode::kUsage, file.string() + ": line " + std::to_string(count) +
                                         (value ? ": times must grow from line to line"
                                                : ": expected seconds such as 0.0417, or h:mm:ss"));
    }
    seconds.push_back(*value);
  }
  core::require_read_to_end(stream, option + " " + file.string(), ErrorCode::kUsage);
  return seconds;
}

bool FrameChoice::counts() {
  const bool taken = seen_++ % options_.every == 0;
  if (taken) ++taken_;
  return taken;
}

bool FrameChoice::starts_after(double seconds) {
  if (!first_s_) first_s_ = seconds;
  return seconds - *first_s_ < options_.start_s - kSlack;
}

FrameChoice::Verdict FrameChoice::next(double seconds) {
  const bool before_start = starts_after(seconds);
  const double since = seconds - *first_s_;
  if (options_.limit && taken_ >= *options_.limit) return Verdict::kEnd;
  if (pending_s_) shown_s_ = seconds - *pending_s_;
  const bool over = options_.duration_s && since >= options_.start_s + *options_.duration_s - kSlack;
  if (over) return looks_ahead() && takes_last() ? Verdict::kTake : Verdict::kEnd;
  if (before_start) return Verdict::kPass;
  if (!looks_ahead()) return counts() ? Verdict::kTake : Verdict::kPass;
  if (!begin_s_) begin_s_ = seconds;
  bool take = false;
  if (pending_s_) {
    // Every target that this frame comes too late for falls to the one before it.
    while (*begin_s_ + static_cast<double>(targets_) / *options_.frames_per_s + kSlack < seconds) {
      take = true;
      ++targets_;
    }
  }
  pending_s_ = seconds;
  return take && counts() ? Verdict::kTake : Verdict::kPass;
}

bool FrameChoice::takes_last() {
  if (!pending_s_ || (options_.limit && taken_ >= *options_.limit)) return false;
  // It is shown as long as the one before it.
  double end_s = *pending_s_ + shown_s_;
  if (options_.duration_s) end_s = std::min(end_s, *first_s_ + options_.start_s + *options_.duration_s);
  const double target_s = *begin_s_ + static_cast<double>(targets_) / *options_.frames_per_s;
  const bool take = target_s <= *pending_s_ + kSlack || target_s < end_s - kSlack;
  pending_s_.reset();
  return take && counts();
}

std::int64_t FrameGrid::point_at(double seconds) const {
  return static_cast<std::int64_t>(std::ceil((seconds - begin_s - kSlack) * frames_per_s));
}

}  // namespace da3::video
