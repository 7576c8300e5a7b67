// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <journal/line_facts.hpp>
#include <journal/records.hpp>

#include <da3/error.hpp>

// A resumed run looks at a million lines by scan_line, which is several times faster than the strict reader
// of records.hpp. The two say the same.
namespace da3::journal {
namespace {

std::string line(std::string path, ImageStatus status) {
  ImageRecord record;
  record.path = std::move(path);
  record.status = status;
  record.identity = InputIdentity{12345, 1700000000123456789};
  record.input = Size{427, 640};
  record.processed = Size{336, 504};
  if (status == ImageStatus::kFailed) {
    record.error = RecordedError{"image.corrupt", "a \"quoted\" \\ message\n"};
  } else {
    record.outputs = {{formats::Format::kPng16, "a.png"}, {formats::Format::kNpz, "b/a\xff.npz"}};
    record.png16 = formats::Png16Scale{0.001, 0, 3};
    record.depth = formats::DepthSummary{formats::DepthStatistics{0.3, 0.4, 1.0, 4.0, 5.1}, 1.0};
    record.ms = {{"decode", 1.5}, {"write", 2e-7}};
    record.warnings = {"focal length from EXIF: 28 mm"};
  }
  return to_json(record);
}

const std::string kLines[] = {line("in/a.jpg", ImageStatus::kDone),
                              line("in/\xff\"a\\.jpg", ImageStatus::kDone),
                              line("\xc3\xa4/\t.jpg", ImageStatus::kFailed)};

std::optional<ImageRecord> strictly(const std::string& text) {
  try {
    return image_from_json(text);
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// What the strict reader takes, the scan takes, and sees the same in it. Returns whether it was taken.
bool expect_agreement(const std::string& text) {
  const auto record = strictly(text);
  if (!record) return false;
  const auto facts = scan_line(text);
  if (!facts || facts->type != LineFacts::Type::kImage) {
    ADD_FAILURE() << "only the strict reader takes " << text;
    return true;
  }
  EXPECT_EQ(facts->path, record->path) << text;
  EXPECT_EQ(facts->status, record->status) << text;
  EXPECT_EQ(facts->identity, record->identity.value_or(InputIdentity{})) << text;
  EXPECT_EQ(facts->outputs, record->outputs) << text;
  return true;
}

TEST(LineFacts, AreWhatTheStrictReaderSees) {
  for (const std::string& each : kLines) EXPECT_TRUE(expect_agreement(each)) << each;
}

TEST(LineFacts, NeitherReaderTakesALineThatWasCutOff) {
  for (const std::string& each : kLines) {
    for (std::size_t length = 0; length < each.size(); ++length) {
      EXPECT_FALSE(scan_line(each.substr(0, length))) << each.substr(0, length);
      EXPECT_FALSE(strictly(each.substr(0, length)));
    }
  }
}

TEST(LineFacts, AgreeWithTheStrictReaderAfterEveryChangeOfOneByte) {
  std::size_t taken = 0;
  for (const std::string& each : kLines) {
    for (std::size_t at = 0; at < each.size(); ++at) {
      std::string changed = each;
      changed.erase(at, 1);
      taken += expect_agreement(changed) ? 1U : 0U;
      for (const char symbol : std::string_view("\"\\{}[]:,0-.e nt/=A\xff")) {
        changed = each;
        changed[at] = symbol;
        taken += expect_agreement(changed) ? 1U : 0U;
      }
    }
  }
  EXPECT_GT(taken, 1000U);
}

TEST(LineFacts, AFormatOfALaterVersionIsPassedOver) {
  std::string text = kLines[0];
  text.replace(text.find("\"png16\":\"a.png\""), 7, "\"later\"");
  EXPECT_TRUE(expect_agreement(text));
  EXPECT_EQ(strictly(text)->outputs.size(), 1U);
}

}  // namespace
}  // namespace da3::journal
