// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>

#include <describe/describe.hpp>

namespace da3::describe {
namespace {

// Text for roff: backslashes, and hyphens that are to be copied as such; no line begins with a control
// character.
std::string roff(const std::string& text) {
  std::string result;
  for (const char letter : text) {
    if (letter == '\\') {
      result += "\\e";
    } else if (letter == '-') {
      result += "\\-";
    } else {
      if ((letter == '.' || letter == '\'') && (result.empty() || result.back() == '\n')) result += "\\&";
      result += letter;
    }
  }
  return result;
}

std::string page_of(std::string command) {
  std::replace(command.begin(), command.end(), ' ', '-');
  return command;
}

std::string capitals(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char letter) { return std::toupper(letter); });
  return text;
}

std::string entry(const cli::OptionText& option) {
  std::string text = ".TP\n";
  for (std::size_t i = 0; i < option.names.size(); ++i) {
    text += (i == 0 ? "" : ", ") + ("\\fB" + roff(option.names[i]) + "\\fR");
  }
  if (!option.value.empty() && !option.is_argument) text += " \\fI" + roff(option.value) + "\\fR";
  return text + "\n" + roff(option.help) + "\n";
}

std::string options_of(const cli::CommandText& command) {
  std::string text;
  std::string group;
  for (const cli::OptionText& option : command.options) {
    const std::string heading = option.is_argument ? "Arguments" : option.group;
    if (heading != group) text += ".SS " + roff(heading) + "\n";
    group = heading;
    text += entry(option);
  }
  return text.empty() ? "" : ".SH OPTIONS\n" + text;
}

std::string footer_of(const cli::CommandText& command) {
  std::string text = command.footer;
  text.erase(0, text.find_first_not_of('\n'));
  return text.empty() ? "" : ".SH NOTES\n.nf\n" + roff(text) + (text.back() == '\n' ? "" : "\n") + ".fi\n";
}

}  // namespace

std::string man_page(const cli::CommandText& command, const std::string& version) {
  std::string text =
      ".TH " + capitals(page_of(command.name)) + " 1 \"\" \"da3 " + version + "\" \"da3 manual\"\n";
  std::string summary = command.summary;
  if (!summary.empty() && summary.back() == '.') summary.pop_back();
  text += ".SH NAME\n" + roff(page_of(command.name)) + " \\- " + roff(summary) + "\n";
  text += ".SH SYNOPSIS\n\\fB" + roff(command.name) + "\\fR";
  if (!command.commands.empty()) text += " \\fICOMMAND\\fR";
  text += " [\\fIOPTIONS\\fR]";
  for (const cli::OptionText& option : command.options) {
    if (option.is_argument) text += " \\fI" + roff(option.names.front()) + "\\fR...";
  }
  text += "\n" + options_of(command);
  if (!command.commands.empty()) {
    text += ".SH COMMANDS\n";
    for (const cli::CommandText& each : command.commands) {
      text += ".TP\n\\fB" + roff(each.name) + "\\fR\n" + roff(each.summary) + "\n";
    }
  }
  text += footer_of(command);
  std::string also;
  for (const cli::CommandText& each : command.commands) {
    also += (also.empty() ? "" : ",\n") + (".BR " + page_of(each.name) + " (1)");
  }
  if (command.name != "da3") also = ".BR da3 (1)";
  return text + ".SH SEE ALSO\n" + also + "\n";
}

}  // namespace da3::describe
