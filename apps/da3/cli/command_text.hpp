// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

// The command line as text, for man pages and shell completions.
namespace da3::cli {

struct OptionText {
  std::vector<std::string> names;  ///< Such as "-f", "--format"; of an argument its name
  std::string value;               ///< What it takes, such as "auto|N"; empty for a flag
  std::string help;
  std::vector<std::string> words;  ///< Values that are fixed words
  std::string group;
  bool is_argument = false;
};

struct CommandText {
  std::string name;     ///< Such as "da3 model pull"
  std::string summary;  ///< One line
  std::string footer;   ///< Examples, exit codes
  std::vector<OptionText> options;
  std::vector<CommandText> commands;
};

/// Everything that `da3 --help` and the helps of its commands say. Hidden commands and options are left out.
CommandText command_text();

/// The text of a parser and of its sub-commands.
CommandText text_of(const CLI::App& app, const std::string& parent = {});

/// The fixed words that a help lists as "a, b or c", perhaps after a colon; none if it lists other things.
std::vector<std::string> words_in(const std::string& help);

}  // namespace da3::cli
