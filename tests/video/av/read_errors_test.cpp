// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <video/av/clips.hpp>

#include <da3/error.hpp>

// A disk that fails while a video is read is never its end.
namespace {

/// Reads of one file by this process: how many there were, and from which on they fail.
struct Reads {
  std::atomic<ino_t> file = 0;  ///< 0: none is watched
  std::atomic<int> count = 0;
  std::atomic<int> fail_from = 0;
} reads;

}  // namespace

// In place of the C library's, for FFmpeg.
extern "C" __attribute__((visibility("default"))) ssize_t read(int descriptor, void* to, std::size_t count) {
  using Read = ssize_t (*)(int, void*, std::size_t);
  static const auto real = reinterpret_cast<Read>(dlsym(RTLD_NEXT, "read"));
  struct stat status{};
  if (reads.file != 0 && fstat(descriptor, &status) == 0 && status.st_ino == reads.file &&
      ++reads.count > reads.fail_from) {
    errno = EIO;
    return -1;
  }
  return real(descriptor, to, count);
}

namespace da3::video {
namespace {

class ReadErrors : public Runs {
 protected:
  ~ReadErrors() override { reads.file = 0; }

  /// From now on the file's reads after the first `working` ones fail.
  static void watch(const std::string& file, int working) {
    struct stat status{};
    ASSERT_EQ(stat(file.c_str(), &status), 0);
    reads.count = 0;
    reads.fail_from = working;
    reads.file = status.st_ino;
  }
  static constexpr int kNever = 1 << 30;
};

TEST_F(ReadErrors, OfSoundAreNotItsEnd) {
  // 750 kB, so that it is read in many pieces.
  const std::string input =
      make("in.mkv", h264() + " -c:a pcm_s16le", "-f lavfi -i sine=frequency=440:duration=8");
  StreamSpec stream;
  stream.size = {36, 64};
  stream.encoder = av::library().choose_encoder(stream, "matroska");
  JoinSpec spec;
  spec.segments = {folder_.path() / "segment.nut"};
  spec.target = folder_.path() / "out.mkv";
  spec.container = "matroska";
  spec.sound = SoundSource{input};
  const auto segment = av::library().segment(spec.segments.front(), stream);
  write_grey(*segment, stream.size, 5);
  segment->finish();

  watch(input, kNever);
  EXPECT_TRUE(av::library().join(spec).empty());
  const int needed = reads.count;
  ASSERT_GT(needed, 10);
  for (int working = needed - 1; working > needed / 2; --working) {
    watch(input, working);
    try {
      av::library().join(spec);
      ADD_FAILURE() << "joined with " << working << " of " << needed << " reads";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInputUnreadable) << error.what();
    }
  }
}

TEST_F(ReadErrors, OfTimesGiveNone) {
  const std::string input =
      make("in.mkv", h264() + " -c:a pcm_s16le", "-f lavfi -i sine=frequency=440:duration=8");
  const auto reader = av::library().open(input, {});
  watch(input, kNever);
  EXPECT_EQ(reader->times(1e9).size(), static_cast<std::size_t>(kFrames));
  watch(input, reads.count - 1);
  EXPECT_TRUE(reader->times(1e9).empty());
}

}  // namespace
}  // namespace da3::video
