// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace da3::cli {

/// Opens those of the descriptors 0 to 2 that the caller closed to /dev/null. Else the next file to be
/// opened, the manifest or a result, gets such a number, and messages and records are written into it. Call
/// it first in main.
void open_standard_descriptors();

}  // namespace da3::cli
