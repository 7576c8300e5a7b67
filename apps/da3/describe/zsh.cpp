// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <describe/describe.hpp>

namespace da3::describe {
namespace {

// Text inside '...[text]': brackets, colons and quotes mean something there.
std::string quoted(const std::string& text) {
  std::string result;
  for (const char letter : text) {
    if (letter == '[' || letter == ']' || letter == ':' || letter == '\\') result += '\\';
    result += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
  }
  return result;
}

std::string function_of(const std::string& command) {
  std::string name = "_" + command;
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

std::string argument(const cli::OptionText& option) {
  std::string names;
  for (const std::string& name : option.names) names += (names.empty() ? "" : ",") + name;
  const std::string exclusive =
      option.names.size() > 1 ? "(" + option.names[0] + " " + option.names[1] + ")" : "";
  std::string action;
  if (!option.value.empty()) {
    action.append(":").append(quoted(option.value)).append(":");
    if (option.words.empty()) {
      action += "_files";
    } else {
      std::string words;
      for (const std::string& word : option.words) words += (words.empty() ? "" : " ") + word;
      action += is_list(option) ? "_values -s , " + quoted(option.value) + " " + words : "(" + words + ")";
    }
  }
  std::string text;
  for (const std::string& name : option.names) {
    text += " \\\n    '" + exclusive + name + "[" + quoted(option.help) + "]" + action + "'";
  }
  return text;
}

std::string functions(const cli::CommandText& command) {
  std::string text = function_of(command.name) + "() {\n  _arguments -s -S";
  for (const cli::OptionText& option : command.options) {
    if (!option.is_argument) text += argument(option);
  }
  if (command.commands.empty()) {
    text += " \\\n    '*:file:_files'\n}\n\n";
    return text;
  }
  text += " \\\n    '1:command:((";
  for (const cli::CommandText& each : command.commands) {
    text += each.name.substr(command.name.size() + 1) + "\\:\"" + quoted(each.summary) + "\" ";
  }
  text += "))' \\\n    '*::argument:->rest'\n  [[ $state == rest ]] || return\n  case $words[1] in\n";
  for (const cli::CommandText& each : command.commands) {
    text += "    " + each.name.substr(command.name.size() + 1) + ") " + function_of(each.name) + " ;;\n";
  }
  text += "  esac\n}\n\n";
  for (const cli::CommandText& each : command.commands) text += functions(each);
  return text;
}

}  // namespace

std::string zsh_completion(const cli::CommandText& program) {
  return "#compdef da3\n# zsh completion of da3, made from its command line.\nlocal curcontext=$curcontext "
         "state line\n\n" +
         functions(program) + "_da3 \"$@\"\n";
}

}  // namespace da3::describe
