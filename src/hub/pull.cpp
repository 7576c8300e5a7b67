// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <system_error>
#include <thread>

#include <da3/error.hpp>

#include <core/text.hpp>
#include <hub/download.hpp>
#include <hub/hf_cache.hpp>
#include <hub/hub_api.hpp>
#include <hub/pull.hpp>

namespace da3::hub {
namespace fs = std::filesystem;
namespace {

// The export writes the tensors once more next to the download, then some.
constexpr double kDiskFactor = 2.05;
constexpr const char* kWeightsName = "model.safetensors";

std::string environment(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr ? value : "";
}

bool is_non_commercial(const std::string& licence) {
  return licence.find("-NC") != std::string::npos;
}

std::vector<RemoteFile> choose_files(const RepositoryInfo& info, const std::string& repository,
                                     const std::vector<std::string>& wanted) {
  for (const RemoteFile& file : info.files) {
    if (is_safe_file_name(file.name)) continue;
    throw Error(ErrorCode::kModelFetch,
                repository + ": the hub names a file outside the folder ('" + file.name + "'); refused");
  }
  std::vector<RemoteFile> chosen;
  for (const std::string& name : wanted) {
    const auto found = std::ranges::find(info.files, name, &RemoteFile::name);
    if (found == info.files.end()) {
      throw Error(ErrorCode::kModelFetch,
                  repository + ": has no file " + name + "; expected a published Depth Anything 3 model");
    }
    chosen.push_back(*found);
  }
  return chosen;
}

void check_disk(const PullPlan& plan, const fs::path& folder) {
  std::error_code error;
  const fs::space_info space = fs::space(folder, error);
  if (error) return;  // a file system that does not tell: the write itself will
  const auto needed =
      static_cast<std::uint64_t>(kDiskFactor * static_cast<double>(plan.total_bytes)) - plan.bytes_here;
  if (space.available >= needed) return;
  throw Error(ErrorCode::kOutputFailed,
              folder.string() + ": " + core::bytes_text(needed) + " are needed (download and export), " +
                  core::bytes_text(space.available) + " are free; free some or set DA3_HOME");
}

void confirm(const PullPlan& plan, const PullCallbacks& callbacks) {
  const bool go_on = callbacks.confirm ? callbacks.confirm(plan) : !plan.has_to_be_accepted();
  if (go_on) return;
  const std::string licence = plan.licence_known ? "its licence " + plan.licence + " was not accepted"
                                                 : std::string("its licence is not known, and not accepted");
  throw Error(ErrorCode::kModelLicence,
              plan.repository + ": " + licence + "; read it on the model's page and give --accept-license");
}

/// Takes what the hub or a model card states; what that says and cannot be read leaves the catalogue's word.
void take_licence(PullPlan& plan, const std::optional<std::string>& stated) {
  if (stated && !stated->empty()) plan.licence = *stated;
  plan.licence_known = stated.has_value() || !plan.licence.empty();
  plan.non_commercial = plan.non_commercial || is_non_commercial(plan.licence);
}

/// What the hub says of a revision in the cache that leaves something open.
RepositoryInfo info_of_cached(const std::string& repository, const std::string& commit,
                              const HubAccess& access, const std::stop_token& stop) {
  try {
    return repository_info(repository, commit, access, stop);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kModelFetch) throw;
    throw Error(ErrorCode::kModelFetch,
                std::string(error.what()) +
                    "; what is in the cache of Hugging Face's tools was to be checked, --offline takes it as "
                    "it is");
  }
}

/// Throws: Error kModelFetch for weights that are not those of the hub.
void check_cached(const fs::path& weights, const std::string& expected, const std::stop_token& stop) {
  const std::string found = file_sha256(weights, stop);
  if (found == expected) return;
  std::error_code error;
  const fs::path blob = fs::canonical(weights, error);
  throw Error(
      ErrorCode::kModelFetch,
      (error ? weights : blob).string() + ": wrong SHA-256, expected " + expected + ", got " + found +
          "; this file in the cache of Hugging Face's tools is damaged: remove it, and the same command "
          "downloads it");
}

PulledFiles take_cached(const CachedRevision& cached, PullPlan plan, const HubAccess& access,
                        const PullCallbacks& callbacks, const std::stop_token& stop) {
  const fs::path weights = cached.folder / kWeightsName;
  std::string sha256 = stated_sha256(weights);
  plan.commit = cached.commit;
  plan.total_bytes = plan.bytes_here = cached.bytes;
  take_licence(plan, cached.licence);
  if (!access.offline && (sha256.empty() || !plan.licence_known)) {
    const RepositoryInfo info = info_of_cached(plan.repository, cached.commit, access, stop);
    take_licence(plan, info.licence);
    const auto file = std::ranges::find(info.files, kWeightsName, &RemoteFile::name);
    if (file != info.files.end() && !file->sha256.empty()) sha256 = file->sha256;
  }
  plan.checked = !sha256.empty();
  confirm(plan, callbacks);
  if (plan.checked) check_cached(weights, sha256, stop);
  return {cached.folder, plan.repository, cached.commit, plan.licence, sha256, false};
}

}  // namespace

HubAccess HubAccess::from_environment() {
  HubAccess access;
  if (const std::string endpoint = environment("HF_ENDPOINT"); !endpoint.empty()) access.endpoint = endpoint;
  while (access.endpoint.ends_with('/')) access.endpoint.pop_back();
  access.token = environment("HF_TOKEN");
  const std::string offline = environment("HF_HUB_OFFLINE");
  access.offline = !offline.empty() && offline != "0";
  access.hf_cache = hf_cache_folder();
  access.sleep = [](std::chrono::milliseconds pause) { std::this_thread::sleep_for(pause); };
  return access;
}

PulledFiles pull(const std::string& name_or_repository, const fs::path& downloads, const HubAccess& access,
                 const PullCallbacks& callbacks, const std::stop_token& stop) {
  const CatalogueEntry* entry = find_in_catalogue(name_or_repository);
  if (entry == nullptr && !is_repository_name(name_or_repository)) {
    throw Error(ErrorCode::kUsage, "no model is called '" + name_or_repository +
                                       "'; expected OWNER/REPO or one of " + catalogue_names());
  }
  const std::string repository = entry != nullptr ? entry->repository : name_or_repository;
  const std::vector<std::string> wanted =
      entry != nullptr ? entry->files : std::vector<std::string>{"config.json", kWeightsName};

  PullPlan plan;
  plan.repository = repository;
  if (entry != nullptr) plan.licence = entry->licence;
  plan.non_commercial = is_non_commercial(plan.licence);
  if (const auto cached = find_in_hf_cache(repository, wanted, access.hf_cache))
    return take_cached(*cached, plan, access, callbacks, stop);
  if (access.offline) {
    throw Error(ErrorCode::kModelFetch,
                repository + ": not on this machine, and --offline (or HF_HUB_OFFLINE) forbids a download");
  }

  const RepositoryInfo info = repository_info(repository, "main", access, stop);
  if (!is_safe_file_name(info.commit)) {
    throw Error(ErrorCode::kModelFetch,
                repository + ": the hub names a revision that cannot be one ('" + info.commit + "')");
  }
  const std::vector<RemoteFile> files = choose_files(info, repository, wanted);
  const fs::path folder = downloads / cache_name(repository) / info.commit;
  std::error_code error;
  fs::create_directories(folder, error);
  if (error)
    throw Error(ErrorCode::kOutputFailed,
                folder.string() + ": cannot be made (" + error.message() + "); set DA3_HOME");

  plan.commit = info.commit;
  take_licence(plan, info.licence);
  for (const RemoteFile& file : files) {
    plan.total_bytes += file.bytes;
    plan.bytes_here += std::min(file.bytes, bytes_present(file, folder));
  }
  confirm(plan, callbacks);
  check_disk(plan, folder);

  PulledFiles pulled{folder, repository, info.commit, plan.licence, "", true};
  for (const RemoteFile& file : files) {
    const auto report = [&](std::uint64_t done) {
      if (callbacks.progress) callbacks.progress({file.name, done, file.bytes});
    };
    const std::string url = access.endpoint + "/" + repository + "/resolve/" + info.commit + "/" + file.name;
    download_file(url, file, folder, access, report, stop);
    if (file.name == kWeightsName) pulled.weights_sha256 = file.sha256;
  }
  return pulled;
}

}  // namespace da3::hub
