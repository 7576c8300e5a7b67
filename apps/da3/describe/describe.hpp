// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <cli/command_text.hpp>

namespace da3::describe {

/// A completion script of bash, zsh or fish for the program.
std::string bash_completion(const cli::CommandText& program);
std::string zsh_completion(const cli::CommandText& program);
std::string fish_completion(const cli::CommandText& program);

/// Whether an option takes several of its words, with commas between them.
inline bool is_list(const cli::OptionText& option) {
  return option.value == "LIST";
}

/// The manual page of a command, section 1.
std::string man_page(const cli::CommandText& command, const std::string& version);

}  // namespace da3::describe
