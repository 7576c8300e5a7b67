// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <describe/describe.hpp>

namespace da3::describe {
namespace {

void add(std::string& list, const std::string& word) {
  list += (list.empty() ? "" : " ") + word;
}

// One branch of the script for a command: its sub-commands, its options, the words that options take.
std::string branch(const cli::CommandText& command) {
  std::string commands;
  for (const cli::CommandText& each : command.commands)
    add(commands, each.name.substr(command.name.size() + 1));
  std::string options;
  std::string values;
  std::string no_value;
  for (const cli::OptionText& option : command.options) {
    if (option.is_argument) continue;
    std::string names;
    for (const std::string& name : option.names) {
      add(options, name);
      names += (names.empty() ? "" : "|") + name;
    }
    if (option.value.empty()) continue;
    if (!option.words.empty()) {
      std::string words;
      for (const std::string& word : option.words) add(words, word);
      values += "        " + names + ") words='" + words + "' ;;\n";
    } else {
      values += "        " + names + ") files=yes ;;\n";
    }
  }
  std::string text =
      "    '" + command.name + "')\n      commands='" + commands + "' options='" + options + "'\n";
  if (!values.empty()) text += "      case $previous in\n" + values + "      esac\n";
  text += "      ;;\n";
  for (const cli::CommandText& each : command.commands) text += branch(each);
  return text;
}

}  // namespace

std::string bash_completion(const cli::CommandText& program) {
  return "# bash completion of da3, made from its command line.\n"
         "_da3() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
         "  local command=da3 commands= options= words= files= head= word i\n"
         "  # The sub-commands so far.\n"
         "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
         "    word=${COMP_WORDS[i]}\n"
         "    case \"$command $word\" in\n" +
         [&] {
           std::string known;
           const auto visit = [&](const auto& self, const cli::CommandText& command) -> void {
             for (const cli::CommandText& each : command.commands) {
               known += (known.empty() ? "'" : "|'") + each.name + "'";
               self(self, each);
             }
           };
           visit(visit, program);
           return "      " + known;
         }() +
         ") command=\"$command $word\" ;;\n"
         "    esac\n"
         "  done\n"
         "  case $command in\n" +
         branch(program) +
         "  esac\n"
         "  if [[ -n $words ]]; then\n"
         "    # Lists: what stands before the last comma stays.\n"
         "    [[ $current != *,* ]] || head=${current%,*},\n"
         "    mapfile -t COMPREPLY < <(compgen -P \"$head\" -W \"$words\" -- \"${current##*,}\")\n"
         "  elif [[ -z $files && $current == -* ]]; then\n"
         "    mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$current\")\n"
         "  elif [[ -z $files && -n $commands ]]; then\n"
         "    mapfile -t COMPREPLY < <(compgen -W \"$commands\" -- \"$current\")\n"
         "  else\n"
         "    compopt -o filenames 2>/dev/null\n"
         "    mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
         "  fi\n"
         "}\n"
         "complete -F _da3 da3\n";
}

}  // namespace da3::describe
