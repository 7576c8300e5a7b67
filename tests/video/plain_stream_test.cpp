// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <video/plain_stream.hpp>

namespace da3::video {
namespace {

constexpr std::uint64_t kLimit = 1 << 20;

std::string y4m(const std::string& header, const std::string& frame, int frames) {
  std::string text = "YUV4MPEG2 " + header + "\n";
  for (int i = 0; i < frames; ++i) text += "FRAME\n" + frame;
  return text;
}

TEST(Y4m, ReadsFramesTimesAndColours) {
  std::istringstream stream(
      y4m("W3 H3 F30000:1001 Ip A1:1 C420jpeg", std::string(9, '\xEB') + std::string(8, '\x80'), 2));
  const auto reader = read_y4m(stream, "x", kLimit);
  EXPECT_EQ(reader->facts().shown, (Size{3, 3}));
  EXPECT_EQ(reader->facts().time_base, (Ratio{1001, 30000}));
  const auto first = reader->next();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->picture.rgb, std::vector<std::uint8_t>(27, 255));
  EXPECT_EQ(reader->next()->pts, 1);
  EXPECT_FALSE(reader->next());
  EXPECT_FALSE(reader->verdict());
}

TEST(Y4m, ReadsWhatItWrites) {
  const Image picture{{2, 2}, {255, 0, 0, 0, 255, 0, 0, 0, 255, 120, 130, 140}};
  // Written as BT.709, read as BT.601 because the header cannot say it: only grey comes back the same.
  const Image grey{{1, 3}, {0, 0, 0, 127, 127, 127, 255, 255, 255}};
  std::istringstream stream(y4m_header(grey.size, {25, 1}) + y4m_frame(grey));
  const auto reader = read_y4m(stream, "x", kLimit);
  const auto frame = reader->next();
  for (std::size_t i = 0; i < grey.rgb.size(); ++i) EXPECT_NEAR(frame->picture.rgb[i], grey.rgb[i], 1) << i;
  EXPECT_EQ(y4m_frame(picture).size(), 6U + 12U);
}

TEST(Y4m, TenBitsAndGreyAreRead) {
  std::string ten;
  for (int i = 0; i < 4; ++i) ten += std::string("\xAC\x03", 2);  // 940, white of 10 bits
  for (int i = 0; i < 8; ++i) ten += std::string("\x00\x02", 2);  // 512
  std::istringstream stream(y4m("W2 H2 C444p10", ten, 1));
  EXPECT_EQ(read_y4m(stream, "x", kLimit)->next()->picture.rgb, std::vector<std::uint8_t>(12, 255));
  std::istringstream mono(y4m("W2 H1 Cmono", "\x10\xEB", 1));
  EXPECT_THAT(read_y4m(mono, "x", kLimit)->next()->picture.rgb,
              ::testing::ElementsAre(0, 0, 0, 255, 255, 255));
}

TEST(Y4m, CutShortKeepsWholeFramesAndSaysSo) {
  const std::string whole = y4m("W2 H2 C420jpeg", "abcdef", 3);
  std::istringstream stream(whole.substr(0, whole.size() - 2));
  const auto reader = read_y4m(stream, "x", kLimit);
  int frames = 0;
  while (reader->next()) ++frames;
  EXPECT_EQ(frames, 2);
  ASSERT_TRUE(reader->verdict());
  EXPECT_EQ(reader->verdict()->code(), ErrorCode::kVideoTruncated);
}

TEST(Y4m, RefusesWhatItCannotRead) {
  for (const char* text : {"", "RIFF", "YUV4MPEG2 W0 H2\n", "YUV4MPEG2 H2\n", "YUV4MPEG2 W2 H2 C420p99\n",
                           "YUV4MPEG2 W2 H2 Cxyz\n", "YUV4MPEG2 W99999 H99999\n", "YUV4MPEG2 W-2 H2\n"}) {
    std::istringstream stream(text);
    EXPECT_THROW(read_y4m(stream, "x", kLimit), Error) << text;
  }
}

TEST(Raw, IsRgbWithoutAHeader) {
  std::istringstream stream("abcdefghijkl");
  const auto reader = read_raw(stream, "x", parse_raw_format("2x1@29.97"));
  EXPECT_EQ(reader->facts().time_base, (Ratio{1001, 30000}));
  EXPECT_EQ(reader->next()->picture.rgb[0], 'a');
  EXPECT_EQ(reader->next()->picture.rgb[5], 'l');
  EXPECT_FALSE(reader->next());
  for (const char* text : {"", "2", "0x3", "2x3@0", "2x3@x", "2x-1"})
    EXPECT_THROW(parse_raw_format(text), Error) << text;
}

TEST(Rates, AreExact) {
  EXPECT_EQ(parse_rate("25"), (Ratio{25, 1}));
  EXPECT_EQ(parse_rate("30000/1001"), (Ratio{30000, 1001}));
  EXPECT_EQ(parse_rate("23.976"), (Ratio{24000, 1001}));
  EXPECT_EQ(parse_rate("12.5"), (Ratio{25, 2}));
}

}  // namespace
}  // namespace da3::video
