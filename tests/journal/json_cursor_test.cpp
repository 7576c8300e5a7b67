// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <journal/json_cursor.hpp>
#include <nlohmann/json.hpp>

namespace da3::journal {
namespace {

bool passes_over(std::string_view text) {
  JsonCursor cursor(text);
  return cursor.skip() && cursor.at_end();
}

TEST(JsonCursor, PassesOverWhatAParserTakes) {
  for (const char* text : {"{}", "[]", "null", "true", "false", "-1.5e+3", R"("a\"b\\")",
                           R"({"a":[1,{"b":null}],"c":"}]"})", " { \"a\" : [ 1 , 2 ] } "}) {
    ASSERT_TRUE(nlohmann::json::accept(text)) << text;
    EXPECT_TRUE(passes_over(text)) << text;
  }
}

TEST(JsonCursor, RefusesTextThatIsNotWhole) {
  const std::string whole = R"({"a":["x\\\"y",{"b":null,"c":true}],"d":-12.5,"e":{},"f":[]})";
  ASSERT_TRUE(passes_over(whole));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(passes_over(whole.substr(0, length))) << length;
  }
  for (std::size_t length = 1; length <= whole.size(); ++length) {
    EXPECT_FALSE(passes_over(whole.substr(0, length) + whole))
        << "a torn line that the next one joined, at " << length;
  }
}

TEST(JsonCursor, RefusesWhatAParserRefuses) {
  for (const char* text :
       {"", "{", "}", "{]", "[}", "{\"a\"}", "{\"a\":}", "{a:1}", "[1,]", "[1 2]", "tru", "\"\\\"", "{}{}"}) {
    ASSERT_FALSE(nlohmann::json::accept(text)) << text;
    EXPECT_FALSE(passes_over(text)) << text;
  }
}

TEST(JsonCursor, RefusesEndlessNesting) {
  EXPECT_FALSE(passes_over(std::string(100000, '[')));
}

TEST(JsonCursor, UnescapesStrings) {
  JsonCursor cursor(R"("caf\u00e9\n\"\\ \ud83d\udcf7")");
  std::string text;
  ASSERT_TRUE(cursor.string(text));
  EXPECT_EQ(text, "caf\xC3\xA9\n\"\\ \xF0\x9F\x93\xB7");
}

TEST(JsonCursor, ReadsMembersAndWholeNumbers) {
  JsonCursor cursor(R"({"skipped":[1],"n":-1700000000123456789,"s":"x"})");
  std::int64_t number = 0;
  std::string text;
  ASSERT_TRUE(cursor.object([&](std::string_view name) {
    if (name == "n") return cursor.integer(number);
    if (name == "s") return cursor.string(text);
    return cursor.skip();
  }));
  EXPECT_TRUE(cursor.at_end());
  EXPECT_EQ(number, -1700000000123456789);
  EXPECT_EQ(text, "x");
}

}  // namespace
}  // namespace da3::journal
