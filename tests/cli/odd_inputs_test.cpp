// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cli/odd_pictures.hpp>
#include <cli/program.hpp>
#include <core/text_encoding.hpp>
#include <testing/png.hpp>

namespace da3::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::StartsWith;

void write_bytes(const fs::path& path, const Bytes& bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  ASSERT_TRUE(file.flush()) << path;
}

std::vector<OddPicture> pictures() {
  std::vector<OddPicture> all = odd_pictures();
  all.push_back(
      {"reference.png", encode(odd_pictures_reference(), ".png"), odd_pictures_reference().size, true});
  return all;
}

/// What stands in a folder under a picture's name and cannot be opened, or would not end if it were.
std::map<std::string, std::string> make_special_files(const fs::path& folder) {
  std::map<std::string, std::string> codes;
  EXPECT_EQ(::mkfifo((folder / "fifo.jpg").c_str(), 0600), 0);
  codes["fifo.jpg"] = "input.not_regular";
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof(address.sun_path), "%s", (folder / "socket.png").c_str());
  EXPECT_EQ(::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  ::close(descriptor);
  codes["socket.png"] = "input.not_regular";
  fs::create_directories(folder / "folder.jpg");
  codes["folder.jpg"] = "input.not_regular";
  fs::create_symlink("loop.jpg", folder / "loop.jpg");
  codes["loop.jpg"] = "input.unreadable";
  fs::create_symlink("nowhere", folder / "dangling.jpg");
  codes["dangling.jpg"] = "input.not_found";
  if (::geteuid() != 0) {
    write_bytes(folder / "secret.png", encode(sample_picture({9, 9}), ".png"));
    fs::permissions(folder / "secret.png", fs::perms::none);
    codes["secret.png"] = "input.unreadable";
  }
  return codes;
}

/// Odd and unusable inputs through a network of a few kilobytes.
class OddInputs : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    place = new Workplace;
    const Ended exported = place->run({"model", "export", DA3_TEST_DATA_DIR "/golden/tiny", "-o", "tiny.pt"});
    ASSERT_EQ(exported.code, 0) << exported.err;
    fs::create_directories(*place / "valid");
    fs::create_directories(*place / "mixed");
    for (const OddPicture& picture : pictures()) {
      write_bytes(*place / "valid" / picture.name, picture.bytes);
      write_bytes(*place / "mixed" / picture.name, picture.bytes);
    }
    for (const UnusableFile& file : unusable_files()) write_bytes(*place / "mixed" / file.name, file.bytes);
    special = make_special_files(*place / "mixed");
    only_valid = infer("valid", {});
    mixed = infer("mixed", {});
  }
  static void TearDownTestSuite() { delete place; }

  static Ended infer(const std::string& folder, const std::vector<std::string>& more) {
    std::vector<std::string> args = {
        "infer", folder,      "-m", "tiny.pt",      "--device",      "cpu", "--batch", "1",
        "-f",    "npy,png16", "-o", "of-" + folder, "--process-res", "56",  "--json"};
    args.insert(args.end(), more.begin(), more.end());
    return place->run(args);
  }

  /// The records of `ended` by the exact name below `folder`.
  static std::map<std::string, nlohmann::json> records(const Ended& ended, const std::string& folder) {
    std::map<std::string, nlohmann::json> result;
    std::istringstream lines(ended.out);
    for (std::string line; std::getline(lines, line);) {
      nlohmann::json record = nlohmann::json::parse(line);
      std::string path = record.at("path");
      if (record.contains("path_base64"))
        path = core::base64_decode(record.at("path_base64").get<std::string>()).value();
      EXPECT_THAT(path, StartsWith(folder + "/"));
      const bool is_new = result.emplace(path.substr(folder.size() + 1), std::move(record)).second;
      EXPECT_TRUE(is_new) << path << " has two records";
    }
    return result;
  }

  /// The result of `record` in that format.
  static fs::path result_file(const nlohmann::json& record, const std::string& folder,
                              const std::string& format) {
    std::string name = record.at("outputs").at(format);
    if (record.contains("outputs_base64")) {
      name = core::base64_decode(record.at("outputs_base64").at(format).get<std::string>()).value();
    }
    return *place / ("of-" + folder) / name;
  }

  static Workplace* place;
  static std::map<std::string, std::string> special;
  static Ended only_valid;
  static Ended mixed;
};
Workplace* OddInputs::place = nullptr;
std::map<std::string, std::string> OddInputs::special;
Ended OddInputs::only_valid;
Ended OddInputs::mixed;

TEST_F(OddInputs, ThatAreValidAllSucceed) {
  EXPECT_EQ(only_valid.code, 0) << only_valid.err;
  const auto found = records(only_valid, "valid");
  EXPECT_EQ(found.size(), pictures().size());
  for (const OddPicture& picture : pictures()) {
    ASSERT_TRUE(found.contains(picture.name)) << picture.name;
    EXPECT_EQ(found.at(picture.name).at("status"), "done") << picture.name;
  }
}

TEST_F(OddInputs, GiveResultsOfTheUprightPicturesSize) {
  const auto found = records(only_valid, "valid");
  for (const OddPicture& picture : pictures()) {
    const nlohmann::json& record = found.at(picture.name);
    EXPECT_EQ(record.at("input").at("height"), picture.size.height) << picture.name;
    EXPECT_EQ(record.at("input").at("width"), picture.size.width) << picture.name;
    const std::string file = read_file(result_file(record, "valid", "png16"));
    const PngSamples result = read_png(Bytes(file.begin(), file.end()));
    EXPECT_EQ(result.channels, 1) << picture.name;
    EXPECT_EQ(result.bits, 16) << picture.name;
    EXPECT_EQ(result.size, picture.size) << picture.name;
  }
}

TEST_F(OddInputs, OfTheSamePixelsGiveTheSameDepth) {
  const auto found = records(only_valid, "valid");
  const std::string expected = read_file(result_file(found.at("reference.png"), "valid", "npy"));
  ASSERT_GT(expected.size(), odd_pictures_reference().size.area() * sizeof(float));
  for (const OddPicture& picture : pictures()) {
    if (!picture.exact) continue;
    EXPECT_EQ(read_file(result_file(found.at(picture.name), "valid", "npy")), expected) << picture.name;
  }
}

TEST_F(OddInputs, ThatCannotBeUsedAreEachNamedWithAReasonAndTheOthersSucceed) {
  EXPECT_EQ(mixed.code, 1) << mixed.err;
  const auto found = records(mixed, "mixed");
  std::map<std::string, std::vector<std::string>> unusable;
  for (const UnusableFile& file : unusable_files()) unusable[file.name] = file.codes;
  for (const auto& [name, code] : special) unusable[name] = {code};
  EXPECT_EQ(found.size(), unusable.size() + pictures().size());
  for (const auto& [name, codes] : unusable) {
    ASSERT_TRUE(found.contains(name)) << name;
    const nlohmann::json& record = found.at(name);
    ASSERT_EQ(record.at("status"), "failed") << name;
    EXPECT_THAT(codes, Contains(record.at("error").at("code").get<std::string>())) << record;
    const std::string message = record.at("error").at("message");
    EXPECT_THAT(message, StartsWith("mixed/" + name + ": "));
    EXPECT_THAT(mixed.err, HasSubstr("da3: " + message + "\n"));
  }
  for (const OddPicture& picture : pictures())
    EXPECT_EQ(found.at(picture.name).at("status"), "done") << picture.name;
}

TEST_F(OddInputs, ThatLieAboutTheirSizeTakeNoMemory) {
  ASSERT_EQ(mixed.code, 1);
  // Pixels of the smallest liar would take 730 MiB.
  EXPECT_LT(mixed.peak_resident_bytes, only_valid.peak_resident_bytes + (std::uint64_t{48} << 20));
  RecordProperty("peak_mib", std::to_string(only_valid.peak_resident_bytes >> 20) + " with valid ones, " +
                                 std::to_string(mixed.peak_resident_bytes >> 20) + " with all");
}

TEST_F(OddInputs, LeaveOnlyTheFailuresForTheNextRun) {
  const Ended again = infer("mixed", {});
  EXPECT_EQ(again.code, 1) << again.err;
  for (const auto& [name, record] : records(again, "mixed")) {
    EXPECT_NE(record.at("status"), "done") << name;
  }
}

TEST_F(OddInputs, ThatAreNamedThemselvesAreTried) {
  const Ended named = place->run({"infer", "-m", "tiny.pt", "--process-res", "56", "-o", "named",
                                  "mixed/fifo.jpg", "mixed/loop.jpg", "mixed/-f.png", "mixed/text.jpg"});
  EXPECT_EQ(named.code, 1);
  for (const char* name : {"fifo.jpg", "loop.jpg", "text.jpg"}) EXPECT_THAT(named.err, HasSubstr(name));
  EXPECT_THAT(files_below(*place / "named"), Contains("-f.png"));
}

}  // namespace
}  // namespace da3::testing
