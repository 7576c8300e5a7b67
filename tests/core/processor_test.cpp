// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <core/host/processor.hpp>

namespace da3::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Processor, IsRestrictedToWhatIsNamedAndThere) {
  Processor processor;
  processor.vendor = "AuthenticAMD";
  processor.avx2 = processor.fma = processor.avx512f = processor.avx512_vnni = true;
  const Processor old = restricted_to(processor, "avx2,fma,avx_vnni,nonsense");
  EXPECT_THAT(old.names(), ElementsAre("fma", "avx2")) << "no feature is invented";
  EXPECT_EQ(old.vendor, "AuthenticAMD");
  EXPECT_FALSE(restricted_to(processor, "avx512").avx512f) << "names are whole";
  EXPECT_THAT(restricted_to(processor, "").names(), IsEmpty());
}

}  // namespace
}  // namespace da3::core
