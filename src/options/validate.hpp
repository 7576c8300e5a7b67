// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <options/options.hpp>

// The rules that options keep, each in one place with one wording. The command line asks them before anything
// is opened, a run asks them again for callers that have no command line. All throw Error kUsage that names
// the option of the command line, unless they say otherwise.
namespace da3::options {

/// All that can be said of these options without files, model or device. Throws: also Error kNoInput.
void validate(const Infer& options);
void validate(const Render& options);

// Single rules, for options that are made of the same concerns.

/// Something is named, and what is said about a list has a list. Throws: also Error kNoInput.
void check(const Inputs& inputs);
/// One way to say the focal length at most, and a possible one.
void check(const Focal& focal);
/// A folder is named.
void check(const Results& results);
void check(const Looks& looks);
void check(const Resources& resources);
void check_colormap(std::string_view name);
void check_shard(const std::optional<Shard>& shard);
/// Known names, each a result format or `none` alone.
void check_formats(const std::vector<std::string>& formats);
/// --confidence and --sky have a format that holds them; `option` is what lists the formats.
void check_extra_maps(const Results& results, const std::vector<std::string>& formats,
                      std::string_view option);
/// A crop leaves no result of the photo's size.
void check_crop(ResizeMethod method, ResultSize size);

[[noreturn]] void refuse(const std::string& message);

/// True for the methods that cut off the photo's edges.
constexpr bool is_crop(ResizeMethod method) {
  return method == ResizeMethod::kUpperBoundCrop || method == ResizeMethod::kLowerBoundCrop;
}

}  // namespace da3::options
