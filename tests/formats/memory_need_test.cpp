// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <fstream>
#include <random>
#include <string>

#include <formats/encode.hpp>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define DA3_SANITIZED 1
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define DA3_SANITIZED 1
#endif

// The planner of a run counts on encoding_bytes. Noise cannot be packed, so that files are as large as they
// get.
namespace da3::formats {
namespace {

constexpr Size kSize{1100, 1400};
/// Of libraries, whatever the size of the picture: states of packers, tables, buffers of 64 KiB and less,
/// pages of code that are touched for the first time.
constexpr std::uint64_t kConstantBytes = std::uint64_t{6} << 20U;

DepthMap noise(std::mt19937& random) {
  std::uniform_real_distribution<float> value(0.1F, 100);
  DepthMap map{kSize, std::vector<float>(kSize.area())};
  for (float& each : map.values) each = value(random);
  return map;
}

OutputSet noisy_set() {
  std::mt19937 random(7);
  OutputSet set;
  set.kind = DepthKind::kMetric;
  set.unit.emplace("m");
  set.depth = noise(random);
  set.confidence = noise(random);
  set.sky = noise(random);
  set.camera = image::Intrinsics{900, 900, 700, 550};
  set.photo = Image{kSize, std::vector<std::uint8_t>(kSize.area() * 3)};
  for (std::uint8_t& sample : set.photo->rgb) sample = static_cast<std::uint8_t>(random());
  return set;
}

std::uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t pages = 0;
  statm >> pages >> pages;
  return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

/// Most bytes that encoding takes above what the set takes, in a process of its own; 0 if it fails.
std::uint64_t peak_of_encoding(const OutputSet& set, Format format, const EncodeOptions& options) {
  int ends[2];
  if (pipe(ends) != 0) return 0;
  const pid_t child = fork();
  if (child == 0) {
    std::uint64_t peak = 0;
    try {
      // The kernel's high-water mark starts at what is resident now.
      std::ofstream("/proc/self/clear_refs") << "5" << std::flush;
      const std::uint64_t before = resident_bytes();
      const EncodedSet encoded = encode(set, {format}, options);
      std::uint64_t high_kib = 0;
      std::ifstream status("/proc/self/status");
      for (std::string word; status >> word;) {
        if (word == "VmHWM:") status >> high_kib;
      }
      peak = std::max<std::uint64_t>(high_kib * 1024, before) - before;
      if (encoded.files.front().bytes.empty()) peak = 0;
    } catch (...) {
      peak = 0;
    }
    [[maybe_unused]] const auto written = write(ends[1], &peak, sizeof(peak));
    _exit(0);
  }
  close(ends[1]);
  std::uint64_t peak = 0;
  if (read(ends[0], &peak, sizeof(peak)) != sizeof(peak)) peak = 0;
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return peak;
}

void expect_within(const OutputSet& set, const EncodeOptions& options) {
  for (const FormatFacts& facts : kFormatFacts) {
    const std::uint64_t maps = facts.extra_maps ? 3 : 1;
    const std::uint64_t need = encoding_bytes(facts.format, kSize.area(), maps, options);
    const std::uint64_t peak = peak_of_encoding(set, facts.format, options);
    EXPECT_GT(peak, 0U) << facts.name << " was not made";
    EXPECT_LE(peak, need + kConstantBytes) << facts.name << ", " << need << " expected";
  }
}

TEST(EncodingBytes, HoldForNoiseInEveryFormat) {
#if defined(DA3_SANITIZED)
  GTEST_SKIP() << "a build without sanitizers is needed, which take memory themselves";
#elif !defined(__linux__)
  GTEST_SKIP() << "/proc with clear_refs (Linux) is needed to see the peak of memory";
#else
  expect_within(noisy_set(), {});
#endif
}

TEST(EncodingBytes, HoldForEveryCompressionAndChannelOfExr) {
#if defined(DA3_SANITIZED) || !defined(__linux__)
  GTEST_SKIP() << "Linux and a build without sanitizers are needed to see the peak of memory";
#else
  const OutputSet set = noisy_set();
  for (const ExrCompression compression :
       {ExrCompression::kRle, ExrCompression::kPiz, ExrCompression::kZips}) {
    EncodeOptions options;
    options.exr_compression = compression;
    options.exr_channels = ExrChannels::kRgb;
    for (const Format format : {Format::kExr, Format::kExr16}) {
      EXPECT_LE(peak_of_encoding(set, format, options),
                encoding_bytes(format, kSize.area(), 3, options) + kConstantBytes)
          << to_string(format) << " " << to_string(compression);
    }
  }
#endif
}

}  // namespace
}  // namespace da3::formats
