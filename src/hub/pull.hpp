// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <hub/catalogue.hpp>

namespace da3::hub {

/// How to reach the hub. `from_environment` reads HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE, HF_HUB_CACHE,
/// HF_HOME.
struct HubAccess {
  std::string endpoint = "https://huggingface.co";
  std::string token;
  bool offline = false;            ///< Never opens a socket
  std::filesystem::path hf_cache;  ///< Cache of the hub's own tools, used when the files are there
  int max_attempts = 6;            ///< Of one request that fails in a way that may pass
  std::chrono::milliseconds first_pause{1000};  ///< Doubled after each attempt, or what the server asks for
  /// Waits before another attempt; replaced in tests.
  std::function<void(std::chrono::milliseconds)> sleep;

  static HubAccess from_environment();
};

/// What is about to be downloaded, or taken from the cache of the hub's tools; known before it begins.
struct PullPlan {
  std::string repository;
  std::string commit;
  /// SPDX identifier, from the hub's record or the model card, else the catalogue; empty if none states one.
  std::string licence;
  bool licence_known = true;  ///< False: neither the hub nor a model card could be asked, or read
  bool non_commercial = false;
  std::uint64_t total_bytes = 0;
  std::uint64_t bytes_here = 0;  ///< Already downloaded, by an earlier attempt or the hub's tools
  bool checked = true;           ///< False: nothing tells the SHA-256 of the weights

  bool has_to_be_accepted() const { return non_commercial || !licence_known; }
};

struct PullProgress {
  std::string file;
  std::uint64_t done_bytes = 0;
  std::uint64_t total_bytes = 0;
};

struct PullCallbacks {
  /// Returns whether to go on (licence accepted). Null: go on only if nothing has to be accepted.
  std::function<bool(const PullPlan&)> confirm;
  std::function<void(const PullProgress&)> progress;
};

/// The published files on this machine.
struct PulledFiles {
  std::filesystem::path folder;  ///< Holds config.json and model.safetensors
  std::string repository;
  std::string commit;
  std::string licence;
  std::string weights_sha256;  ///< As the hub or its cache states it and as checked; empty if none does
  bool downloaded = false;     ///< False: found in the cache of the hub's tools
};

/// Brings the files of a catalogue name or OWNER/REPO below `downloads`, resuming what an earlier attempt
/// left, each checked by size and SHA-256 before it gets its name. Those in the cache of the hub's tools are
/// checked and left there; the hub is asked about them only for what the cache does not tell. Throws: Error
/// kModelFetch (network, hash, size, disk, offline), kModelLicence (not accepted), kUsage (no such name),
/// kInterrupted.
PulledFiles pull(const std::string& name_or_repository, const std::filesystem::path& downloads,
                 const HubAccess& access, const PullCallbacks& callbacks, const std::stop_token& stop);

}  // namespace da3::hub
