// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <istream>
#include <string>

#include <da3/error.hpp>

// Whole files. An error of the disk is never the end of a file.
namespace da3::core {

/// All bytes of a file. Throws: Error `code` with the file's name and the system's reason.
std::string read_file(const std::filesystem::path& file, ErrorCode code);

/// The same of a file that need not be there; empty where it cannot be opened or read.
std::string read_text(const std::filesystem::path& file);

/// To be called where nothing more comes of a stream. Throws: as read_file, where an error ended it, or where
/// its file could not be opened.
void require_read_to_end(const std::istream& stream, const std::string& name, ErrorCode code);

}  // namespace da3::core
