// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include <gtest/gtest.h>

#include <bench/measure/peak_memory.hpp>

namespace da3::bench {
namespace {

constexpr std::size_t kBytes = std::size_t{96} << 20U;
constexpr std::size_t kSlack = std::size_t{32} << 20U;

// Volatile, or the compiler sees that nobody reads the block.
void use_memory() {
  const auto block = std::make_unique<char[]>(kBytes);
  volatile char* bytes = block.get();
  for (std::size_t i = 0; i < kBytes; i += 1024) bytes[i] = 1;
}

TEST(PeakMemory, CountsWhatWasResident) {
  SystemPeakMemory memory;
  const auto before = memory.bytes();
  if (!before)
    GTEST_SKIP() << "a system that tells the peak of a process (VmHWM in /proc/self/status) is needed";
  use_memory();
  EXPECT_GE(*memory.bytes(), kBytes);
}

TEST(PeakMemory, ARestartForgetsButTheWholeProcessDoesNot) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "a build without AddressSanitizer, which keeps freed memory, is needed";
#endif
  SystemPeakMemory memory;
  use_memory();
  const auto high = memory.bytes();
  ASSERT_GE(high.value_or(kBytes), kBytes);
  if (!memory.restart())
    GTEST_SKIP() << "a system that can forget a peak (/proc/self/clear_refs, writable) is needed";
  EXPECT_LT(*memory.bytes(), *high - (kBytes - kSlack));
  EXPECT_GE(*memory.whole_bytes(), *high);
}

}  // namespace
}  // namespace da3::bench
