// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <filesystem>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <da3/error.hpp>

#include <core/stored_zip.hpp>
#include <engine/engine.hpp>
#include <testing/files.hpp>
#include <testing/temporary_folder.hpp>
#include <testing/zip_writer.hpp>
#include <weights/record.hpp>

#include "tiny_model.hpp"
#include "toy_network.hpp"

// Files that are not what was exported: an error or the same depth, never another.
namespace da3::engine {
namespace {

using ::da3::testing::read_file;
using ::da3::testing::write_file;
using ::testing::HasSubstr;

class DamagedModel : public ::testing::Test {
 protected:
  DamagedModel() : depth_(*depth_of(good_)) {}

  /// The depth that a file of these bytes gives; none if it is refused.
  std::optional<std::vector<float>> depth_of(const std::string& bytes) {
    LoadOptions options;
    options.identity_folder = folder_.path() / "cache";
    try {
      const auto model = load_model(write_file(folder_.path() / "flipped.pt", bytes), options);
      return model->predict(testing::ToyRequest(1, 1, {28, 28}).request).depth;
    } catch (const Error& error) {
      EXPECT_EQ(exit_code(error.code()), 3) << error.what();
      return std::nullopt;
    }
  }

  /// Bytes that are no weights: pickles, code, record, headers, directory.
  std::vector<std::size_t> structure() const {
    std::vector<bool> is_weight(good_.size());
    const core::StoredZip archive = core::StoredZip::open(file_);
    for (const core::ZipEntry& entry : archive.entries()) {
      if (!core::StoredZip::inner_name(entry).starts_with("data/")) continue;
      std::fill_n(is_weight.begin() + static_cast<std::ptrdiff_t>(entry.offset), entry.size, true);
    }
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < good_.size(); ++i) {
      if (!is_weight[i]) places.push_back(i);
    }
    return places;
  }

  /// The file with another pickle.
  std::string with_pickle(const std::string& pickle) const {
    std::vector<std::pair<std::string, std::string>> entries;
    const core::StoredZip archive = core::StoredZip::open(file_);
    for (const core::ZipEntry& entry : archive.entries()) {
      if (entry.method != 0) continue;
      const bool replaced = core::StoredZip::inner_name(entry) == "data.pkl";
      entries.emplace_back(entry.name, replaced ? pickle : text_of(archive, entry));
    }
    entries.emplace_back("archive/code/__torch__.py", "");
    return da3::testing::zip_bytes(entries);
  }

  static std::string text_of(const core::StoredZip& archive, const core::ZipEntry& entry) {
    const auto bytes = archive.data(entry);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  std::string pickle() const {
    const core::StoredZip archive = core::StoredZip::open(file_);
    return text_of(archive, *archive.find("data.pkl"));
  }

  /// DA3_TEST_FLIPS; few by default, since those that change nothing compile a network and run it.
  static int flips() {
    const char* text = std::getenv("DA3_TEST_FLIPS");
    return text == nullptr ? 120 : std::stoi(text);
  }

  da3::testing::TemporaryFolder folder_;
  const std::filesystem::path file_ = testing::tiny_model().file;
  const std::string good_ = read_file(file_);
  std::vector<float> depth_;
};

TEST_F(DamagedModel, AFlippedBitIsAnErrorOrTheSameDepth) {
  std::mt19937 random(1);
  const std::vector<std::size_t> places = structure();
  ASSERT_GT(places.size(), 1000U);
  int refused = 0;
  for (int i = 0; i < flips(); ++i) {
    // Every fourth anywhere, which mostly is in the weights.
    const std::size_t at = i % 4 == 0 ? random() % good_.size() : places[random() % places.size()];
    std::string bytes = good_;
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << (random() % 8)));
    const auto depth = depth_of(bytes);
    if (depth) {
      EXPECT_EQ(*depth, depth_) << "byte " << at;
    }
    refused += depth ? 0 : 1;
  }
  EXPECT_GT(refused, flips() / 4);
}

TEST_F(DamagedModel, ACutFileIsAnError) {
  std::mt19937 random(2);
  for (int i = 0; i < flips(); ++i) EXPECT_FALSE(depth_of(good_.substr(0, random() % good_.size())));
}

TEST_F(DamagedModel, EveryFlipInThePickleOfAFileThatStatesItsHashIsFound) {
  const core::StoredZip archive = core::StoredZip::open(file_);
  const core::ZipEntry* pickle = archive.find("data.pkl");
  ASSERT_NE(pickle, nullptr);
  for (std::size_t at = 0; at < pickle->size; at += pickle->size / 50) {
    std::string bytes = good_;
    bytes[pickle->offset + at] ^= 4;
    EXPECT_FALSE(depth_of(bytes)) << at;
  }
}

TEST_F(DamagedModel, APickleThatCallsAFunctionCallsNothing) {
  const std::filesystem::path witness = folder_.path() / "called";
  for (const std::string module : {"posix\nsystem", "os\nsystem", "builtins\nexec", "__torch__.os\nsystem"}) {
    const std::string command = "touch " + witness.string();
    // PROTO 2, GLOBAL, BINUNICODE, TUPLE1, REDUCE, STOP
    const std::string pickle = std::string("\x80\x02", 2) + "c" + module + "\nX" +
                               da3::testing::little(command.size(), 4) + command + "\x85R.";
    EXPECT_FALSE(depth_of(with_pickle(pickle))) << module;
    EXPECT_FALSE(std::filesystem::exists(witness)) << module;
  }
}

TEST_F(DamagedModel, APickleOfDeepTuplesIsRefused) {
  EXPECT_FALSE(depth_of(with_pickle("\x80\x02)" + std::string(1'000'000, '\x85') + ".")));
}

TEST_F(DamagedModel, WeightsOfAnotherTypeAreNamedWithTheFile) {
  std::string pickle = this->pickle();
  const std::string type = "FloatStorage";
  // Of the first tensor; the others are of the same value of the pickle.
  pickle.replace(pickle.find(type), type.size(), "ByteStorage");
  try {
    load_model(write_file(folder_.path() / "bytes.pt", with_pickle(pickle)), {});
    FAIL() << "loaded";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModelContract);
    EXPECT_THAT(error.what(), HasSubstr("bytes.pt: The tensor model.backbone.pretrained."));
    EXPECT_THAT(error.what(), HasSubstr("has the type Byte, expected float32"));
  }
}

TEST_F(DamagedModel, AKnownNetworkNeverRunsTheCodeOfItsFile) {
  std::vector<std::pair<std::string, std::string>> entries;
  const core::StoredZip archive = core::StoredZip::open(file_);
  for (const core::ZipEntry& entry : archive.entries()) {
    if (core::StoredZip::inner_name(entry).starts_with("code/")) {
      entries.emplace_back(entry.name, "this is no program\n");
      continue;
    }
    entries.emplace_back(entry.name, text_of(archive, entry));
  }
  const auto depth = depth_of(da3::testing::zip_bytes(entries));
  ASSERT_TRUE(depth);
  EXPECT_EQ(*depth, depth_);
  EXPECT_FALSE(runs_its_own_code(testing::tiny_model().report.spec));
  EXPECT_TRUE(runs_its_own_code(testing::toy_spec()));
}

}  // namespace
}  // namespace da3::engine
