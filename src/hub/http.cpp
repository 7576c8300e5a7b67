// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <memory>
#include <string_view>

#include <curl/curl.h>

#include <da3/error.hpp>
#include <da3/version.hpp>

#include <hub/http.hpp>

namespace da3::hub {
namespace {

constexpr int kMaxRedirects = 5;
constexpr long kConnectTimeoutS = 20;
constexpr long kStallS = 60;

struct CurlDeleter {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

/// Scheme, host and port of a URL: what a token may be sent to.
std::string origin_of(const std::string& url) {
  const std::unique_ptr<CURLU, CurlDeleter> parsed(curl_url());
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return {};
  std::string origin;
  for (const CURLUPart part : {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT}) {
    char* text = nullptr;
    if (curl_url_get(parsed.get(), part, &text, CURLU_DEFAULT_PORT) == CURLUE_OK)
      origin += std::string(text) + "|";
    curl_free(text);
  }
  return origin;
}

std::optional<double> seconds(const char* text) {
  double value = 0;
  const std::string_view view(text);
  const auto [end, error] = std::from_chars(view.data(), view.data() + view.size(), value);
  if (error != std::errc() || value < 0)
    return std::nullopt;  // the form with a date: ordinary back-off serves
  return value;
}

/// State of one transfer, handed to libcurl's callbacks.
struct Transfer {
  CURL* curl = nullptr;
  const HttpSink* sink = nullptr;
  const std::stop_token* stop = nullptr;
  HttpResponse response;
  bool begun = false;

  void read_head() {
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &response.status);
    curl_off_t length = -1;
    curl_easy_getinfo(curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (length >= 0) response.content_length = static_cast<std::uint64_t>(length);
    const char* type = nullptr;
    curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
    response.content_type = type != nullptr ? type : "";
    struct curl_header* header = nullptr;
    if (curl_easy_header(curl, "Retry-After", 0, CURLH_HEADER, -1, &header) == CURLHE_OK) {
      response.retry_after_s = seconds(header->value);
    }
  }

  bool has_body() const { return response.status == 200 || response.status == 206; }

  bool begin() {
    if (begun) return true;
    begun = true;
    read_head();
    return !has_body() || sink->begin(response);
  }
};

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto* transfer = static_cast<Transfer*>(user);
  const std::size_t bytes = size * count;
  if (!transfer->begin()) {
    transfer->response.stopped_by_sink = true;
    return CURL_WRITEFUNC_ERROR;
  }
  if (!transfer->has_body()) return bytes;  // an error page: read and forgotten
  if (!transfer->sink->piece({data, bytes})) {
    transfer->response.stopped_by_sink = true;
    return CURL_WRITEFUNC_ERROR;
  }
  return bytes;
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Transfer*>(user)->stop->stop_requested() ? 1 : 0;
}

void set_up(CURL* curl, const std::string& url, std::uint64_t range_start, curl_slist* headers,
            Transfer& transfer) {
  curl_easy_reset(curl);
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectTimeoutS);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, kStallS);
  curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 512L * 1024L);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, ("da3/" + std::string(version())).c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  if (range_start > 0) curl_easy_setopt(curl, CURLOPT_RANGE, (std::to_string(range_start) + "-").c_str());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
}

bool cannot_connect(CURLcode code) {
  switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
      return true;
    default:
      return false;
  }
}

}  // namespace

HttpResponse http_get(const HttpRequest& request, const HttpSink& sink, const std::stop_token& stop) {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  const std::unique_ptr<CURL, CurlDeleter> curl(curl_easy_init());
  if (initialised != CURLE_OK || !curl) throw Error(ErrorCode::kInternal, "libcurl cannot be initialised");
  const std::string token_origin = origin_of(request.url);
  std::string url = request.url;
  for (int hop = 0; hop <= kMaxRedirects; ++hop) {
    Transfer transfer{curl.get(), &sink, &stop, {}, false};
    std::unique_ptr<curl_slist, CurlDeleter> headers;
    if (!request.bearer_token.empty() && origin_of(url) == token_origin) {
      headers.reset(curl_slist_append(nullptr, ("Authorization: Bearer " + request.bearer_token).c_str()));
    }
    set_up(curl.get(), url, request.range_start, headers.get(), transfer);
    const CURLcode code = curl_easy_perform(curl.get());
    if (stop.stop_requested())
      throw Error(ErrorCode::kInterrupted, "the download was interrupted; the same command resumes it");
    if (cannot_connect(code)) {
      throw Error(ErrorCode::kModelFetch,
                  url + ": " + curl_easy_strerror(code) +
                      "; check the network, proxy variables (https_proxy) and HF_ENDPOINT");
    }
    if (code == CURLE_OK && !transfer.begin()) transfer.response.stopped_by_sink = true;  // an empty body
    if (!transfer.begun) transfer.read_head();
    if (code != CURLE_OK && !transfer.response.stopped_by_sink)
      transfer.response.transfer_error = curl_easy_strerror(code);
    const long status = transfer.response.status;
    if (status < 300 || status >= 400 || status == 304) return transfer.response;
    const char* target = nullptr;
    curl_easy_getinfo(curl.get(), CURLINFO_REDIRECT_URL, &target);
    if (target == nullptr) return transfer.response;
    url = target;
  }
  throw Error(ErrorCode::kModelFetch, request.url + ": more than " + std::to_string(kMaxRedirects) +
                                          " redirects, the server sends us in circles; check HF_ENDPOINT");
}

}  // namespace da3::hub
