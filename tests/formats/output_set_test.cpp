// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <formats/output_set.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <da3/error.hpp>

namespace da3::formats {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Formats, ListIsPutInOneOrderWithoutRepeats) {
  EXPECT_THAT(parse_formats({"vis", "png16", "vis"}), ElementsAre(Format::kPng16, Format::kVis));
  EXPECT_EQ(format_list(parse_formats({"side", "npz", "exr"})), "exr,npz,side");
}

TEST(Formats, NoneIsAnEmptyList) {
  EXPECT_THAT(parse_formats({"none"}), IsEmpty());
  EXPECT_EQ(format_list({}), "none");
}

TEST(Formats, EveryFormatHasANameAndASuffixOfItsOwn) {
  for (const Format format : kAllFormats) {
    EXPECT_EQ(parse_format(to_string(format)), format);
    for (const Format other : kAllFormats) EXPECT_EQ(suffix(format) == suffix(other), format == other);
  }
}

TEST(Formats, AnUnknownNameIsAnsweredWithTheChoices) {
  try {
    parse_format("gif");
    FAIL() << "taken";
  } catch (const Error& error) {
    std::string names;
    for (const FormatFacts& facts : kFormatFacts) names += std::string(facts.name) + ", ";
    EXPECT_THAT(error.what(), HasSubstr(names + "none"));
  }
}

}  // namespace
}  // namespace da3::formats
