// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>
#include <cmath>

#include <nlohmann/json.hpp>

#include <core/json_reading.hpp>
#include <hub/hub_api.hpp>

namespace da3::hub {
namespace {

constexpr std::size_t kMaxInfoBytes = 8U << 20U;
constexpr double kMaxPauseS = 120;

bool may_pass(const HttpResponse& response) {
  if (response.stopped_by_sink) return false;
  const bool success = response.status == 200 || response.status == 206;
  if (success) return !response.transfer_error.empty();
  return response.status == 0 || response.status == 408 || response.status == 429 || response.status >= 500;
}

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    parts.push_back(path.substr(at, slash - at));
    at = slash + 1;
  }
  return parts;
}

RepositoryInfo parse_info(const std::string& repository, const std::string& text) {
  try {
    const nlohmann::json info = core::parse_json(text);
    RepositoryInfo result;
    result.commit = info.at("sha");
    if (const auto card = info.find("cardData"); card != info.end() && card->is_object()) {
      if (const auto licence = card->find("license"); licence != card->end() && !licence->is_null()) {
        result.licence =
            licence->is_string() ? std::optional(spdx_licence(licence->get<std::string>())) : std::nullopt;
      }
    }
    for (const nlohmann::json& sibling : info.at("siblings")) {
      RemoteFile file;
      file.name = sibling.at("rfilename");
      const auto lfs = sibling.find("lfs");
      const bool has_lfs = lfs != sibling.end() && lfs->is_object();
      if (has_lfs) file.sha256 = lfs->at("sha256");
      if (has_lfs && lfs->contains("size")) {
        file.bytes = lfs->at("size");
      } else if (sibling.contains("size") && sibling.at("size").is_number_unsigned()) {
        file.bytes = sibling.at("size");
      }
      result.files.push_back(std::move(file));
    }
    return result;
  } catch (const nlohmann::json::exception&) {
    throw Error(ErrorCode::kModelFetch,
                repository + ": expected the hub's JSON description, got something else (" +
                    text.substr(0, 40) + "...); a login page or proxy may be in the way, check HF_ENDPOINT");
  }
}

}  // namespace

bool is_repository_name(std::string_view text) {
  const auto parts = parts_of(text);
  if (parts.size() != 2) return false;
  return std::ranges::all_of(parts, [](std::string_view part) {
    const auto allowed = [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
    };
    const bool dots_alone = part.find_first_not_of('.') == std::string_view::npos;
    return !dots_alone && part.size() <= 96 && std::ranges::all_of(part, allowed);
  });
}

bool is_safe_file_name(std::string_view name) {
  if (name.find('\\') != std::string_view::npos) return false;
  if (std::ranges::any_of(name, [](char c) { return std::iscntrl(static_cast<unsigned char>(c)) != 0; }))
    return false;
  return std::ranges::all_of(
      parts_of(name), [](std::string_view part) { return !part.empty() && part != "." && part != ".."; });
}

std::string spdx_licence(std::string_view card_licence) {
  std::string licence(card_licence);
  if (licence == "apache-2.0") return "Apache-2.0";
  if (licence == "mit") return "MIT";
  std::ranges::transform(licence, licence.begin(), [](char c) {
    return static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  });
  return licence;
}

HttpResponse with_retries(const HubAccess& access, const std::function<HttpResponse()>& attempt) {
  auto pause = access.first_pause;
  for (int tried = 1;; ++tried) {
    HttpResponse response = attempt();
    if (tried >= access.max_attempts || !may_pass(response)) return response;
    auto wait = pause;
    if (response.retry_after_s) {
      wait = std::chrono::milliseconds(std::llround(1000 * std::min(*response.retry_after_s, kMaxPauseS)));
    }
    access.sleep(wait);
    pause *= 2;
  }
}

Error response_error(const std::string& subject, const HttpResponse& response) {
  std::string reason = "the hub answered with status " + std::to_string(response.status);
  switch (response.status) {
    case 0:
      reason = "no answer from the hub (" + response.transfer_error + "); check the network";
      break;
    case 200:
    case 206:
      reason = "the transfer broke off (" + response.transfer_error + "); the same command resumes it";
      break;
    case 401:
    case 403:
      reason +=
          ": not allowed; if the model asks for its terms to be accepted, do that on its page and set "
          "HF_TOKEN";
      break;
    case 404:
      reason += ": not found; check the name (da3 model list)";
      break;
    case 429:
      reason += ": too many requests; wait some minutes, or set HF_TOKEN";
      break;
    default:
      reason += response.status >= 500 ? ": the hub has a problem; try later" : "; check HF_ENDPOINT";
  }
  return Error(ErrorCode::kModelFetch, subject + ": " + reason);
}

RepositoryInfo repository_info(const std::string& repository, const std::string& revision,
                               const HubAccess& access, const std::stop_token& stop) {
  std::string text;
  const HttpRequest request{
      access.endpoint + "/api/models/" + repository + "/revision/" + revision + "?blobs=true", access.token,
      0};
  const HttpSink sink{[&](const HttpResponse&) {
                        text.clear();
                        return true;
                      },
                      [&](std::span<const char> piece) {
                        text.append(piece.data(), piece.size());
                        return text.size() <= kMaxInfoBytes;
                      }};
  const HttpResponse response = with_retries(access, [&] { return http_get(request, sink, stop); });
  if (response.status != 200 || !response.transfer_error.empty()) throw response_error(repository, response);
  return parse_info(repository, text);
}

}  // namespace da3::hub
