// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <cli/options.hpp>

// Shared pieces of the sub-commands' option lists.
namespace da3::cli {

/// An option whose text `set` turns into a value; an Error of `set` becomes a usage error that names the
/// option.
CLI::Option* add_parsed(CLI::App& app, const std::string& names, std::function<void(const std::string&)> set,
                        const std::string& help);

/// The same for a comma-separated list; `set` is called once an item.
CLI::Option* add_parsed_list(CLI::App& app, const std::string& names,
                             std::function<void(const std::string&)> set, const std::string& help);

/// The value called `text` in `names`. Throws: Error kUsage that lists them.
template <typename Value>
Value choose(std::string_view text, const std::vector<std::pair<std::string_view, Value>>& names);

/// A whole number in [low, high]. Throws: Error kUsage.
long long whole_number(const std::string& text, long long low, long long high);

/// A finite number in [low, high]. Throws: Error kUsage.
double real_number(const std::string& text, double low, double high);

/// Items between commas. Throws: Error kUsage for an empty item.
std::vector<std::string> split_list(const std::string& text);

/// LO,HI with LO below HI. Throws: Error kUsage.
std::pair<double, double> parse_range(const std::string& text);

/// I/N with 1 <= I <= N. Throws: Error kUsage.
ShardOf parse_shard(const std::string& text);

/// The names that --format takes. Throws: Error kUsage with the choices.
std::vector<std::string> parse_format_names(const std::string& text);

/// --progress
void add_progress(CLI::App& app, ShowProgress& progress);

/// --colormap, --vis-format, --preview, --exr-compression, --exr-channels
struct Looks {
  std::string& colormap;
  VisFormat& vis_format;
  std::optional<int>& preview;
  std::string& exr_compression;
  std::string& exr_channels;
};
void add_looks(CLI::App& app, Looks looks);

/// -q, -v and -vv.
void add_verbosity(CLI::App& app, Verbosity& verbosity);

/// "--trust-code"
CLI::Option* add_trust_code(CLI::App& app, bool& trust_code);

/// --device, --attention and --precision, "auto" being none.
struct Engine {
  std::optional<DeviceId>& device;
  std::optional<Attention>& attention;
  std::optional<Precision>& precision;
};
void add_engine_options(CLI::App& app, Engine engine);

// Each sub-command's options and its help. The struct outlives the parse.
void add_infer(CLI::App& app, Infer& options);
void add_scene(CLI::App& app, Scene& options);
void add_video(CLI::App& app, Video& options);
void add_render(CLI::App& app, Render& options);
void add_doctor(CLI::App& app, Doctor& options);

/// `da3 model` and its sub-commands; `chosen` names the one that was called.
struct ModelCommands {
  ModelList list;
  ModelInfo info;
  ModelPull pull;
  ModelExport export_model;
  ModelVerify verify;
};
void add_model(CLI::App& app, ModelCommands& options);

/// `da3 bench` and its sub-commands.
struct BenchCommands {
  BenchRun run;
  BenchCompare compare;
  BenchReport report;
};
void add_bench(CLI::App& app, BenchCommands& options);

/// The model, device and processing options of `da3 infer`, for commands that run the network in the same
/// way.
void add_network(CLI::App& app, Infer& options);

// What no single option can see. Throw: Error kUsage.
void check(const Infer& options);
void check(const Scene& options);
void check(const Render& options);
void check(const Video& options);
void check(const BenchRun& options);
/// Options between a command and its sub-command would be lost.
void check_none_before(const CLI::App& command);

[[noreturn]] void throw_unknown_choice(std::string_view text, const std::vector<std::string_view>& names);

/// The text in small letters: names of values are taken in any case.
std::string small(std::string_view text);

template <typename Value>
Value choose(std::string_view text, const std::vector<std::pair<std::string_view, Value>>& names) {
  std::vector<std::string_view> known;
  for (const auto& [name, value] : names) {
    if (name == small(text)) return value;
    known.push_back(name);
  }
  throw_unknown_choice(text, known);
}

}  // namespace da3::cli
