// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <stop_token>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <da3/error.hpp>

#include <core/sha256.hpp>
#include <hub/hub_api.hpp>
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
const std::string kInfoPath = std::string("/api/models/") + kRepository + "/revision/main?blobs=true";
const std::string kWeightsPath =
    std::string("/") + kRepository + "/resolve/" + kCommit + "/model.safetensors";
const std::string kConfig = R"({"model_name": "da3-small"})";

std::string sha256_of(const std::string& text) {
  return core::sha256_hex(std::as_bytes(std::span(text.data(), text.size())));
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// Plays the hub for one repository; a test replaces what it wants to go wrong.
class PullTest : public ::testing::Test {
 protected:
  PullTest() {
    std::mt19937 random(7);
    weights_.resize(300'000);
    for (char& c : weights_) c = static_cast<char>(random());
    // The directory's name holds the test's so that tests can run side by side.
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::temp_directory_path() / (std::string("da3_pull_test_") + info->name());
    fs::remove_all(folder_);
    access_.sleep = [this](std::chrono::milliseconds pause) { pauses_.push_back(pause); };
    access_.max_attempts = 4;
  }
  ~PullTest() override { fs::remove_all(folder_); }

  nlohmann::json info() const {
    return {{"sha", kCommit},
            {"cardData", {{"license", licence_}}},
            {"siblings",
             {{{"rfilename", "config.json"}, {"size", kConfig.size()}},
              {{"rfilename", "model.safetensors"},
               {"size", weights_.size()},
               {"lfs", {{"sha256", sha256_of(weights_)}, {"size", weights_.size()}}}}}}};
  }

  std::string hub_answer(const ServerRequest& request) const {
    if (request.path == kInfoPath) return http_answer(200, info().dump());
    if (request.path.ends_with("/config.json")) return http_answer(200, kConfig);
    if (request.path == kWeightsPath) return ranged(request, weights_);
    return http_answer(404, "no such thing");
  }

  static std::string ranged(const ServerRequest& request, const std::string& content) {
    const std::string range = request.header("range");
    if (range.empty()) return http_answer(200, content);
    const std::size_t start = std::stoul(range.substr(6));
    return http_answer(206, content.substr(start),
                       "Content-Range: bytes " + std::to_string(start) + "-" +
                           std::to_string(content.size() - 1) + "/" + std::to_string(content.size()) +
                           "\r\n");
  }

  PulledFiles pull_from(const TestServer& server, const PullCallbacks& callbacks = {}) {
    access_.endpoint = server.url();
    return pull(kRepository, folder_, access_, callbacks, {});
  }

  /// The message of the error that pulling gives; fails the test when there is none or it has another code.
  std::string pull_error(const TestServer& server, ErrorCode code = ErrorCode::kModelFetch) {
    try {
      pull_from(server);
    } catch (const Error& error) {
      EXPECT_EQ(error_name(error.code()), error_name(code)) << error.what();
      return error.what();
    }
    ADD_FAILURE() << "pull succeeded";
    return "";
  }

  fs::path weights_file() const {
    return folder_ / "models--somebody--some-model" / kCommit / "model.safetensors";
  }
  fs::path part_file() const { return weights_file().string() + ".part"; }

  std::string weights_;
  nlohmann::json licence_ = "apache-2.0";
  fs::path folder_;
  HubAccess access_;
  std::vector<std::chrono::milliseconds> pauses_;
};

TEST_F(PullTest, BringsTheFilesAndSaysWhereTheyCameFrom) {
  const TestServer server([&](const ServerRequest& request) { return hub_answer(request); });
  const PulledFiles pulled = pull_from(server);
  EXPECT_EQ(read_file(pulled.folder / "model.safetensors"), weights_);
  EXPECT_EQ(read_file(pulled.folder / "config.json"), kConfig);
  EXPECT_EQ(pulled.commit, kCommit);
  EXPECT_EQ(pulled.licence, "Apache-2.0");
  EXPECT_EQ(pulled.weights_sha256, sha256_of(weights_));
  EXPECT_TRUE(pulled.downloaded);
  EXPECT_FALSE(fs::exists(part_file()));
}

TEST_F(PullTest, WhatIsAlreadyThereIsNotDownloadedAgain) {
  const TestServer server([&](const ServerRequest& request) { return hub_answer(request); });
  pull_from(server);
  pull_from(server);
  EXPECT_EQ(std::ranges::count(server.requests(), kWeightsPath, &ServerRequest::path), 1);
}

TEST_F(PullTest, WhatIsThereButDamagedIsDownloadedAgain) {
  const TestServer server([&](const ServerRequest& request) { return hub_answer(request); });
  pull_from(server);
  std::ofstream(weights_file(), std::ios::binary) << std::string(weights_.size(), '\0');
  pull_from(server);
  EXPECT_EQ(read_file(weights_file()), weights_);
}

TEST_F(PullTest, ACutConnectionIsResumedWhereItBroke) {
  const TestServer server([&](const ServerRequest& request) {
    std::string answer = hub_answer(request);
    if (request.path == kWeightsPath && request.nth == 0) answer.resize(answer.size() - 200'000);
    return answer;
  });
  EXPECT_EQ(read_file(pull_from(server).folder / "model.safetensors"), weights_);
  const auto requests = server.requests();
  EXPECT_EQ(requests.back().header("range"), "bytes=100000-");
  EXPECT_EQ(pauses_.size(), 1U);
}

TEST_F(PullTest, AnEarlierRunsPartIsResumed) {
  fs::create_directories(part_file().parent_path());
  std::ofstream(part_file(), std::ios::binary) << weights_.substr(0, 120'000);
  const TestServer server([&](const ServerRequest& request) { return hub_answer(request); });
  EXPECT_EQ(read_file(pull_from(server).folder / "model.safetensors"), weights_);
  EXPECT_EQ(server.requests().back().header("range"), "bytes=120000-");
}

TEST_F(PullTest, AServerThatIgnoresTheRangeGivesTheSameFile) {
  fs::create_directories(part_file().parent_path());
  std::ofstream(part_file(), std::ios::binary) << std::string(50'000, 'x');
  const TestServer server([&](const ServerRequest& request) {
    return request.path == kWeightsPath ? http_answer(200, weights_) : hub_answer(request);
  });
  EXPECT_EQ(read_file(pull_from(server).folder / "model.safetensors"), weights_);
}

TEST_F(PullTest, ARangeThatTheServerRefusesBeginsAnew) {
  fs::create_directories(part_file().parent_path());
  std::ofstream(part_file(), std::ios::binary) << std::string(50'000, 'x');
  const TestServer server([&](const ServerRequest& request) {
    if (!request.header("range").empty()) return http_answer(416, "");
    return hub_answer(request);
  });
  EXPECT_EQ(read_file(pull_from(server).folder / "model.safetensors"), weights_);
}

TEST_F(PullTest, AWrongHashIsAnErrorAndLeavesNoFile) {
  const TestServer server([&](const ServerRequest& request) {
    std::string content = weights_;
    content[1000] = static_cast<char>(content[1000] ^ 1);
    return request.path == kWeightsPath ? http_answer(200, content) : hub_answer(request);
  });
  EXPECT_THAT(pull_error(server), HasSubstr("wrong SHA-256, expected " + sha256_of(weights_)));
  EXPECT_FALSE(fs::exists(weights_file()));
  EXPECT_FALSE(fs::exists(part_file()));
}

TEST_F(PullTest, StatusesThatAreFinalAreNotTriedAgain) {
  for (const auto& [status, advice] :
       std::map<int, std::string>{{401, "HF_TOKEN"}, {403, "HF_TOKEN"}, {404, "check the name"}}) {
    const TestServer server([&](const ServerRequest&) { return http_answer(status, "no"); });
    EXPECT_THAT(pull_error(server), HasSubstr(advice)) << status;
    EXPECT_EQ(server.requests().size(), 1U) << status;
  }
}

TEST_F(PullTest, TooManyRequestsWaitsAsLongAsTheServerAsks) {
  const TestServer server([&](const ServerRequest& request) {
    if (request.path == kInfoPath && request.nth == 0) return http_answer(429, "", "Retry-After: 7\r\n");
    return hub_answer(request);
  });
  pull_from(server);
  ASSERT_EQ(pauses_.size(), 1U);
  EXPECT_EQ(pauses_.front(), std::chrono::seconds(7));
}

TEST_F(PullTest, AServerErrorIsTriedAgainWithGrowingPauses) {
  const TestServer server([&](const ServerRequest&) { return http_answer(500, "oops"); });
  EXPECT_THAT(pull_error(server), HasSubstr("status 500"));
  EXPECT_EQ(server.requests().size(), 4U);
  using std::chrono::seconds;
  EXPECT_THAT(pauses_, ::testing::ElementsAre(seconds(1), seconds(2), seconds(4)));
}

TEST_F(PullTest, ARedirectLoopEnds) {
  const TestServer server([&](const ServerRequest& request) {
    return http_answer(302, "", "Location: " + request.path + "\r\n");
  });
  EXPECT_THAT(pull_error(server), HasSubstr("redirects"));
  EXPECT_EQ(server.requests().size(), 6U);
}

TEST_F(PullTest, TheTokenNeverReachesAnotherHost) {
  const TestServer storage([&](const ServerRequest& request) { return ranged(request, weights_); });
  const TestServer server([&](const ServerRequest& request) {
    if (request.path == kWeightsPath) return http_answer(302, "", "Location: " + storage.url() + "/blob\r\n");
    return hub_answer(request);
  });
  access_.token = "secret";
  EXPECT_EQ(read_file(pull_from(server).folder / "model.safetensors"), weights_);
  for (const ServerRequest& request : server.requests())
    EXPECT_EQ(request.header("authorization"), "Bearer secret");
  ASSERT_EQ(storage.requests().size(), 1U);
  EXPECT_EQ(storage.requests().front().header("authorization"), "");
}

TEST_F(PullTest, HtmlInsteadOfJsonIsNamedAsSuch) {
  const TestServer server(
      [&](const ServerRequest&) { return http_answer(200, "<!DOCTYPE html><title>Log in</title>"); });
  EXPECT_THAT(pull_error(server), HasSubstr("expected the hub's JSON description"));
}

TEST_F(PullTest, NothingOfAShorterAnswerIsKept) {
  fs::create_directories(part_file().parent_path());
  std::ofstream(part_file(), std::ios::binary) << weights_.substr(0, 120'000);
  const TestServer server([&](const ServerRequest& request) {
    if (request.path == kWeightsPath && request.nth == 0) return http_answer(200, "<html>Log in</html>");
    return hub_answer(request);
  });
  EXPECT_THAT(pull_error(server), HasSubstr("the server sent 19 bytes instead of the 300000 bytes"));
  EXPECT_FALSE(fs::exists(weights_file()));
  EXPECT_EQ(fs::file_size(part_file()), 120'000U);
  EXPECT_EQ(read_file(pull_from(server).folder / "model.safetensors"), weights_);
  EXPECT_EQ(server.requests().back().header("range"), "bytes=120000-");
}

TEST_F(PullTest, AWebPageIsNeverKept) {
  const TestServer server([&](const ServerRequest& request) {
    if (request.path == kWeightsPath) {
      return http_answer(200, std::string(weights_.size(), 'h'),
                         "Content-Type: text/html; charset=utf-8\r\n");
    }
    return hub_answer(request);
  });
  EXPECT_THAT(pull_error(server), HasSubstr("a web page"));
  EXPECT_FALSE(fs::exists(part_file()));
}

TEST_F(PullTest, AFileOfJsonThatIsNoneIsGotAgain) {
  const TestServer server([&](const ServerRequest& request) {
    if (request.path.ends_with("/config.json") && request.nth == 0)
      return http_answer(200, std::string(kConfig.size(), 'x'));
    return hub_answer(request);
  });
  EXPECT_THAT(pull_error(server), HasSubstr("config.json: what the server sent is no JSON"));
  const fs::path config = pull_from(server).folder / "config.json";
  EXPECT_EQ(read_file(config), kConfig);
  // As a loss of power leaves it.
  std::ofstream(config, std::ios::binary) << std::string(kConfig.size(), '\0');
  pull_from(server);
  EXPECT_EQ(read_file(config), kConfig);
}

TEST_F(PullTest, AFolderThatCannotBeMadeIsAnErrorOfWriting) {
  const TestServer server([&](const ServerRequest& request) { return hub_answer(request); });
  std::ofstream(folder_.string()) << "in the way";
  EXPECT_THAT(pull_error(server, ErrorCode::kOutputFailed), HasSubstr("cannot be made"));
}

// A proxy's page in place of a small file, which has no hash: its bytes are never the beginning of the file.
TEST_F(PullTest, AFileWithoutAHashIsNotResumed) {
  const TestServer server([&](const ServerRequest& request) {
    if (request.path.ends_with("/config.json")) {
      return request.nth == 0 ? http_answer(200, "<html>") : ranged(request, kConfig);
    }
    return hub_answer(request);
  });
  EXPECT_THAT(pull_error(server), HasSubstr("the same command gets it again"));
  EXPECT_EQ(read_file(pull_from(server).folder / "config.json"), kConfig);
}

TEST_F(PullTest, ContentLongerThanStatedIsRefusedWithoutFillingTheDisk) {
  const TestServer server([&](const ServerRequest& request) {
    if (request.path == kWeightsPath) return http_answer(200, weights_ + std::string(5'000'000, 'x'));
    return hub_answer(request);
  });
  EXPECT_THAT(pull_error(server), HasSubstr("more than the 300000 bytes"));
  EXPECT_FALSE(fs::exists(part_file()));
}

TEST_F(PullTest, NamesThatLeaveTheFolderAreRefused) {
  for (const char* name : {"../evil", "/etc/passwd", "a/../../b", "a\\..\\b", "..", "a//b", "a\nb"}) {
    EXPECT_FALSE(is_safe_file_name(name)) << name;
    const TestServer server([&](const ServerRequest&) {
      nlohmann::json evil = info();
      evil["siblings"].push_back({{"rfilename", name}, {"size", 1}});
      return http_answer(200, evil.dump());
    });
    EXPECT_THAT(pull_error(server), HasSubstr("outside the folder")) << name;
  }
  EXPECT_TRUE(is_safe_file_name("folder/model.safetensors"));
}

TEST_F(PullTest, ARevisionThatIsAPathIsRefused) {
  const TestServer server([&](const ServerRequest&) {
    nlohmann::json evil = info();
    evil["sha"] = "../../somewhere";
    return http_answer(200, evil.dump());
  });
  EXPECT_THAT(pull_error(server), HasSubstr("revision"));
}

TEST_F(PullTest, ALicenceThatIsNoTextHasToBeAccepted) {
  licence_ = nlohmann::json::array({"cc-by-nc-4.0"});
  const TestServer server([&](const ServerRequest& request) { return hub_answer(request); });
  EXPECT_THAT(pull_error(server, ErrorCode::kModelLicence), HasSubstr("not known"));
  licence_ = nullptr;
  EXPECT_EQ(pull_from(server).licence, "") << "none is stated";
}

TEST_F(PullTest, ANonCommercialLicenceHasToBeAccepted) {
  licence_ = "cc-by-nc-4.0";
  const TestServer server([&](const ServerRequest& request) { return hub_answer(request); });
  EXPECT_THAT(pull_error(server, ErrorCode::kModelLicence), HasSubstr("CC-BY-NC-4.0"));
  EXPECT_EQ(server.requests().size(), 1U) << "something was downloaded before the licence was accepted";
  bool asked = false;
  const PullCallbacks accept{[&](const PullPlan& plan) {
                               asked = plan.non_commercial;
                               return true;
                             },
                             {}};
  EXPECT_EQ(pull_from(server, accept).licence, "CC-BY-NC-4.0");
  EXPECT_TRUE(asked);
}

TEST_F(PullTest, OfflineNeverOpensASocket) {
  const TestServer server([&](const ServerRequest& request) { return hub_answer(request); });
  access_.offline = true;
  EXPECT_THAT(pull_error(server), HasSubstr("--offline"));
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(PullTest, ATooFullDiskIsNoticedBeforeTheDownload) {
  const TestServer server([&](const ServerRequest&) {
    nlohmann::json huge = info();
    huge["siblings"][1]["lfs"]["size"] = std::uint64_t{1} << 60U;
    return http_answer(200, huge.dump());
  });
  EXPECT_THAT(pull_error(server, ErrorCode::kOutputFailed), HasSubstr("TiB are needed"));
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(PullTest, AStoppedDownloadKeepsItsPart) {
  const TestServer server([&](const ServerRequest& request) { return hub_answer(request); });
  access_.endpoint = server.url();
  std::stop_source stop;
  const PullCallbacks callbacks{[&](const PullPlan&) {
                                  stop.request_stop();
                                  return true;
                                },
                                {}};
  EXPECT_THROW(
      {
        try {
          pull(kRepository, folder_, access_, callbacks, stop.get_token());
        } catch (const Error& error) {
          EXPECT_EQ(error.code(), ErrorCode::kInterrupted);
          throw;
        }
      },
      Error);
  EXPECT_FALSE(fs::exists(weights_file()));
}

TEST_F(PullTest, ANobodyAtTheEndpointIsSaidWithWhatToCheck) {
  access_.endpoint = "http://127.0.0.1:1";
  try {
    pull(kRepository, folder_, access_, {}, {});
    FAIL() << "pulled from nowhere";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModelFetch);
    EXPECT_THAT(error.what(), HasSubstr("HF_ENDPOINT"));
  }
}

TEST(RepositoryName, OnlyOwnerSlashNameIsOne) {
  EXPECT_TRUE(is_repository_name("depth-anything/DA3-LARGE-1.1"));
  for (const char* name : {"", "a", "a/b/c", "/a", "a/", "../a", "a/..", "a b/c", "a/b?x", "http://a/b"}) {
    EXPECT_FALSE(is_repository_name(name)) << name;
  }
}

}  // namespace
}  // namespace da3::hub
