// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cli/printable.hpp>

namespace da3::cli {
namespace {

TEST(Printable, ShowsControlCharactersAsQuestionMarks) {
  EXPECT_EQ(printable("a\x1b[31mb\x7f\r\nc\td"), "a?[31mb??\nc\td");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "?31m")
      << "C1 as UTF-8";
  EXPECT_EQ(printable("\x9b"
                      "31m"),
            "?31m")
      << "C1 as a byte";
}

TEST(Printable, ShowsMarksOfDirectionAsQuestionMarks) {
  EXPECT_EQ(printable("a\xe2\x80\xae"
                      "gpj.exe"),
            "a?gpj.exe");
}

TEST(Printable, KeepsLettersOfEveryLanguage) {
  // Their bytes are those of C1 as well: U+00DB is C3 9B.
  for (const char* text : {"\xc3\x9b", "\xe4\xbd\x9b", "\xf0\x9f\x98\x80", "caf\xe9", ""}) {
    EXPECT_EQ(printable(text), text);
  }
}

}  // namespace
}  // namespace da3::cli
