// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <da3/error.hpp>

#include <core/sha256.hpp>
#include <hub/hf_cache.hpp>
#include <hub/pull.hpp>
#include <hub/test_server.hpp>

namespace da3::hub {
namespace {
namespace fs = std::filesystem;
using ::da3::testing::http_answer;
using ::da3::testing::ServerRequest;
using ::da3::testing::TestServer;
using ::testing::HasSubstr;

constexpr const char* kRepository = "somebody/some-model";
constexpr const char* kCommit = "0123456789abcdef0123456789abcdef01234567";
const std::string kConfig = R"({"model_name": "da3-small"})";
const std::string kWeights(5000, 'w');

std::string sha256_of(const std::string& text) {
  return core::sha256_hex(std::as_bytes(std::span(text.data(), text.size())));
}

void write(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

/// A cache as the hub's tools lay it out, next to a hub that knows the same revision.
class HfCache : public ::testing::Test {
 protected:
  HfCache() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::temp_directory_path() / (std::string("da3_hf_cache_test_") + info->name());
    fs::remove_all(folder_);
    access_.hf_cache = folder_ / "hf";
    access_.endpoint = server_.url();
    access_.sleep = [](auto) {};
    write(root() / "refs" / "main", std::string(kCommit) + "\n");
    write(snapshot() / "config.json", kConfig);
  }
  ~HfCache() override { fs::remove_all(folder_); }

  fs::path root() const { return access_.hf_cache / "models--somebody--some-model"; }
  fs::path snapshot() const { return root() / "snapshots" / kCommit; }
  fs::path blob() const { return root() / "blobs" / sha256_of(kWeights); }

  void write_linked_weights(const std::string& content) const {
    write(blob(), content);
    fs::create_symlink(fs::path("../../blobs") / blob().filename(), snapshot() / "model.safetensors");
  }
  void write_copied_weights(const std::string& content) const {
    write(snapshot() / "model.safetensors", content);
  }
  void write_card(const std::string& licence) const {
    write(snapshot() / "README.md", "---\nlicense: " + licence + "\n---\n# Model\n");
  }

  std::string answer(const ServerRequest& request) const {
    if (!request.path.ends_with(std::string("/revision/") + kCommit + "?blobs=true"))
      return http_answer(404, "no such thing");
    const nlohmann::json weights = {{"rfilename", "model.safetensors"},
                                    {"lfs", {{"sha256", sha256_of(kWeights)}, {"size", kWeights.size()}}}};
    return http_answer(200, nlohmann::json{{"sha", kCommit},
                                           {"cardData", {{"license", hubs_licence_}}},
                                           {"siblings", {{{"rfilename", "config.json"}}, weights}}}
                                .dump());
  }

  PulledFiles pull(const PullCallbacks& callbacks = {}) const {
    return hub::pull(kRepository, folder_ / "downloads", access_, callbacks, {});
  }

  /// The message of the error that pulling gives; fails the test when there is none or it has another code.
  std::string pull_error(ErrorCode code = ErrorCode::kModelFetch) const {
    try {
      pull();
    } catch (const Error& error) {
      EXPECT_EQ(error_name(error.code()), error_name(code)) << error.what();
      return error.what();
    }
    ADD_FAILURE() << "pull succeeded";
    return "";
  }

  fs::path folder_;
  HubAccess access_;
  nlohmann::json hubs_licence_ = "apache-2.0";
  TestServer server_{[this](const ServerRequest& request) { return answer(request); }};
};

TEST_F(HfCache, WhatItTellsTheHubIsNotAsked) {
  write_linked_weights(kWeights);
  write_card("apache-2.0");
  const PulledFiles pulled = pull();
  EXPECT_FALSE(pulled.downloaded);
  EXPECT_EQ(pulled.folder, snapshot());
  EXPECT_EQ(pulled.commit, kCommit);
  EXPECT_EQ(pulled.licence, "Apache-2.0");
  EXPECT_EQ(pulled.weights_sha256, sha256_of(kWeights));
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(HfCache, DamagedWeightsAreRefusedAlsoOffline) {
  std::string damaged = kWeights;
  damaged[1000] ^= 1;
  write_linked_weights(damaged);
  write_card("apache-2.0");
  for (const bool offline : {false, true}) {
    access_.offline = offline;
    const std::string error = pull_error();
    EXPECT_THAT(error, HasSubstr("wrong SHA-256, expected " + sha256_of(kWeights)));
    EXPECT_THAT(error, HasSubstr(fs::canonical(blob()).string()));
  }
}

TEST_F(HfCache, CopiesWithoutLinksAreComparedWithTheHub) {
  write_copied_weights(kWeights);
  EXPECT_EQ(pull().weights_sha256, sha256_of(kWeights));
  EXPECT_EQ(server_.requests().size(), 1U);
  write_copied_weights(std::string(kWeights.size(), 'x'));
  EXPECT_THAT(pull_error(), HasSubstr("wrong SHA-256, expected " + sha256_of(kWeights)));
}

TEST_F(HfCache, CopiesThatNothingCanCheckSaySo) {
  write_copied_weights(kWeights);
  write_card("apache-2.0");
  access_.offline = true;
  std::optional<PullPlan> plan;
  const PulledFiles pulled = pull({[&](const PullPlan& shown) {
                                     plan = shown;
                                     return true;
                                   },
                                   {}});
  EXPECT_EQ(pulled.weights_sha256, "");
  ASSERT_TRUE(plan);
  EXPECT_FALSE(plan->checked);
  EXPECT_EQ(plan->commit, kCommit);
  EXPECT_EQ(plan->total_bytes, kWeights.size() + kConfig.size());
  EXPECT_EQ(plan->bytes_here, plan->total_bytes);
}

TEST_F(HfCache, ANonCommercialLicenceOfTheCardHasToBeAccepted) {
  write_linked_weights(kWeights);
  write_card("cc-by-nc-4.0");
  EXPECT_THAT(pull_error(ErrorCode::kModelLicence), HasSubstr("CC-BY-NC-4.0"));
  const PulledFiles pulled = pull({[](const PullPlan& plan) { return plan.non_commercial; }, {}});
  EXPECT_EQ(pulled.licence, "CC-BY-NC-4.0");
}

TEST_F(HfCache, WithoutACardTheHubTellsTheLicence) {
  write_linked_weights(kWeights);
  EXPECT_EQ(pull().licence, "Apache-2.0");
  hubs_licence_ = "cc-by-nc-4.0";
  EXPECT_THAT(pull_error(ErrorCode::kModelLicence), HasSubstr("CC-BY-NC-4.0"));
}

TEST_F(HfCache, ALicenceThatNobodyTellsHasToBeAccepted) {
  write_linked_weights(kWeights);
  access_.offline = true;
  EXPECT_THAT(pull_error(ErrorCode::kModelLicence), HasSubstr("not known"));
  const PulledFiles pulled = pull({[](const PullPlan& plan) { return plan.has_to_be_accepted(); }, {}});
  EXPECT_EQ(pulled.licence, "");
}

TEST_F(HfCache, ALicenceThatIsNoTextHasToBeAccepted) {
  write_linked_weights(kWeights);
  write_card("\n- cc-by-nc-4.0");
  hubs_licence_ = nlohmann::json::array({"cc-by-nc-4.0"});
  EXPECT_THAT(pull_error(ErrorCode::kModelLicence), HasSubstr("not known"));
  hubs_licence_ = "apache-2.0";
  EXPECT_EQ(pull().licence, "Apache-2.0") << "the hub was not asked";
  access_.offline = true;
  EXPECT_THAT(pull_error(ErrorCode::kModelLicence), HasSubstr("not known"));
}

TEST_F(HfCache, WithoutTheHubOfflineIsTheWayOut) {
  write_copied_weights(kWeights);
  access_.endpoint = "http://127.0.0.1:1";
  access_.max_attempts = 1;
  EXPECT_THAT(pull_error(), HasSubstr("--offline"));
}

TEST(ModelCard, GivesTheLicenceOfItsFields) {
  EXPECT_EQ(licence_of_card("---\ntags:\n- depth\nlicense: mit\n---\n"), "MIT");
  EXPECT_EQ(licence_of_card("---\r\nlicense: \"cc-by-nc-4.0\" # terms\r\n---\r\n"), "CC-BY-NC-4.0");
  EXPECT_EQ(licence_of_card("\xEF\xBB\xBF---\nlicense: apache-2.0  # of the weights\n---\n"), "Apache-2.0");
  EXPECT_EQ(licence_of_card("---\ntags:\n- depth\n---\nlicense: mit\n"), "");
  EXPECT_EQ(licence_of_card("license: mit\n"), "");
  EXPECT_EQ(licence_of_card(""), "");
  EXPECT_EQ(licence_of_card("---\nlicense_name: own\n---\n"), "");
  for (const std::string field : {"license :", "\"license\":", "'license' :"})
    EXPECT_EQ(licence_of_card("---\n" + field + " cc-by-nc-4.0\n---\n"), "CC-BY-NC-4.0") << field;
}

TEST(ModelCard, GivesNoLicenceThatIsNoTextOfOneLine) {
  for (const std::string value :
       {"\n- cc-by-nc-4.0", " [cc-by-nc-4.0]", " >-\n  cc-by-nc-4.0", " # a list\n  - mit", " |\n  mit",
        " &l mit", " !!str mit", " {name: mit}", "\n  mit"})
    EXPECT_EQ(licence_of_card("---\nlicense:" + value + "\n---\n"), std::nullopt) << value;
}

}  // namespace
}  // namespace da3::hub
