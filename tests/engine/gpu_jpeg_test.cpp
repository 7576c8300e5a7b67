// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <da3/error.hpp>

#include <engine/device/gpu_jpeg.hpp>

#include "fake_accelerator.hpp"

namespace da3::engine {
namespace {

using ::testing::HasSubstr;

constexpr DeviceId kFakeGpu{DeviceKind::kCuda, 0};
using Bytes = std::vector<std::uint8_t>;

/// nvJPEG's functions in a library of the tests (fake_nvjpeg.cpp), on the fake accelerator.
class GpuJpeg : public ::testing::Test {
 protected:
  GpuJpeg() { setenv("DA3_NVJPEG", DA3_FAKE_NVJPEG, 1); }
  ~GpuJpeg() override { unsetenv("DA3_NVJPEG"); }

  static Bytes file(int width, int height, int components = 3, int status = 0) {
    return {static_cast<std::uint8_t>(width),
            static_cast<std::uint8_t>(height),
            static_cast<std::uint8_t>(components),
            static_cast<std::uint8_t>(status),
            0,
            0xFF,
            0xD9};
  }

  testing::FakeAccelerator fake_;
  DeviceLayerOverride override_{DeviceKind::kCuda, fake_};
};

TEST_F(GpuJpeg, GivesEveryPixelItsPlace) {
  const GpuJpegResult loaded = load_gpu_jpeg(kFakeGpu);
  ASSERT_TRUE(loaded.decoder) << loaded.reason;
  const auto pixels = loaded.decoder->decode(file(5, 3), {3, 5});
  ASSERT_TRUE(pixels);
  ASSERT_EQ(pixels->size(), 45U);
  for (std::size_t i = 0; i < 15; ++i) {
    EXPECT_EQ((*pixels)[i * 3], i % 5);
    EXPECT_EQ((*pixels)[i * 3 + 1], i / 5);
    EXPECT_EQ((*pixels)[i * 3 + 2], 7);
  }
}

TEST_F(GpuJpeg, LeavesToTheCpuWhatItCannotDecodeWhole) {
  const GpuJpegResult loaded = load_gpu_jpeg(kFakeGpu);
  ASSERT_TRUE(loaded.decoder) << loaded.reason;
  Bytes cut = file(5, 3);
  cut.pop_back();
  EXPECT_FALSE(loaded.decoder->decode(cut, {3, 5})) << "no end marker";
  EXPECT_FALSE(loaded.decoder->decode(file(5, 3, 4), {3, 5})) << "CMYK";
  EXPECT_FALSE(loaded.decoder->decode(file(5, 3), {5, 3})) << "another size than the header that was checked";
  constexpr int kBadJpeg = 3;
  constexpr int kIncomplete = 10;
  EXPECT_FALSE(loaded.decoder->decode(file(5, 3, 3, kBadJpeg), {3, 5}));
  EXPECT_FALSE(loaded.decoder->decode(file(5, 3, 3, kIncomplete), {3, 5}));
  EXPECT_FALSE(loaded.decoder->decode({}, {3, 5}));
}

TEST_F(GpuJpeg, WantOfMemoryAndAFailedGpuAreErrors) {
  const GpuJpegResult loaded = load_gpu_jpeg(kFakeGpu);
  ASSERT_TRUE(loaded.decoder) << loaded.reason;
  const std::pair<int, ErrorCode> cases[] = {{5, ErrorCode::kOutOfMemory},
                                             {6, ErrorCode::kDeviceUnavailable}};
  for (const auto& [status, code] : cases) {
    try {
      loaded.decoder->decode(file(5, 3, 3, status), {3, 5});
      ADD_FAILURE() << status;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code);
    }
  }
}

TEST_F(GpuJpeg, DecodesFromManyThreads) {
  const GpuJpegResult loaded = load_gpu_jpeg(kFakeGpu);
  ASSERT_TRUE(loaded.decoder) << loaded.reason;
  std::vector<std::size_t> sizes(4);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    threads.emplace_back([&, i] {
      const int side = static_cast<int>(i) + 1;
      for (int turn = 0; turn < 50; ++turn)
        sizes[i] += loaded.decoder->decode(file(side, side), {side, side})->size();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < sizes.size(); ++i) EXPECT_EQ(sizes[i], 50 * 3 * (i + 1) * (i + 1));
}

TEST_F(GpuJpeg, AbsenceHasAReason) {
  EXPECT_THAT(load_gpu_jpeg({}).reason, HasSubstr("CUDA devices only"));
  fake_.devices_ = 0;
  EXPECT_THAT(load_gpu_jpeg(kFakeGpu).reason, HasSubstr("the fake has no device"));
  fake_.devices_ = 1;
  setenv("DA3_NVJPEG", "/absent/libnvjpeg.so", 1);
  EXPECT_THAT(load_gpu_jpeg(kFakeGpu).reason, HasSubstr("/absent/libnvjpeg.so is not found"));
}

}  // namespace
}  // namespace da3::engine
