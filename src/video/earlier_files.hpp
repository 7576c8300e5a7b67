// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>
#include <video/outputs.hpp>

// What earlier runs left in a folder of results.
namespace da3::video {

/// What a checkpoint says of the segments that were written since the one before it.
nlohmann::json segments_json(const std::vector<std::filesystem::path>& files);

/// Whether the files that a line of the manifest tells of are in their places and not empty, segments byte
/// for byte: a loss of power empties or cuts files of its last seconds.
bool are_there(const OutputPlan& outputs, const nlohmann::json& line);

/// Throws: Error kOutputExists where a video of `outputs` would replace a file that is none of the runs with
/// `headers`.
void require_own_videos(const OutputPlan& outputs, const std::vector<nlohmann::json>& headers);

/// Throws: Error kOutputExists where remove_earlier would remove `input`.
void require_input_stays(const std::filesystem::path& folder, const std::string& input,
                         const std::vector<nlohmann::json>& headers);

/// Throws: Error kUsage where remove_earlier would remove a video that is there and none of `outputs`: its
/// input had another name, which no key of a run holds.
void require_videos_stay(const OutputPlan& outputs, const std::vector<nlohmann::json>& headers);

/// Removes what the runs with `headers` wrote into `folder`, so that none of it stays among the results of a
/// run that begins anew: their videos, segments, and all that is called as da3 calls files of frames.
void remove_earlier(const std::filesystem::path& folder, const std::vector<nlohmann::json>& headers);

}  // namespace da3::video
