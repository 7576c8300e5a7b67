// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <da3/error.hpp>

#include <core/host/processor.hpp>

namespace da3::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Processor, IsRestrictedToWhatIsNamedAndThere) {
  Processor processor;
  processor.vendor = "AuthenticAMD";
  processor.avx2 = processor.fma = processor.avx512f = processor.avx512_vnni = true;
  const Processor old = restricted_to(processor, "avx2,fma,avx_vnni,");
  EXPECT_THAT(old.names(), ElementsAre("fma", "avx2")) << "no feature is invented";
  EXPECT_EQ(old.vendor, "AuthenticAMD");
  for (const char* not_one : {"avx512", "foo", "avx2,foo", " avx2", "AVX2"}) {
    try {
      restricted_to(processor, not_one);
      ADD_FAILURE() << not_one << " was taken";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage) << not_one;
    }
  }
  EXPECT_THAT(restricted_to(processor, "").names(), IsEmpty());
}

}  // namespace
}  // namespace da3::core
