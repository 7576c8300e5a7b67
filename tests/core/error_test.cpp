// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <set>

#include <gtest/gtest.h>

#include <da3/error.hpp>

namespace da3 {
namespace {

TEST(Error, EveryCodeHasItsOwnNameAndADocumentedExitCode) {
  std::set<std::string_view> names;
  const std::set<int> documented{1, 2, 3, 4, 5, 6, 70, 130};
  for (int i = 0; i <= static_cast<int>(ErrorCode::kInternal); ++i) {
    const auto code = static_cast<ErrorCode>(i);
    EXPECT_TRUE(names.insert(error_name(code)).second) << error_name(code) << " is used twice";
    EXPECT_TRUE(documented.contains(exit_code(code))) << error_name(code);
  }
}

}  // namespace
}  // namespace da3
