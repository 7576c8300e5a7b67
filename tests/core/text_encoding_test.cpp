// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <core/text_encoding.hpp>

namespace da3::core {
namespace {

// RFC 4648, section 10.
TEST(Base64, EncodesTheVectorsOfItsStandard) {
  EXPECT_EQ(base64_encode(""), "");
  EXPECT_EQ(base64_encode("f"), "Zg==");
  EXPECT_EQ(base64_encode("fo"), "Zm8=");
  EXPECT_EQ(base64_encode("foo"), "Zm9v");
  EXPECT_EQ(base64_encode("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64_encode("\xFF\xFE"), "//4=");
}

TEST(Base64, DecodesWhatItEncodes) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    bytes += static_cast<char>(i);
    EXPECT_EQ(base64_decode(base64_encode(bytes)), bytes);
  }
}

TEST(Base64, RefusesOtherText) {
  EXPECT_FALSE(base64_decode("Zg="));
  EXPECT_FALSE(base64_decode("Z*=="));
  EXPECT_FALSE(base64_decode("Zg==Zg=="));
}

TEST(OneLine, HasNoControlsAndABoundedLength) {
  EXPECT_EQ(one_line("a\nb\tc\x1b[31m\x7f\xC2\x9b"), "a?b?c?[31m??");
  EXPECT_EQ(one_line("a\x9b"), "a?");
  EXPECT_EQ(one_line("\xE2\x80\xAE\xE2\x81\xA6\xE2\x80\xA8"), "???") << "direction marks, line separator";
  EXPECT_EQ(one_line("\xE2\x82\xAC \xE6\xB7\xB1 caf\xE9"), "\xE2\x82\xAC \xE6\xB7\xB1 caf\xE9");
  EXPECT_EQ(one_line("abcdef", 6), "abcdef");
  EXPECT_EQ(one_line("abcdefg", 6), "abcdef...");
  EXPECT_EQ(one_line("abcd\xE2\x82\xAC", 6), "abcd...");
}

TEST(Utf8, TellsWellFormedTextFromOtherBytes) {
  EXPECT_TRUE(is_utf8("a/b c.jpg"));
  EXPECT_TRUE(is_utf8("\xC3\xBC\xE6\xB7\xB1\xF0\x9F\x93\xB7"));
  EXPECT_FALSE(is_utf8("caf\xE9.jpg"));       // Latin-1
  EXPECT_FALSE(is_utf8("\xC0\xAF"));          // Overlong
  EXPECT_FALSE(is_utf8("\xED\xA0\x80"));      // Surrogate
  EXPECT_FALSE(is_utf8("\xF4\x90\x80\x80"));  // Above U+10FFFF
  EXPECT_FALSE(is_utf8("\xE6\xB7"));          // Cut short
}

TEST(Utf8, PutsAReplacementForEachByteThatIsNone) {
  EXPECT_EQ(as_utf8("\xC3\xBC/a.jpg"), "\xC3\xBC/a.jpg");
  EXPECT_EQ(as_utf8("caf\xE9\xE8.jpg"), "caf\xEF\xBF\xBD\xEF\xBF\xBD.jpg");
}

}  // namespace
}  // namespace da3::core
