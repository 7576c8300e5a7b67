// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <da3/error.hpp>
#include <da3/version.hpp>

#include <CLI/CLI.hpp>
#include <cli/command_text.hpp>
#include <cli/help_text.hpp>
#include <cli/option_sets.hpp>
#include <cli/parse.hpp>
#include <core/nearest.hpp>

namespace da3::cli {
namespace {

/// The whole command line. Options of sub-commands that are not called keep their defaults.
struct Line {
  CLI::App app{"Depth from photographs with Depth Anything 3.", "da3"};
  Infer infer;
  Scene scene;
  Render render;
  Video video;
  ModelCommands model;
  BenchCommands bench;
  Doctor doctor;

  Line() {
    // One rule for an option given twice; lists and limits add up, where they say so.
    app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    app.set_version_flag("-V,--version",
                         "da3 " + std::string(version()) + " (" + std::string(commit()) + ")");
    app.require_subcommand(1);
#ifdef DA3_WITH_PICTURES
    add_infer(*app.add_subcommand("infer", "depth for photographs"), infer);
    add_scene(*app.add_subcommand("scene", "depth, cameras and points for photographs of one place"), scene);
    add_video(*app.add_subcommand("video", "depth for every frame of a video"), video);
    add_render(*app.add_subcommand("render", "other formats and colours of results that are there"), render);
    const char* const model_commands = "list, info, pull, export, verify";
#else
    const char* const model_commands = "info, export, verify";
#endif
    add_bench(*app.add_subcommand("bench", "measure, compare, report"), bench);
    add_model(*app.add_subcommand("model", model_commands), model);
    add_doctor(*app.add_subcommand("doctor", "what is here and what would be chosen"), doctor);
    app.footer(
        "\nExit codes: 0 all done, 1 some inputs failed, 2 usage or no input, 3 model, 4 device or memory,\n"
        "5 benchmark regression, 6 output could not be written, 130/143 interrupted, 70 a bug.\n"
        "'da3 help COMMAND' shows the options of a command.\n");
  }
};

/// The deepest sub-command that was named.
const CLI::App* called(const CLI::App& app) {
  const CLI::App* deepest = &app;
  while (!deepest->get_subcommands().empty()) deepest = deepest->get_subcommands().front();
  return deepest;
}

std::string full_name(const CLI::App* app) {
  std::string name = app->get_name();
  for (app = app->get_parent(); app != nullptr; app = app->get_parent()) name = app->get_name() + " " + name;
  return name;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* each : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(each->get_name());
  return names;
}

/// Words of other programs for what da3 calls otherwise.
std::optional<std::string> known_elsewhere(const std::string& word, const std::vector<std::string>& names) {
  static const std::map<std::string, std::string> kNames{{"--force", "--overwrite"},
                                                         {"-F", "--overwrite"},
                                                         {"--cmap", "--colormap"},
                                                         {"--jobs", "--threads"},
                                                         {"-j", "--threads"},
                                                         {"--fov", "--hfov"},
                                                         {"--gpu", "--device"},
                                                         {"--fp16", "--precision"},
                                                         {"--input-size", "--process-res"},
                                                         {"--encoder", "--model"},
                                                         {"ls", "list"},
                                                         {"download", "pull"},
                                                         {"get", "pull"},
                                                         {"install", "pull"},
                                                         {"convert", "export"},
                                                         {"check", "verify"},
                                                         {"show", "info"},
                                                         {"run", "infer"},
                                                         {"predict", "infer"},
                                                         {"depth", "infer"}};
  const auto found = kNames.find(word);
  if (found == kNames.end() || std::ranges::find(names, found->second) == names.end()) return std::nullopt;
  return found->second;
}

constexpr const char* kUnknownCommand = "unknown command '";

/// What is wrong with the words that no option or sub-command took; none if all were taken.
std::optional<std::string> unknown_word(const CLI::App& app) {
  const std::vector<std::string> left = app.remaining(true);
  if (left.empty()) return std::nullopt;
  const std::string word = left.front().substr(0, left.front().find('='));
  const CLI::App* command = called(app);
  const bool is_option = word.size() > 1 && word.front() == '-';
  const std::vector<std::string> names = is_option ? option_names(*command) : command_names(*command);
  // It is known, so something else is wrong.
  if (std::ranges::find(names, word) != names.end()) return std::nullopt;
  std::optional<std::string> meant = known_elsewhere(word, names);
  if (!meant) meant = core::nearest(word, names);
  return std::string(is_option                         ? "unknown option '"
                     : command_names(*command).empty() ? "unexpected argument '"
                                                       : std::string(kUnknownCommand)) +
         word + "'" + (meant ? "; did you mean " + *meant + "?" : "");
}

[[noreturn]] void throw_usage(const CLI::App& app, const std::string& found) {
  const std::string name = full_name(called(app));
  // The program's name stands before every message already.
  const std::string prefix = name == "da3" ? "" : name.substr(4) + ": ";
  throw Error(ErrorCode::kUsage, prefix + found + "\n'" + name + " --help' shows what there is.");
}

Command chosen(Line& line) {
  const CLI::App* command = called(line.app);
  const std::string name = full_name(command);
  if (name == "da3 infer") {
    finish(line.infer);
    return line.infer;
  }
  if (name == "da3 scene") {
    finish(line.scene);
    return line.scene;
  }
  if (name == "da3 render") {
    finish(line.render);
    return line.render;
  }
  if (name == "da3 video") {
    finish(line.video);
    return line.video;
  }
  if (name == "da3 doctor") return line.doctor;
  if (name == "da3 model list") return line.model.list;
  if (name == "da3 model info") return line.model.info;
  if (name == "da3 model pull") return line.model.pull;
  if (name == "da3 model export") return line.model.export_model;
  if (name == "da3 model verify") return line.model.verify;
  if (name == "da3 model calibrate") return line.model.calibrate;
  if (name.starts_with("da3 bench ") && name != "da3 bench run") check_none_before(*command);
  if (name == "da3 bench compare") return line.bench.compare;
  if (name == "da3 bench report") return line.bench.report;
  if (name == "da3 bench worker") return BenchWorker{};
  check(line.bench.run);
  return line.bench.run;
}

/// `da3 help COMMAND...` is `da3 COMMAND... --help`, and `da3 version` is `da3 --version`. The words in
/// reverse, as CLI11 takes them.
std::vector<std::string> words_of(int argc, const char* const* argv) {
  std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  if (!words.empty() && words.front() == "help") {
    words.erase(words.begin());
    if (words == std::vector<std::string>{"help"} || words == std::vector<std::string>{"version"})
      words.clear();
    words.emplace_back("--help");
  } else if (words.size() == 1 && words.front() == "version") {
    words.front() = "--version";
  }
  std::ranges::reverse(words);
  return words;
}

}  // namespace

Command parse(int argc, const char* const* argv) {
  Line line;
  try {
    line.app.parse(words_of(argc, argv));
    return chosen(line);
  } catch (const CLI::CallForHelp&) {
    const CLI::App* command = called(line.app);
    // Help of a command that there is none of. A wrong option is no reason to keep help back.
    const auto unknown = command_names(*command).empty() ? std::nullopt : unknown_word(line.app);
    if (unknown && unknown->starts_with(kUnknownCommand)) throw_usage(line.app, *unknown);
    return ShowText{
        fold_help(command->help(command->get_parent() == nullptr ? "" : full_name(command->get_parent())))};
  } catch (const CLI::CallForAllHelp&) {
    return ShowText{fold_help(line.app.help("", CLI::AppFormatMode::All))};
  } catch (const CLI::CallForVersion& asked) {
    return ShowText{std::string(asked.what()) + "\n"};
  } catch (const CLI::ParseError& problem) {
    throw_usage(line.app, unknown_word(line.app).value_or(problem.what()));
  } catch (const Error& problem) {
    throw_usage(line.app, problem.what());
  }
}

CommandText command_text() {
  const Line line;
  return text_of(line.app);
}

}  // namespace da3::cli
