// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cli/program.hpp>
#include <core/sha256.hpp>
#include <hub/test_server.hpp>

namespace da3::testing {
namespace {

using ::testing::HasSubstr;

const std::filesystem::path kGolden = std::filesystem::path(DA3_TEST_DATA_DIR) / "golden" / "tiny";
constexpr const char* kRepository = "somebody/DA3-TINY";
constexpr const char* kOtherRepository = "nobody/da3-tiny";
constexpr const char* kNamedLikeAPublishedOne = "somebody/DA3-Base";
constexpr const char* kCommit = "0123456789abcdef0123456789abcdef01234567";

/// The real program against a server that plays the hub with the reduced network of the golden fixtures.
class PullCommand : public ::testing::Test {
 protected:
  PullCommand()
      : config_(read_file(kGolden / "config.json")), weights_(read_file(kGolden / "model.safetensors")) {
    ::setenv("HF_HOME", (place_ / "hf").c_str(), 1);
    ::unsetenv("HF_HUB_CACHE");
    ::unsetenv("HF_HUB_OFFLINE");
    ::unsetenv("HF_TOKEN");
    ::setenv("no_proxy", "127.0.0.1", 1);
    ::setenv("HF_ENDPOINT", server_.url().c_str(), 1);
  }

  std::string answer(const ServerRequest& request) const {
    for (const std::string repository : {kRepository, kOtherRepository, kNamedLikeAPublishedOne}) {
      const std::string resolve = "/" + repository + "/resolve/" + kCommit;
      if (request.path.starts_with("/api/models/" + repository)) {
        return http_answer(200, description().dump());
      }
      if (request.path == resolve + "/config.json") return http_answer(200, sent_config_.value_or(config_));
      if (request.path == resolve + "/model.safetensors") {
        std::this_thread::sleep_for(takes_);
        return http_answer(200, sent_weights_.value_or(weights_));
      }
    }
    return http_answer(404, "no such thing");
  }

  nlohmann::json description() const {
    const std::string sha256 = core::sha256_hex(std::as_bytes(std::span(weights_.data(), weights_.size())));
    return {{"sha", kCommit},
            {"cardData", {{"license", licence_}}},
            {"siblings",
             {{{"rfilename", "config.json"}, {"size", config_.size()}},
              {{"rfilename", "model.safetensors"},
               {"size", weights_.size()},
               {"lfs", {{"sha256", sha256}, {"size", weights_.size()}}}}}}};
  }

  std::ptrdiff_t downloads() const {
    const auto requests = server_.requests();
    return std::ranges::count_if(
        requests, [](const ServerRequest& request) { return request.path.ends_with("/model.safetensors"); });
  }
  bool weights_were_asked_for() const { return downloads() > 0; }

  std::filesystem::path installed() const { return place_ / "home/models/da3-tiny.pt"; }

  Workplace place_;
  std::string config_;
  std::string weights_;
  std::optional<std::string> sent_config_;
  std::optional<std::string> sent_weights_;
  std::string licence_ = "apache-2.0";
  std::chrono::milliseconds takes_{0};  ///< Sending weights
  TestServer server_{[this](const ServerRequest& request) { return answer(request); }};
};

TEST_F(PullCommand, InstallsAModelThatInferThenRunsByName) {
  const Ended pulled = place_.run({"model", "pull", kRepository});
  ASSERT_EQ(pulled.code, 0) << pulled.err;
  EXPECT_EQ(pulled.out, installed().string() + "\n");
  EXPECT_THAT(pulled.err, HasSubstr("Apache-2.0"));
  // The exported file is all that is left of the download.
  EXPECT_THAT(files_below(place_ / "home"), ::testing::ElementsAre("models/da3-tiny.pt"));

  const auto record =
      nlohmann::json::parse(place_.run({"model", "info", "da3-tiny", "--json"}).out).at("record");
  EXPECT_EQ(record.at("weights").at("source"),
            std::string(kRepository) + "@" + kCommit + "/model.safetensors");
  EXPECT_EQ(record.at("licence").at("spdx"), "Apache-2.0");

  write_picture(place_ / "photo.ppm", 112, 70, 1);
  const Ended inferred = place_.run({"infer", "photo.ppm", "-m", "da3-tiny", "--device", "cpu", "-f",
                                     "npy,vis", "-o", "depth", "--process-res", "112"});
  EXPECT_EQ(inferred.code, 0) << inferred.err;
  EXPECT_TRUE(std::filesystem::exists(place_ / "depth/photo.npy"));
  EXPECT_TRUE(std::filesystem::exists(place_ / "depth/photo.vis.png"));
}

// A proxy's page, shorter than config.json or as long: the same command works once the hub answers.
TEST_F(PullCommand, APageInPlaceOfTheConfigurationDoesNotStay) {
  for (const std::size_t length : {std::size_t{18}, config_.size()}) {
    sent_config_ = std::string(length, 'x');
    EXPECT_EQ(place_.run({"model", "pull", kRepository}).code, 3);
    sent_config_.reset();
    const Ended pulled = place_.run({"model", "pull", kRepository});
    EXPECT_EQ(pulled.code, 0) << pulled.err;
  }
}

TEST_F(PullCommand, LeavesOutThePartsThatDepthDoesNotNeedWhereAsked) {
  ASSERT_EQ(place_.run({"model", "pull", kRepository}).code, 0);
  const auto whole = std::filesystem::file_size(installed());
  ASSERT_EQ(place_.run({"model", "pull", kRepository, "--depth-only"}).code, 0);
  EXPECT_LT(std::filesystem::file_size(installed()), whole);
  const auto record =
      nlohmann::json::parse(place_.run({"model", "info", "da3-tiny", "--json"}).out).at("record");
  EXPECT_EQ(record.at("network").at("layout"), 2);
}

TEST_F(PullCommand, RefusesANonCommercialLicenceOffATerminalUnlessItIsAccepted) {
  licence_ = "cc-by-nc-4.0";
  const Ended refused = place_.run({"model", "pull", kRepository});
  EXPECT_EQ(refused.code, 3);
  EXPECT_THAT(refused.err, HasSubstr("CC-BY-NC-4.0"));
  EXPECT_THAT(refused.err, HasSubstr("--accept-license"));
  EXPECT_FALSE(weights_were_asked_for());
  EXPECT_FALSE(std::filesystem::exists(installed()));

  const Ended accepted = place_.run({"model", "pull", kRepository, "--accept-license"});
  EXPECT_EQ(accepted.code, 0) << accepted.err;
  EXPECT_TRUE(std::filesystem::exists(installed()));
}

TEST_F(PullCommand, TellsProgramsTheFileOrTheCodeOfTheError) {
  licence_ = "cc-by-nc-4.0";
  const Ended refused = place_.run({"model", "pull", kRepository, "--json"});
  EXPECT_EQ(refused.code, 3);
  const auto error = nlohmann::json::parse(refused.out).at("error");
  EXPECT_EQ(error.at("code"), "model.licence");
  EXPECT_THAT(error.at("message"), HasSubstr("CC-BY-NC-4.0"));

  const Ended pulled = place_.run({"model", "pull", kRepository, "--json", "--accept-license"});
  EXPECT_EQ(pulled.code, 0) << pulled.err;
  const nlohmann::json expected = {{"name", "da3-tiny"}, {"file", installed().string()}};
  EXPECT_EQ(nlohmann::json::parse(pulled.out), expected);
}

TEST_F(PullCommand, SeveralAtOnceAllEndWithTheModel) {
  std::vector<Ended> ended(3);
  {
    std::vector<std::jthread> threads;
    for (Ended& each : ended) {
      threads.emplace_back([&] { each = place_.run({"model", "pull", kRepository}); });
    }
  }
  for (const Ended& each : ended) {
    EXPECT_EQ(each.code, 0) << each.err;
    EXPECT_EQ(each.out, installed().string() + "\n");
  }
  EXPECT_EQ(place_.run({"model", "verify", "da3-tiny", "--device", "cpu"}).code, 0);
  EXPECT_THAT(files_below(place_ / "home"), ::testing::ElementsAre("models/da3-tiny.pt"));
}

// One of the two waits, and may not take what the other one installed.
TEST_F(PullCommand, TwoAtOnceThatWantOtherPartsBothDownload) {
  takes_ = std::chrono::milliseconds(800);
  Ended whole;
  Ended small;
  {
    const std::jthread first([&] { whole = place_.run({"model", "pull", kRepository}); });
    const std::jthread second([&] { small = place_.run({"model", "pull", kRepository, "--depth-only"}); });
  }
  EXPECT_EQ(whole.code, 0) << whole.err;
  EXPECT_EQ(small.code, 0) << small.err;
  EXPECT_EQ(downloads(), 2);
}

TEST_F(PullCommand, TakesNoNameOfAnotherModel) {
  const Ended named = place_.run({"model", "pull", kNamedLikeAPublishedOne});
  EXPECT_EQ(named.code, 2) << named.err;
  EXPECT_THAT(named.err, HasSubstr("depth-anything/DA3-BASE"));
  EXPECT_TRUE(server_.requests().empty());

  ASSERT_EQ(place_.run({"model", "pull", kRepository}).code, 0);
  const std::string before = read_file(installed());
  const Ended other = place_.run({"model", "pull", kOtherRepository});
  EXPECT_EQ(other.code, 2) << other.err;
  EXPECT_THAT(other.err, HasSubstr(std::string("this model is of ") + kRepository));
  EXPECT_EQ(read_file(installed()), before);
  EXPECT_EQ(place_.run({"model", "pull", "Somebody/da3-tiny"}).code, 3) << "the hub's spelling is another";

  // Made by the user, from wherever.
  ASSERT_EQ(place_.run({"model", "export", kGolden.string(), "-o", installed().string()}).code, 0);
  EXPECT_EQ(place_.run({"model", "pull", kRepository}).code, 2);
  std::filesystem::remove(installed());
  EXPECT_EQ(place_.run({"model", "pull", kRepository}).code, 0);
}

TEST_F(PullCommand, OfflineAsksNobody) {
  const Ended ended = place_.run({"model", "pull", kRepository, "--offline"});
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.err, HasSubstr("offline"));
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(PullCommand, InstallsNothingWhenTheContentIsNotWhatTheHubSays) {
  sent_weights_ = weights_;
  sent_weights_->back() ^= 1;
  const Ended ended = place_.run({"model", "pull", kRepository});
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.err, HasSubstr("model.safetensors"));
  EXPECT_FALSE(std::filesystem::exists(installed()));
}

TEST_F(PullCommand, SaysWhichNameTheHubDoesNotKnow) {
  const Ended ended = place_.run({"model", "pull", "somebody/nothing"});
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.err, HasSubstr("somebody/nothing"));
  EXPECT_THAT(ended.err, HasSubstr("404"));
}

TEST_F(PullCommand, WhatTheHubsToolsKeepIsTakenOnceItsLicenceIsAccepted) {
  namespace fs = std::filesystem;
  const fs::path cache = place_ / "hf/hub/models--somebody--DA3-TINY";
  fs::create_directories(cache / "refs");
  fs::create_directories(cache / "snapshots" / kCommit);
  std::ofstream(cache / "refs/main") << kCommit;
  for (const char* file : {"config.json", "model.safetensors"})
    fs::copy_file(kGolden / file, cache / "snapshots" / kCommit / file);

  const Ended refused = place_.run({"model", "pull", kRepository, "--offline"});
  EXPECT_EQ(refused.code, 3);
  EXPECT_THAT(refused.err, HasSubstr("somebody/DA3-TINY at 0123456789, licence not known"));
  EXPECT_THAT(refused.err, HasSubstr("--accept-license"));
  const Ended pulled = place_.run({"model", "pull", kRepository, "--offline", "--accept-license"});
  EXPECT_EQ(pulled.code, 0) << pulled.err;
  EXPECT_THAT(pulled.err, HasSubstr("not checked"));
  EXPECT_TRUE(fs::exists(installed()));
  EXPECT_TRUE(server_.requests().empty());
}

}  // namespace
}  // namespace da3::testing
