// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include <da3/export.hpp>

namespace da3 {

/// The version of the library, such as "0.1.0".
DA3_API std::string_view version();

/// The commit it was built from, abbreviated, with "-dirty" for a changed tree; "unknown" outside a checkout.
DA3_API std::string_view commit();

}  // namespace da3
