// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace da3::testing {

struct ServerRequest {
  std::string path;                            ///< With query
  std::map<std::string, std::string> headers;  ///< Names in lower case
  int nth = 0;                                 ///< How many requests for this path came before

  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found != headers.end() ? found->second : "";
  }
};

/// A complete HTTP answer as text.
std::string http_answer(int status, const std::string& body, const std::string& more_headers = "");

/// An HTTP server on a loopback port for one test. Each request's answer is the text that `handler` returns,
/// sent as it is before the connection is closed: a Content-Length above the body's size plays a cut
/// connection.
class TestServer {
 public:
  using Handler = std::function<std::string(const ServerRequest&)>;
  explicit TestServer(Handler handler);
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::vector<ServerRequest> requests() const;

 private:
  void serve();
  void answer(int connection);

  Handler handler_;
  int socket_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::vector<ServerRequest> requests_;
  std::map<std::string, int> counts_;
  std::thread thread_;
};

}  // namespace da3::testing
