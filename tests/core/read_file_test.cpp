// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include <core/read_file.hpp>
#include <testing/temporary_folder.hpp>

namespace da3::core {
namespace {

std::string error_of(const std::filesystem::path& file) {
  try {
    read_file(file, ErrorCode::kModelDamaged);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModelDamaged);
    return error.what();
  }
  return "none";
}

TEST(ReadFile, GivesEveryByte) {
  const testing::TemporaryFolder folder;
  std::string text(200000, 'x');  // More than one block, and bytes that mean something elsewhere
  text[1] = '\0';
  text[2] = '\r';
  const std::filesystem::path file = folder.write("a", text);
  EXPECT_EQ(read_file(file, ErrorCode::kUsage), text);
  EXPECT_EQ(read_text(file), text);
  EXPECT_EQ(read_file(folder.write("empty", ""), ErrorCode::kUsage), "");
}

TEST(ReadFile, SaysWhyAFileCannotBeRead) {
  const testing::TemporaryFolder folder;
  // Opening a folder succeeds, reading it fails, as on a disk that is damaged.
  EXPECT_EQ(error_of(folder.path()), folder.path().string() + ": cannot be read: Is a directory");
  EXPECT_EQ(error_of(folder.path() / "missing"),
            (folder.path() / "missing").string() + ": cannot be read: No such file or directory");
  EXPECT_EQ(read_text(folder.path()), "");
}

TEST(ReadFile, TellsAnErrorOfAStreamFromItsEnd) {
  std::istringstream stream("a");
  std::string line;
  while (std::getline(stream, line)) EXPECT_EQ(line, "a");
  EXPECT_NO_THROW(require_read_to_end(stream, "list", ErrorCode::kInputUnreadable));
  std::ifstream missing("/nowhere/list");
  while (std::getline(missing, line)) ADD_FAILURE();
  EXPECT_THROW(require_read_to_end(missing, "list", ErrorCode::kInputUnreadable), Error);
  stream.setstate(std::ios::badbit);
  EXPECT_THROW(require_read_to_end(stream, "list", ErrorCode::kInputUnreadable), Error);
}

}  // namespace
}  // namespace da3::core
