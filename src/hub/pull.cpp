// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <system_error>
#include <thread>

#include <da3/error.hpp>

#include <core/read_file.hpp>
#include <core/text.hpp>
#include <hub/download.hpp>
#include <hub/hub_api.hpp>
#include <hub/pull.hpp>

namespace da3::hub {
namespace fs = std::filesystem;
namespace {

// The export writes the tensors once more next to the download, then some.
constexpr double kDiskFactor = 2.05;

std::string environment(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr ? value : "";
}

fs::path hf_cache_folder() {
  if (const std::string cache = environment("HF_HUB_CACHE"); !cache.empty()) return cache;
  if (const std::string home = environment("HF_HOME"); !home.empty()) return fs::path(home) / "hub";
  if (const std::string cache = environment("XDG_CACHE_HOME"); !cache.empty())
    return fs::path(cache) / "huggingface" / "hub";
  const std::string home = environment("HOME");
  return home.empty() ? fs::path() : fs::path(home) / ".cache" / "huggingface" / "hub";
}

std::string cache_name(const std::string& repository) {
  std::string name = "models--" + repository;
  name.replace(name.find('/'), 1, "--");
  return name;
}

bool holds(const fs::path& folder, const std::vector<std::string>& files) {
  return std::ranges::all_of(files, [&](const std::string& file) {
    std::error_code error;
    return fs::is_regular_file(folder / file, error);
  });
}

/// The snapshot of the main revision in the cache of the hub's tools, if all files are there.
std::optional<PulledFiles> find_in_hf_cache(const std::string& repository,
                                            const std::vector<std::string>& files, const std::string& licence,
                                            const fs::path& cache) {
  if (cache.empty()) return std::nullopt;
  const fs::path root = cache / cache_name(repository);
  std::string commit = core::read_text(root / "refs" / "main");
  while (!commit.empty() && std::isspace(static_cast<unsigned char>(commit.back())) != 0) commit.pop_back();
  if (commit.empty() || !is_safe_file_name(commit)) return std::nullopt;
  const fs::path snapshot = root / "snapshots" / commit;
  if (!holds(snapshot, files)) return std::nullopt;
  return PulledFiles{snapshot, repository, commit, licence, "", false};
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
  const bool go_on = callbacks.confirm ? callbacks.confirm(plan) : !plan.non_commercial;
  if (go_on) return;
  throw Error(ErrorCode::kModelLicence,
              plan.repository + ": its licence " + plan.licence +
                  " was not accepted; read it on the model's page and give --accept-license");
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
      entry != nullptr ? entry->files : std::vector<std::string>{"config.json", "model.safetensors"};
  const std::string known_licence = entry != nullptr ? entry->licence : "";

  PullPlan plan{repository, "", known_licence, entry != nullptr && entry->non_commercial(), 0, 0};
  if (auto cached = find_in_hf_cache(repository, wanted, known_licence, access.hf_cache)) {
    confirm(plan, callbacks);
    return *cached;
  }
  if (access.offline) {
    throw Error(ErrorCode::kModelFetch,
                repository + ": not on this machine, and --offline (or HF_HUB_OFFLINE) forbids a download");
  }

  const RepositoryInfo info = repository_info(repository, access, stop);
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
  if (!info.licence.empty()) plan.licence = info.licence;
  plan.non_commercial = plan.licence.find("-NC") != std::string::npos || plan.non_commercial;
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
    if (file.name == "model.safetensors") pulled.weights_sha256 = file.sha256;
  }
  return pulled;
}

}  // namespace da3::hub
