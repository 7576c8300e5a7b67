// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <barrier>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <zip/archive.hpp>

#include <testing/zip_writer.hpp>

namespace da3::zip {
namespace {

std::span<const std::uint8_t> view(const std::string& bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

std::string text(const std::vector<std::uint8_t>& bytes) {
  return {bytes.begin(), bytes.end()};
}

TEST(ZipArchive, ReadsEntriesWholeOrTheirBeginning) {
  const std::string bytes = testing::zip_bytes({{"a.npy", "0123456789"}, {"b.npy", ""}});
  const Archive archive = open_bytes(view(bytes));
  EXPECT_EQ(text(read_entry(archive.get(), "a.npy", bytes.size()).value()), "0123456789");
  EXPECT_EQ(text(read_entry(archive.get(), "a.npy", bytes.size(), 4).value()), "0123");
  EXPECT_EQ(text(read_entry(archive.get(), "b.npy", bytes.size()).value()), "");
  EXPECT_FALSE(read_entry(archive.get(), "c.npy", bytes.size()).has_value());
}

TEST(ZipArchive, SaysWhatIsWrong) {
  EXPECT_THROW(open_bytes(view("no archive")), Unreadable);
  std::string bytes = testing::zip_bytes({{"a.npy", std::string(100, 'x')}});
  bytes[60] = 'y';  // its CRC is another one
  const Archive archive = open_bytes(view(bytes));
  EXPECT_THROW(read_entry(archive.get(), "a.npy", bytes.size()), Unreadable);
}

TEST(ZipArchive, NoEntryIsBelievedThatDeflateCouldNotHavePacked) {
  const std::string bytes = testing::zip_bytes({{"a.npy", std::string(5000, 'x')}});
  const Archive archive = open_bytes(view(bytes));
  EXPECT_THROW(read_entry(archive.get(), "a.npy", 3), Unreadable);  // 5000 / 3 > 1032
  EXPECT_EQ(read_entry(archive.get(), "a.npy", 4).value().size(), 5000U);
}

// Alone in its process, so these are the first archives: with libzip 1.7 and no lock about one process in a
// thousand fails here.
TEST(ZipArchive, ThreadsMayOpenTheFirstArchivesOfAProcess) {
  constexpr int kThreads = 8;
  std::barrier together(kThreads);
  std::atomic<int> opened = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      zip_error_t error;
      zip_error_init(&error);
      const Source source(zip_source_buffer_create(nullptr, 0, 0, &error));
      together.arrive_and_wait();
      const Archive archive = open(source.get(), ZIP_TRUNCATE, &error);
      if (!archive) return;
      zip_source_keep(source.get());  // One reference is the archive's
      ++opened;
    });
  }
  threads.clear();
  EXPECT_EQ(opened, kThreads);
}

}  // namespace
}  // namespace da3::zip
