// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <describe/describe.hpp>

namespace da3::describe {
namespace {

std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char letter : text) {
    if (letter == '\'' || letter == '\\') result += '\\';
    result += letter;
  }
  return result + "'";
}

// When a command's completions hold: all its words were seen and none of its sub-commands.
std::string condition(const cli::CommandText& command) {
  std::string text;
  std::string rest = command.name.size() > 4 ? command.name.substr(4) : "";
  while (!rest.empty()) {
    const std::size_t space = rest.find(' ');
    text += (text.empty() ? "" : "; and ") + ("__fish_seen_subcommand_from " + rest.substr(0, space));
    rest = space == std::string::npos ? "" : rest.substr(space + 1);
  }
  if (!command.commands.empty()) {
    text += std::string(text.empty() ? "" : "; and ") + "not __fish_seen_subcommand_from";
    for (const cli::CommandText& each : command.commands)
      text.append(" ").append(each.name.substr(command.name.size() + 1));
  }
  return text.empty() ? "" : " -n " + quoted(text);
}

std::string lines(const cli::CommandText& command) {
  std::string text;
  const std::string when = condition(command);
  for (const cli::CommandText& each : command.commands) {
    text += "complete -c da3 -f" + when + " -a " + each.name.substr(command.name.size() + 1) + " -d " +
            quoted(each.summary) + "\n";
  }
  for (const cli::OptionText& option : command.options) {
    if (option.is_argument) continue;
    text += "complete -c da3" + when;
    for (const std::string& name : option.names) {
      text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    }
    if (!option.words.empty()) {
      std::string words;
      for (const std::string& word : option.words) words += (words.empty() ? "" : " ") + word;
      // What stands before the last comma of a list stays.
      text += " -x -a " + quoted(is_list(option) ? "(__fish_append , " + words + ")" : words);
    } else if (!option.value.empty()) {
      text += " -r";
    }
    text += " -d " + quoted(option.help) + "\n";
  }
  for (const cli::CommandText& each : command.commands) text += lines(each);
  return text;
}

}  // namespace

std::string fish_completion(const cli::CommandText& program) {
  return "# fish completion of da3, made from its command line.\n" + lines(program);
}

}  // namespace da3::describe
