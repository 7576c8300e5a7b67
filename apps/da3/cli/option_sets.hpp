// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <cli/options.hpp>
#include <core/nearest.hpp>
#include <core/text.hpp>

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

/// LO,HI as it stands, none for one of `words`. Throws: Error kUsage for anything else.
std::optional<std::pair<double, double>> parse_range(const std::string& text,
                                                     const std::vector<std::string_view>& words);

// One function for each concern, used by every command that has it; each shows the defaults of the struct it
// fills. Structs and `app` outlive the parse.

/// What `help` says for an option that has a default.
std::string with_default(const std::string& help, const std::string& value);
std::string with_default(const std::string& help, const std::vector<std::string>& list);

/// INPUT and the options that say which photos. `help` is of INPUT.
void add_inputs(CLI::App& app, options::Inputs& inputs, const std::string& help);
/// --max-pixels of "pictures" or "frames".
void add_max_pixels(CLI::App& app, std::uint64_t& max_pixels, const std::string& help, const char* group);
/// --limit
void add_limit(CLI::App& app, std::optional<std::size_t>& limit, const std::string& help);
/// --shard
void add_shard(CLI::App& app, std::optional<options::Shard>& shard, const std::string& help);

/// The text that names a model, which is never empty.
CLI::Option* add_model_text(CLI::App& app, const std::string& names, std::string& model,
                            const std::string& help);
/// -m and --allow-synthetic; `help` is of -m.
void add_model_name(CLI::App& app, ModelChoice& choice, const std::string& help);
/// --describe
CLI::Option* add_describe(CLI::App& app, ModelChoice& choice);
/// --trust-code
CLI::Option* add_trust_code(CLI::App& app, bool& trust_code);
/// --device, --attention and --precision, "auto" being none.
void add_engine_options(CLI::App& app, ModelChoice& choice);
/// All of these, for networks of any kind.
void add_any_model(CLI::App& app, ModelChoice& choice);

/// --focal and --hfov
void add_focal(CLI::App& app, options::Focal& focal);
/// --process-res and --resize-method
void add_processing(CLI::App& app, options::Processing& processing);
/// --preprocess
void add_preprocess(CLI::App& app, PreprocessOn& preprocess);
/// --batch
void add_batch(CLI::App& app, std::optional<int>& batch);
/// --memory-fraction, --threads, --decode-threads; `what` may fill the memory.
void add_resources(CLI::App& app, options::Resources& resources, const std::string& what);
/// --threads
CLI::Option* add_threads(CLI::App& app, const std::string& name, int& threads, const std::string& help);

/// -o into a folder.
void add_output_folder(CLI::App& app, std::filesystem::path& folder, const std::string& help);
/// --size
void add_size(CLI::App& app, options::ResultSize& size, const std::string& help);
/// --confidence and --sky, `of` the photo or each view.
void add_extra_maps(CLI::App& app, options::Results& results, const std::string& of);
/// --overwrite, `names` perhaps with -y.
void add_overwrite(CLI::App& app, bool& overwrite, const std::string& names = "--overwrite");
/// --colormap
void add_colours(CLI::App& app, options::Colours& colours, const std::string& of);
/// --colormap, --vis-format, --preview, --exr-compression, --exr-channels
void add_looks(CLI::App& app, options::Looks& looks, VisFormat& vis_format);
/// A list of result formats; `but` are those that the command does not make, `help` is what comes before
/// them.
void add_formats(CLI::App& app, const std::string& names, const std::string& help,
                 std::vector<std::string>& formats, const std::vector<std::string>& but);
/// vis and side as vis-jpg and side-jpg where --vis-format says so.
void apply_vis_format(std::vector<std::string>& formats, VisFormat vis_format);

/// --json, --progress, --dry-run where the command has it, -q, -v and -vv.
struct MessageHelp {
  std::string json;
  std::string progress = "auto (a bar on a terminal), always or never";
  std::string dry_run{};
};
void add_messages(CLI::App& app, Messages& messages, const MessageHelp& help, bool* dry_run = nullptr);
/// -q, -v and -vv.
void add_verbosity(CLI::App& app, Verbosity& verbosity);

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
  ModelCalibrate calibrate;
};
void add_model(CLI::App& app, ModelCommands& options);

/// `da3 bench` and its sub-commands.
struct BenchCommands {
  BenchRun run;
  BenchCompare compare;
  BenchReport report;
};
void add_bench(CLI::App& app, BenchCommands& options);

// What no single option can see. Throw: Error kUsage; kNoInput.
void finish(Infer& options);
void finish(Scene& options);
void finish(Render& options);
void finish(Video& options);
void check(const BenchRun& options);
/// Options between a command and its sub-command would be lost.
void check_none_before(const CLI::App& command);

template <typename Value>
Value choose(std::string_view text, const std::vector<std::pair<std::string_view, Value>>& names) {
  std::vector<std::string_view> known;
  for (const auto& [name, value] : names) {
    if (core::lower_case(name) == core::lower_case(text)) return value;
    known.push_back(name);
  }
  core::refuse_choice(text, known);
}

}  // namespace da3::cli
