// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>

namespace da3::hub {

/// One GET. Redirects are followed by hand so that the token never reaches another host.
struct HttpRequest {
  std::string url;
  std::string bearer_token;       ///< Sent only to the host of `url`, never after a redirect to another
  std::uint64_t range_start = 0;  ///< Asks for the rest of a file from this byte on
};

struct HttpResponse {
  long status = 0;
  std::optional<std::uint64_t> content_length;  ///< Of the last response's body
  std::optional<double> retry_after_s;
  std::string content_type;
  /// Why the transfer broke off; empty when the body came whole.
  std::string transfer_error;
  bool stopped_by_sink = false;
};

/// Called once when the final response's head is there (before any body), then with each piece of a body of
/// status 200 or 206. Returning false ends the transfer.
struct HttpSink {
  std::function<bool(const HttpResponse& head)> begin;
  std::function<bool(std::span<const char> piece)> piece;
};

/// Performs the request: HTTPS (plain HTTP too, for an endpoint named so), proxy variables respected, at most
/// 5 redirects, a stalled connection given up after a minute. Throws: Error kModelFetch when no connection
/// can be made at all or redirects do not end, kInterrupted when `stop` was requested.
HttpResponse http_get(const HttpRequest& request, const HttpSink& sink, const std::stop_token& stop);

}  // namespace da3::hub
