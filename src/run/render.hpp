// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>

#include <options/options.hpp>

#include <run/run.hpp>

namespace da3::run {

/// What to make of results that an earlier run left. Validated by `render`.
using RenderOptions = options::Render;

/// Files of other formats, colours and ranges from the results of an earlier run, without a network. Goes on
/// where it stopped, records and errors as `run`; the manifest of `input` is read, never changed. Threads:
/// `threads` render, the calling one calls back. Throws: as `run`; Error kNoInput for a folder without
/// results that can be read back.
Summary render(const RenderOptions& options, const Callbacks& callbacks = {}, std::stop_token stop = {});

}  // namespace da3::run
