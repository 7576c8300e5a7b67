// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>

namespace da3::run {

/// How long a run waits for another to write the page: far longer than that takes, and not for ever for one
/// that is stopped. After it the page is written all the same.
inline constexpr std::chrono::seconds kPagePatience{20};

/// Throws: Error kOutputExists if `folder` has an index.html that da3 did not write.
void require_own_gallery(const std::filesystem::path& folder);

/// Writes index.html of a result folder anew: all photos that any run has given a gallery picture, each
/// as its last record tells, in natural order of their names. Throws: Error kOutputExists, kOutputFailed.
void write_gallery(const std::filesystem::path& folder, std::chrono::milliseconds patience = kPagePatience);

/// The same after a run that gave no pictures of a gallery, where a page of earlier runs is: pictures that
/// are no longer there leave it, and it goes with the last one. Throws: Error kOutputFailed.
void renew_gallery(const std::filesystem::path& folder, std::chrono::milliseconds patience = kPagePatience);

}  // namespace da3::run
