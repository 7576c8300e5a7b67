// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <regex>

#include <CLI/CLI.hpp>
#include <cli/command_text.hpp>

namespace da3::cli {
namespace {

OptionText text_of(const CLI::Option& option) {
  OptionText text;
  for (const std::string& name : option.get_snames()) text.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) text.names.push_back("--" + name);
  text.is_argument = text.names.empty();
  if (text.is_argument) text.names.push_back(option.get_name());
  if (option.get_items_expected_max() > 0) text.value = option.get_type_name();
  text.help = option.get_description();
  text.group = option.get_group();
  if (!text.value.empty() && !text.is_argument) text.words = words_in(text.help);
  return text;
}

}  // namespace

std::vector<std::string> words_in(const std::string& help) {
  // "where it runs: auto (the best), cpu or device; more" has the words auto, cpu, device.
  std::string list;
  int depth = 0;
  for (const char letter : help.substr(0, help.find(';'))) {
    depth += letter == '(' ? 1 : 0;
    if (depth == 0) list += letter;
    depth -= letter == ')' ? 1 : 0;
  }
  list = std::regex_replace(list, std::regex("^(.*: |list of )"), "");
  list = std::regex_replace(list, std::regex(" +or +"), ",");
  std::vector<std::string> words;
  std::size_t items = 0;
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t end = std::min(list.find(',', at), list.size());
    std::string item = list.substr(at, end - at);
    item.erase(0, item.find_first_not_of(' '));
    item.erase(item.find_last_not_of(' ') + 1);
    ++items;
    if (std::regex_match(item, std::regex("[a-z0-9_]+")))
      words.push_back(item);
    else if (item.find(' ') != std::string::npos)
      return {};
    at = end + 1;
  }
  return items > 1 ? words : std::vector<std::string>();
}

CommandText text_of(const CLI::App& app, const std::string& parent) {
  CommandText text;
  text.name = parent.empty() ? app.get_name() : parent + " " + app.get_name();
  text.summary = app.get_description();
  text.footer = app.get_footer();
  for (const CLI::Option* option : app.get_options()) {
    // A group without a name is hidden.
    if (!option->get_group().empty()) text.options.push_back(text_of(*option));
  }
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!command->get_group().empty()) text.commands.push_back(text_of(*command, text.name));
  }
  return text;
}

}  // namespace da3::cli
