// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <core/stored_zip.hpp>
#include <testing/files.hpp>
#include <testing/zip_writer.hpp>

namespace da3::core {
namespace {

using ::da3::testing::TemporaryFolder;
using ::da3::testing::thrown_by;
using ::da3::testing::write_file;
using ::da3::testing::zip_bytes;
using ::da3::testing::ZipHeader;
using ::testing::HasSubstr;

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class StoredZipFault : public ::testing::Test {
 protected:
  StoredZip open(const std::string& bytes) {
    return StoredZip::open(write_file(folder_.path() / "model.pt", bytes));
  }
  TemporaryFolder folder_;
};

class StoredZipFile : public StoredZipFault, public ::testing::WithParamInterface<ZipHeader> {};

const std::vector<std::pair<std::string, std::string>> kFiles{{"model/data.pkl", "pickle"},
                                                              {"model/data/0", ""},
                                                              {"model/data/12", "weights"},
                                                              {"model/extra/data/12", "other"}};

TEST(Crc32, HasTheCheckValueOfThePolynomial) {
  const std::string_view digits = "123456789";
  EXPECT_EQ(crc32(std::as_bytes(std::span(digits))), 0xCBF43926U);
  EXPECT_EQ(
      crc32(std::as_bytes(std::span(digits.substr(4))), crc32(std::as_bytes(std::span(digits.substr(0, 4))))),
      0xCBF43926U);
  EXPECT_EQ(crc32({}), 0U);
  const std::string longer(1003, 'a');  // zlib's value
  EXPECT_EQ(crc32(std::as_bytes(std::span(longer))), 0xA19458E5U);
}

TEST_P(StoredZipFile, GivesEntriesAndTheirBytes) {
  const StoredZip archive = open(zip_bytes(kFiles, GetParam()));
  ASSERT_EQ(archive.entries().size(), kFiles.size());
  for (std::size_t i = 0; i < kFiles.size(); ++i) {
    EXPECT_EQ(archive.entries()[i].name, kFiles[i].first);
    EXPECT_EQ(text_of(archive.checked_data(archive.entries()[i])), kFiles[i].second);
  }
}

TEST_P(StoredZipFile, EntriesFollowEachOther) {
  open(zip_bytes(kFiles, GetParam())).check_contiguous();
}

TEST_P(StoredZipFile, DataThatADamagedHeaderMovesIsFound) {
  std::string bytes = zip_bytes(kFiles, GetParam());
  const std::size_t name = bytes.find("model/data/12");
  ASSERT_NE(name, std::string::npos);
  bytes[name - 2] ^= 4;  // The length of the extra field before the data
  const StoredZip archive = open(bytes);
  EXPECT_EQ(thrown_by([&] { archive.check_contiguous(); }).code, ErrorCode::kModelDamaged);
}

TEST_P(StoredZipFile, AnEntryUnderAnotherNameThanTheDirectorysIsFound) {
  std::string bytes = zip_bytes(kFiles, GetParam());
  bytes[bytes.find("model/data/12") + 12] = '3';
  EXPECT_THAT(thrown_by([&] { open(bytes); }).message, HasSubstr("model/data/12"));
}

TEST_F(StoredZipFault, ADirectoryWithMoreThanItStatesIsRefused) {
  std::string bytes = zip_bytes(kFiles);
  bytes[bytes.size() - 22 + 10] = 3;
  EXPECT_THAT(thrown_by([&] { open(bytes); }).message, HasSubstr("more than the 3 entries"));
}

TEST_P(StoredZipFile, FindsBelowTheTopFolderOnly) {
  const StoredZip archive = open(zip_bytes(kFiles, GetParam()));
  ASSERT_NE(archive.find("data/12"), nullptr);
  EXPECT_EQ(archive.find("data/12")->name, "model/data/12");
  EXPECT_EQ(archive.find("12"), nullptr);
  EXPECT_EQ(archive.find("model/data/12"), nullptr);
}

TEST_P(StoredZipFile, OverwritesAnEntryInPlace) {
  const std::string bytes = zip_bytes(kFiles, GetParam());
  const auto path = write_file(folder_.path() / "model.pt", bytes);
  overwrite_stored_entry(path, "data/12", "WEIGHTS");
  std::vector<std::pair<std::string, std::string>> expected = kFiles;
  expected[2].second = "WEIGHTS";
  EXPECT_EQ(::da3::testing::read_file(path), zip_bytes(expected, GetParam()));
}

TEST_P(StoredZipFile, RefusesEveryShorterFile) {
  const std::string bytes = zip_bytes(kFiles, GetParam());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(thrown_by([&] { open(bytes.substr(0, size)); }).code, ErrorCode::kModelDamaged) << size;
  }
}

TEST_P(StoredZipFile, NeverFailsButByAnErrorWhateverByteIsChanged) {
  const std::string good = zip_bytes(kFiles, GetParam());
  std::size_t num_refused = 0;
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const unsigned flip : {0x01U, 0x80U, 0xffU}) {
      std::string bytes = good;
      bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ flip);
      try {
        const StoredZip archive = open(bytes);
        for (const ZipEntry& entry : archive.entries()) archive.checked_data(entry);
      } catch (const Error& error) {
        ASSERT_EQ(error.code(), ErrorCode::kModelDamaged);
        ++num_refused;
      }
    }
  }
  EXPECT_GT(num_refused, good.size() / 2);
}

INSTANTIATE_TEST_SUITE_P(Each, StoredZipFile,
                         ::testing::Values(ZipHeader::kPlain, ZipHeader::kDescriptor, ZipHeader::kZip64),
                         [](const auto& each) {
                           return each.param == ZipHeader::kPlain   ? "Plain"
                                  : each.param == ZipHeader::kZip64 ? "Zip64"
                                                                    : "Descriptor";
                         });

TEST_F(StoredZipFault, SaysWhenAnArchiveIsCutShort) {
  const auto thrown = thrown_by([&] { open(zip_bytes(kFiles).substr(0, 80)); });
  EXPECT_EQ(thrown.code, ErrorCode::kModelDamaged);
  EXPECT_THAT(thrown.message, HasSubstr("cut short"));
}

TEST_F(StoredZipFault, SaysWhenAFileIsNoArchive) {
  EXPECT_THAT(thrown_by([&] { open(std::string(70000, 'x')); }).message, HasSubstr("expected a zip archive"));
  EXPECT_THAT(thrown_by([&] { open(""); }).message, HasSubstr("0 bytes"));
}

TEST_F(StoredZipFault, RefusesToReadACompressedEntry) {
  const StoredZip archive = open(zip_bytes(kFiles, ZipHeader::kPlain, 8));
  EXPECT_THAT(thrown_by([&] { archive.data(archive.entries()[2]); }).message, HasSubstr("compressed"));
}

TEST_F(StoredZipFault, RefusesTwoEntriesOfOneName) {
  EXPECT_THAT(thrown_by([&] { open(zip_bytes({{"m/a", "1"}, {"m/a", "2"}})); }).message, HasSubstr("twice"));
}

TEST_F(StoredZipFault, DoesNotOverwriteByAnotherSize) {
  const auto path = write_file(folder_.path() / "model.pt", zip_bytes(kFiles));
  EXPECT_EQ(thrown_by([&] { overwrite_stored_entry(path, "data/12", "short"); }).code, ErrorCode::kInternal);
  EXPECT_EQ(thrown_by([&] { overwrite_stored_entry(path, "data/13", "weights"); }).code,
            ErrorCode::kInternal);
  EXPECT_EQ(::da3::testing::read_file(path), zip_bytes(kFiles));
}

}  // namespace
}  // namespace da3::core
