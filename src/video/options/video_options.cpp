// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <cmath>
#include <numeric>
#include <string_view>

#include <video/options/ratio.hpp>
#include <video/options/video_options.hpp>

#include <da3/error.hpp>

namespace da3::video {

std::optional<std::int64_t> whole(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Ratio> ratio(std::string_view text, char between) {
  const std::size_t at = text.find(between);
  if (at == std::string_view::npos) return std::nullopt;
  const auto num = whole(text.substr(0, at));
  const auto den = whole(text.substr(at + 1));
  constexpr std::int64_t kMost = 1'000'000'000;
  if (!num || !den || *num < 1 || *den < 1 || *num > kMost || *den > kMost) return std::nullopt;
  return Ratio{*num, *den};
}

Ratio parse_rate(const std::string& text) {
  for (const char between : {'/', ':'}) {
    if (const auto given = ratio(text, between)) return *given;
  }
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !(number > 0) || number > 100000) {
    throw Error(ErrorCode::kUsage, text + ": expected frames a second such as 25, 29.97 or 30000/1001");
  }
  // 29.97, 23.976 and 59.94 stand for what television really sends.
  for (const std::int64_t rate : {24, 30, 48, 60, 120}) {
    const Ratio exact{rate * 1000, 1001};
    if (number != std::round(number) && std::abs(number - exact.value()) < 0.005) return exact;
  }
  const auto thousandths = static_cast<std::int64_t>(std::llround(number * 1000));
  const std::int64_t common = std::gcd(thousandths, std::int64_t{1000});
  if (thousandths < 1) throw Error(ErrorCode::kUsage, text + ": expected at least 0.001 frames a second");
  return {thousandths / common, 1000 / common};
}

RawFormat parse_raw_format(const std::string& text) {
  const std::size_t at = text.find('@');
  const std::string size = text.substr(0, at);
  const std::size_t cross = size.find('x');
  const auto width =
      cross == std::string::npos ? std::nullopt : whole(std::string_view(size).substr(0, cross));
  const auto height =
      cross == std::string::npos ? std::nullopt : whole(std::string_view(size).substr(cross + 1));
  constexpr std::int64_t kMost = 1 << 16;
  if (!width || !height || *width < 1 || *height < 1 || *width > kMost || *height > kMost) {
    throw Error(ErrorCode::kUsage, text + ": expected WxH or WxH@FPS such as 1920x1080@30");
  }
  RawFormat format;
  format.size = {static_cast<int>(*height), static_cast<int>(*width)};
  if (at != std::string::npos) format.frames_per_s = parse_rate(text.substr(at + 1));
  return format;
}

}  // namespace da3::video
