// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include <core/file_descriptor.hpp>

// What a folder that somebody else made must not get da3 to do: write, replace or remove files outside of it.
namespace da3::journal {

/// True if a folder on the way to `name` below `folder` is a link: what lies behind it is not ours to
/// replace.
bool leads_through_link(const std::filesystem::path& folder, const std::string& name);

/// A manifest's file, made where missing, for reading and appending. Throws: Error kOutputExists for a link
/// and for what is no regular file, kOutputFailed.
core::FileDescriptor open_manifest(const std::filesystem::path& file);

}  // namespace da3::journal
