// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <da3/device.hpp>
#include <da3/error.hpp>

namespace da3 {
namespace {

TEST(Device, NamesAreReadBackAsWritten) {
  for (const char* name : {"cpu", "cuda:0", "cuda:7", "mps"}) EXPECT_EQ(to_string(parse_device(name)), name);
  EXPECT_EQ(parse_device("cuda"), (DeviceId{DeviceKind::kCuda, 0}));
}

TEST(Device, NonsenseIsAUsageErrorThatListsTheChoices) {
  for (const char* name : {"", "gpu", "cuda:", "cuda:-1", "cuda:1x", "cpu:1", "cuda:99999999999"}) {
    try {
      parse_device(name);
      FAIL() << name << " was accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage) << name;
      EXPECT_NE(std::string(error.what()).find("cuda"), std::string::npos) << error.what();
    }
  }
}

TEST(Precision, NamesAreReadBackAsWritten) {
  for (const char* name : {"fp32", "bf16", "fp16", "int8"}) EXPECT_EQ(to_string(parse_precision(name)), name);
}

}  // namespace
}  // namespace da3
