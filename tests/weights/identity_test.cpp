// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <core/sha256.hpp>
#include <testing/files.hpp>
#include <testing/zip_writer.hpp>
#include <weights/identity.hpp>

namespace da3::weights {
namespace {

using ::da3::testing::TemporaryFolder;
using ::da3::testing::thrown_by;
using ::da3::testing::write_file;
using ::da3::testing::zip_bytes;
using ::testing::HasSubstr;

std::string sha256_of(std::string_view text) {
  return core::sha256_hex(std::as_bytes(std::span(text)));
}

class ModelIdentity : public ::testing::Test {
 protected:
  std::filesystem::path write(const std::string& weights) {
    const auto path =
        write_file(folder_.path() / "m.pt", zip_bytes({{"m/data/0", weights}, {"m/extra/da3.json", "{}"}}));
    std::filesystem::last_write_time(path,
                                     std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
    return path;
  }
  TemporaryFolder folder_;
  std::filesystem::path cache_ = folder_.path() / "cache" / "da3";
};

TEST_F(ModelIdentity, CoversNumberSizeAndBytesInNumericOrder) {
  const auto path = write_file(folder_.path() / "m.pt", zip_bytes({{"m/data/10", "ten"},
                                                                   {"m/data/9", "nine"},
                                                                   {"m/data.pkl", "x"},
                                                                   {"m/data/9a", "x"},
                                                                   {"m/extra/data/3", "x"},
                                                                   {"m/constants/0", "x"}}));
  EXPECT_EQ(weights_sha256(path), sha256_of("9 4\nnine10 3\nten"));
}

TEST_F(ModelIdentity, OfAnArchiveWithoutWeightsIsTheHashOfNothing) {
  EXPECT_EQ(weights_sha256(write_file(folder_.path() / "m.pt", zip_bytes({{"m/data.pkl", "x"}}))),
            sha256_of(""));
}

TEST_F(ModelIdentity, IsComputedOnceForAFileThatStaysAsItIs) {
  const auto path = write("abc");
  const std::string expected = sha256_of("0 3\nabc");
  const Identity first = check_identity(path, expected, cache_);
  EXPECT_EQ(first.sha256, expected);
  EXPECT_TRUE(first.recomputed);
  const Identity second = check_identity(path, expected, cache_);
  EXPECT_EQ(second.sha256, expected);
  EXPECT_FALSE(second.recomputed);
}

TEST_F(ModelIdentity, IsComputedAgainForAFileThatWasReplacedOrTouched) {
  const auto path = write("abc");
  check_identity(path, "", cache_);
  std::filesystem::last_write_time(path, std::filesystem::last_write_time(path) + std::chrono::seconds(5));
  EXPECT_TRUE(check_identity(path, "", cache_).recomputed);
  EXPECT_FALSE(check_identity(path, "", cache_).recomputed);
  write("abcd");
  const Identity replaced = check_identity(path, "", cache_);
  EXPECT_TRUE(replaced.recomputed);
  EXPECT_EQ(replaced.sha256, sha256_of("0 4\nabcd"));
}

TEST_F(ModelIdentity, IsNotTakenForGrantedOfAFileThatMayStillChangeWithinTheSameTime) {
  const auto path = write("abc");
  std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now());
  EXPECT_TRUE(check_identity(path, "", cache_).recomputed);
  EXPECT_TRUE(check_identity(path, "", cache_).recomputed);
}

TEST_F(ModelIdentity, WritesNothingWithoutACacheFolder) {
  const auto path = write("abc");
  EXPECT_TRUE(check_identity(path, "", {}).recomputed);
  EXPECT_TRUE(check_identity(path, "", {}).recomputed);
  EXPECT_FALSE(std::filesystem::exists("checked"));
}

TEST_F(ModelIdentity, FollowsAFileThatIsRenamed) {
  const auto path = write("abc");
  check_identity(path, "", cache_);
  std::filesystem::rename(path, folder_.path() / "other.pt");
  EXPECT_FALSE(check_identity(folder_.path() / "other.pt", "", cache_).recomputed);
}

TEST_F(ModelIdentity, DoesNotNeedACacheThatCanBeWritten) {
  const auto path = write("abc");
  const auto blocked = write_file(folder_.path() / "file", "in the way");
  EXPECT_TRUE(check_identity(path, "", blocked).recomputed);
  EXPECT_TRUE(check_identity(path, "", blocked).recomputed);
}

TEST_F(ModelIdentity, DistrustsADamagedStamp) {
  const auto path = write("abc");
  check_identity(path, "", cache_);
  for (const auto& stamp : std::filesystem::directory_iterator(cache_ / "checked")) {
    const std::string text = ::da3::testing::read_file(stamp.path());
    write_file(stamp.path(), text.substr(0, text.size() - 10));
  }
  EXPECT_TRUE(check_identity(path, "", cache_).recomputed);
}

using ModelIdentityFault = ModelIdentity;

TEST_F(ModelIdentityFault, NamesBothHashesOfDamagedWeights) {
  const auto path = write("abd");
  const std::string expected = sha256_of("0 3\nabc");
  for (int round = 0; round < 2; ++round) {  // The second time from the stamp.
    const auto thrown = thrown_by([&] { check_identity(path, expected, cache_); });
    EXPECT_EQ(thrown.code, ErrorCode::kModelDamaged);
    EXPECT_THAT(thrown.message, HasSubstr(expected));
    EXPECT_THAT(thrown.message, HasSubstr(sha256_of("0 3\nabd")));
  }
}

TEST_F(ModelIdentityFault, WeightsWithoutAHashAreComparedWithTheirChecksum) {
  std::string bytes = zip_bytes({{"m/data/0", "weights"}, {"m/extra/da3.json", "{}"}});
  bytes[bytes.find("weights")] ^= 4;
  const auto path = write_file(folder_.path() / "m.pt", bytes);
  const auto thrown = thrown_by([&] { check_identity(path, "", cache_); });
  EXPECT_EQ(thrown.code, ErrorCode::kModelDamaged);
  EXPECT_THAT(thrown.message, HasSubstr("m/data/0"));
}

TEST_F(ModelIdentityFault, WhatIsNotWeightsIsComparedWithItsChecksum) {
  for (const char* name : {"m/data.pkl", "m/code/__torch__.py", "m/constants/0", "m/version"}) {
    std::string bytes = zip_bytes({{name, "content"}, {"m/data/0", "weights"}});
    check_all_but_weights(core::StoredZip::open(write_file(folder_.path() / "m.pt", bytes)));
    bytes[bytes.find("content")] ^= 4;
    const auto damaged = core::StoredZip::open(write_file(folder_.path() / "m.pt", bytes));
    EXPECT_EQ(thrown_by([&] { check_all_but_weights(damaged); }).code, ErrorCode::kModelDamaged) << name;
  }
}

TEST_F(ModelIdentityFault, NamesAMissingFile) {
  EXPECT_EQ(thrown_by([&] { check_identity(folder_.path() / "none.pt", "", cache_); }).code,
            ErrorCode::kModelNotFound);
}

TEST_F(ModelIdentityFault, RefusesOneNumberTwice) {
  const auto path = write_file(folder_.path() / "m.pt", zip_bytes({{"m/data/1", "a"}, {"m/data/01", "b"}}));
  EXPECT_EQ(thrown_by([&] { weights_sha256(path); }).code, ErrorCode::kModelDamaged);
}

}  // namespace
}  // namespace da3::weights
