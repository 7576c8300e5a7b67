// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace da3::core {

/// How this program was built.
struct BuildInfo {
  std::string_view version;
  std::string_view commit;
  std::string_view build_type;
  std::string_view compiler;
};

BuildInfo build_info();

}  // namespace da3::core
