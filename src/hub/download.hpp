// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

#include <hub/hub_api.hpp>

namespace da3::hub {

/// Bytes of `file` that an earlier attempt left below `folder` (whole or in part).
std::uint64_t bytes_present(const RemoteFile& file, const std::filesystem::path& folder);

/// Of a file's content. Throws: Error kModelFetch where it cannot be read, kInterrupted.
std::string file_sha256(const std::filesystem::path& path, const std::stop_token& stop);

/// Brings one file into `folder`: the rest of what `NAME.part` holds (the whole file where the hub gives no
/// SHA-256), then size and SHA-256 are checked, then it gets its name. A file that is already there and
/// passes is kept. What fails the check is removed. Throws: Error kModelFetch, kInterrupted.
void download_file(const std::string& url, const RemoteFile& file, const std::filesystem::path& folder,
                   const HubAccess& access, const std::function<void(std::uint64_t done_bytes)>& progress,
                   const std::stop_token& stop);

}  // namespace da3::hub
