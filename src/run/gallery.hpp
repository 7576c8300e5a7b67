// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace da3::run {

/// Throws: Error kOutputExists if `folder` has an index.html that da3 did not write.
void require_own_gallery(const std::filesystem::path& folder);

/// Writes index.html of a result folder anew: all photos that any run has given a gallery picture, each
/// as its last record tells, in natural order of their names. Throws: Error kOutputExists, kOutputFailed.
void write_gallery(const std::filesystem::path& folder);

/// The same after a run that gave no pictures of a gallery, where a page of earlier runs is: pictures that
/// are no longer there leave it, and it goes with the last one. Throws: Error kOutputFailed.
void renew_gallery(const std::filesystem::path& folder);

}  // namespace da3::run
