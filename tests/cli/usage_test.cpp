// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cli/program.hpp>

namespace da3::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Program, HelpAndVersionGoToStandardOutput) {
  const Workplace place;
  const Ended help = place.run({"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_EQ(help.err, "");
  for (const char* command : {"infer", "bench", "model", "doctor"}) EXPECT_THAT(help.out, HasSubstr(command));
  const Ended version = place.run({"--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_THAT(version.out, StartsWith("da3 0."));
  for (const char* command : {"infer", "bench", "model", "doctor"}) {
    const Ended own = place.run({command, "--help"});
    EXPECT_EQ(own.code, 0);
    EXPECT_THAT(own.out, HasSubstr("Usage: da3 " + std::string(command)));
  }
  EXPECT_THAT(place.run({"model", "export", "--help"}).out, HasSubstr("Usage: da3 model export"));
}

TEST(Program, UsageErrorsExitWithTwoAndSayWhatToTry) {
  const Workplace place;
  for (const std::vector<std::string>& args :
       std::vector<std::vector<std::string>>{{},
                                             {"infr"},
                                             {"infer"},
                                             {"infer", "a", "--batch", "none"},
                                             {"model"},
                                             {"bench", "--suite", "x"}}) {
    const Ended ended = place.run(args);
    EXPECT_EQ(ended.code, 2);
    EXPECT_EQ(ended.out, "");
    EXPECT_THAT(ended.err, StartsWith("da3: "));
    EXPECT_THAT(ended.err, HasSubstr("--help"));
  }
}

TEST(Program, AFolderThatIsGoneEndsInOneLine) {
  const Workplace place;
  const Ended ended = place.run({"doctor"}, Circumstances{.folder_is_gone = true});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, StartsWith("da3: the current folder"));
  EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1) << ended.err;
}

TEST(Program, WithoutHomeThereIsNoModelFolder) {
  const Workplace place;
  const char* const home = std::getenv("HOME");
  const std::string kept = home == nullptr ? "" : home;
  ::unsetenv("HOME");
  ::unsetenv("XDG_DATA_HOME");
  const Ended ended = place.run({"model", "list"}, Circumstances{.without_folders = true});
  if (!kept.empty()) ::setenv("HOME", kept.c_str(), 1);
  EXPECT_EQ(ended.code, 0);
  EXPECT_THAT(ended.out, HasSubstr("HOME is not set"));
}

TEST(Program, ModelListNamesThePublishedModels) {
  const Workplace place;
  const Ended table = place.run({"model", "list"});
  EXPECT_EQ(table.code, 0);
  EXPECT_THAT(table.out, HasSubstr("da3-base"));
  EXPECT_THAT(table.out, HasSubstr("Apache-2.0"));
  const nlohmann::json list = nlohmann::json::parse(place.run({"model", "list", "--json"}).out);
  EXPECT_EQ(list.at("schema"), 1);
  EXPECT_GE(list.at("models").size(), 7U);
  for (const nlohmann::json& model : list.at("models")) {
    EXPECT_FALSE(model.at("installed").get<bool>());
    EXPECT_FALSE(model.at("licence").get<std::string>().empty());
  }
}

}  // namespace
}  // namespace da3::testing
