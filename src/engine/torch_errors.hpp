// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <filesystem>
#include <optional>
#include <string>

#include <da3/error.hpp>

namespace da3::engine {

/// The first line of what LibTorch says, without its C++ backtrace and the script's frames.
std::string torch_message(const std::exception& error);

/// Whether memory ran out, on whatever device: LibTorch has a type for it on CUDA only, elsewhere just a
/// text.
bool is_out_of_memory(const std::exception& error);

/// What is wrong with the device itself, and what may help: it is busy, lost, or LibTorch has no code for it.
/// None for errors of the work that it was given.
std::optional<std::string> device_failure(const std::exception& error);

/// The error as the library's own: kOutOfMemory where memory ran out, kDeviceUnavailable where the device
/// failed, unchanged if it is an Error already, else `otherwise`. `doing` starts the message, such as
/// "Running model.pt".
Error translate(const std::exception& error, ErrorCode otherwise, const std::string& doing);

/// An error about a model, with the name of its file in front where its text does not have it.
Error naming_file(const Error& error, const std::filesystem::path& file);

}  // namespace da3::engine
