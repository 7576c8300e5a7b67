// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <da3/error.hpp>

#include <hub/http.hpp>
#include <hub/pull.hpp>

namespace da3::hub {

/// A file of a repository as the hub describes it.
struct RemoteFile {
  std::string name;
  std::uint64_t bytes = 0;
  std::string sha256;  ///< Of its LFS record; empty for small files kept in git
};

struct RepositoryInfo {
  std::string commit;
  /// SPDX identifier, empty if the hub states none; nothing for what is no one licence, such as a list.
  std::optional<std::string> licence = "";
  std::vector<RemoteFile> files;
};

/// True for OWNER/REPO as the hub allows it: letters, digits, '-', '_', '.', no part that is dots alone.
bool is_repository_name(std::string_view text);

/// True for a file name that stays inside a folder: relative, no empty, "." or ".." part, no control
/// characters.
bool is_safe_file_name(std::string_view name);

/// The SPDX identifier of a licence as the hub's model cards spell it, such as "cc-by-nc-4.0".
std::string spdx_licence(std::string_view card_licence);

/// What the hub says about a revision of a repository, "main" or a commit. Throws: Error kModelFetch.
RepositoryInfo repository_info(const std::string& repository, const std::string& revision,
                               const HubAccess& access, const std::stop_token& stop);

/// Performs a request again while it fails in a way that may pass (broken transfer, 408, 429, 5xx), pausing
/// in between. `attempt` returns the response; the last one is returned, of any status. Throws: what
/// `attempt` throws.
HttpResponse with_retries(const HubAccess& access, const std::function<HttpResponse()>& attempt);

/// The error for a final response that is no success. Subject: the repository or file.
Error response_error(const std::string& subject, const HttpResponse& response);

}  // namespace da3::hub
