// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <formats/format_table.hpp>

#include <da3/error.hpp>

#include <cli/option_sets.hpp>
#include <core/nearest.hpp>
#include <core/text.hpp>

namespace da3::cli {
namespace {

constexpr auto kEverySuite = [](const bench::SuiteFacts&) { return true; };
constexpr auto kNamedOnly = [](const bench::SuiteFacts& suite) { return !suite.by_default; };

bench::SuiteName choose_suite(const std::string& text) {
  std::vector<std::string_view> names;
  for (const bench::SuiteFacts& suite : bench::kSuiteFacts) {
    if (suite.name == core::lower_case(text)) return suite.suite;
    names.push_back(suite.name);
  }
  core::refuse_choice(text, names);
}

bench::ReportFormat parse_format(const std::string& text) {
  return choose<bench::ReportFormat>(text, {{"table", bench::ReportFormat::kTable},
                                            {"markdown", bench::ReportFormat::kMarkdown},
                                            {"json", bench::ReportFormat::kJson},
                                            {"csv", bench::ReportFormat::kCsv}});
}

Size parse_photo_size(const std::string& text) {
  const std::size_t by = text.find('x');
  if (by == std::string::npos) {
    throw Error(ErrorCode::kUsage, "expected WIDTHxHEIGHT such as 1280x720, found '" + text + "'");
  }
  const auto width = static_cast<int>(whole_number(text.substr(0, by), 1, 65535));
  return {static_cast<int>(whole_number(text.substr(by + 1), 1, 65535)), width};
}

/// Adds "--names LIST" of whole numbers.
void add_numbers(CLI::App& app, const std::string& names, std::vector<int>& values, int high,
                 const std::string& help) {
  add_parsed_list(
      app, names,
      [&values, high](const std::string& item) {
        values.push_back(static_cast<int>(whole_number(item, 1, high)));
      },
      help)
      ->type_name("LIST")
      ->group("Selection");
}

void add_selection(CLI::App& app, BenchRun& options) {
  add_parsed_list(
      app, "--suite", [&](const std::string& item) { options.plan.suites.push_back(choose_suite(item)); },
      bench::suite_names(kEverySuite, ", ") + " (all but " + bench::suite_names(kNamedOnly) +
          "); --skip-NAME leaves one out")
      ->type_name("LIST")
      ->group("Selection");
  for (const bench::SuiteFacts& suite : bench::kSuiteFacts) {
    const std::string name(suite.name);
    app.add_flag_function(
           "--skip-" + name,
           [&options, &suite](std::int64_t) { options.plan.skipped_suites.push_back(suite.suite); },
           "leave out " + name)
        ->group("");  // One line for all in --suite's
  }
  add_parsed_list(
      app, "-m,--model", [&](const std::string& item) { options.plan.models.push_back(item); },
      "published names (synthetic weights where not installed) or model files")
      ->type_name("LIST")
      ->group("Selection");
  add_trust_code(app, options.trust_code)->group("Selection");
  add_parsed_list(
      app, "--device",
      [&](const std::string& item) {
        const std::string name = core::lower_case(item) == "gpu" ? "cuda" : core::lower_case(item);
        if (name != "all" && name != "auto") parse_device(name);
        options.devices.push_back(name);
      },
      "auto, cpu, cuda:N, mps, or all")
      ->type_name("LIST")
      ->group("Selection");
  add_parsed_list(
      app, "--precision",
      [&](const std::string& item) {
        options.plan.precisions.push_back(core::lower_case(item) == "default"
                                              ? std::nullopt
                                              : std::optional(parse_precision(core::lower_case(item))));
      },
      "fp32, bf16, fp16, int8, or default: the device's own")
      ->type_name("LIST")
      ->group("Selection");
  add_parsed_list(
      app, "--attention",
      [&](const std::string& item) {
        options.plan.attention.push_back(
            choose<Attention>(item, {{"sdpa", Attention::kSdpa}, {"manual", Attention::kManual}}));
      },
      "sdpa, manual")
      ->type_name("LIST")
      ->group("Selection");
  add_numbers(app, "--batch", options.plan.batches, 65536, "images per forward (1,2,4,8)");
  add_numbers(app, "--process-res", options.plan.process_res, 16384, "processing sizes (504)");
  add_numbers(app, "--threads", options.plan.threads, 4096,
              "threads of one forward on a CPU (from the machine)");
  add_parsed_list(
      app, "--image-size",
      [&](const std::string& item) { options.plan.image_sizes.push_back(parse_photo_size(item)); },
      "photos, WIDTHxHEIGHT (1280x720)")
      ->type_name("LIST")
      ->group("Selection");
  add_numbers(app, "--tokens", options.plan.tokens, 1 << 20,
              "tokens of attention (721,865,1297,1370,3026,5330)");
  add_parsed_list(
      app, "--photos", [&](const std::string& item) { options.plan.photos.push_back(item); },
      "photos for accuracy, instead of drawn pictures")
      ->type_name("LIST")
      ->group("Selection");
  add_parsed_list(
      app, "--dataset", [&](const std::string& item) { options.plan.datasets.push_back(item); },
      "folders with colour/, depth/ and scale, for accuracy")
      ->type_name("LIST")
      ->group("Selection");
  add_parsed_list(
      app, "--result-formats",
      [&](const std::string& item) {
        const auto names = formats::format_names();
        if (std::ranges::find(names, item) == names.end()) core::refuse_choice(item, names);
        options.plan.result_formats.push_back(item);
      },
      "result formats that folder writes (png16,vis)")
      ->type_name("LIST")
      ->group("Selection");
}

void add_sampling(CLI::App& app, BenchRun& options) {
  app.add_flag("--quick", options.plan.quick,
               "a short run of every suite but " + bench::suite_names(kNamedOnly))
      ->group("Sampling");
  const auto number = [](int& value, long long low, long long high) {
    return [&value, low, high](const std::string& text) {
      value = static_cast<int>(whole_number(text, low, high));
    };
  };
  add_parsed(app, "--runs", number(options.plan.runs, 1, 1'000'000),
             "timed runs of a case in all (5; --quick 3; --against 3 a round)")
      ->type_name("N")
      ->group("Sampling");
  add_parsed(app, "--rounds", number(options.plan.rounds, 1, 1'000'000),
             "rounds over which the runs are spread (5; --against 12)")
      ->type_name("N")
      ->group("Sampling");
  add_parsed(app, "--warmup", number(options.plan.warmups, 0, 1'000'000),
             "runs before them at every new shape (2)")
      ->type_name("N")
      ->group("Sampling");
  add_parsed(
      app, "--min-time",
      [&](const std::string& text) {
        options.plan.min_time = std::chrono::duration_cast<bench::Nanoseconds>(
            std::chrono::duration<double>(real_number(text, 0, 1e6)));
      },
      "seconds that a case is timed at least")
      ->type_name("S")
      ->group("Sampling");
  add_parsed(app, "--images", number(options.plan.images, 1, 1'000'000),
             "images of batching and folder, frames of video (20)")
      ->type_name("N")
      ->group("Sampling");
  add_parsed(app, "--soak-images", number(options.plan.soak_images, 1, 1'000'000'000),
             "images of soak (2000)")
      ->type_name("N")
      ->group("Sampling");
  app.add_option("--against", options.against, "another da3 program, interleaved with this one in one run")
      ->type_name("PROGRAM")
      ->group("Sampling");
  app.add_flag("--dry-run", options.dry_run, "the plan with estimates, without measuring")->group("Sampling");
}

void add_fail_on(CLI::App& app, std::vector<std::string>& limits) {
  app.add_option("--fail-on", limits, "exit 5 if a metric is worse than this, such as 'forward_ms.median>5%'")
      ->type_name("LIMIT")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_report_format(CLI::App& app, std::optional<bench::ReportFormat>& format, const std::string& help) {
  add_parsed(
      app, "--format", [&](const std::string& text) { format = parse_format(text); }, help)
      ->type_name("NAME");
}

void add_run(CLI::App& app, BenchRun& options) {
  add_selection(app, options);
  add_sampling(app, options);
  add_fail_on(app, options.fail_on);
  add_report_format(app, options.format, "table, markdown, json or csv (table; or from -o)");
  app.add_option("-o,--output", options.output, "report, written after every case")->type_name("FILE");
  add_verbosity(app, options.verbosity);
}

}  // namespace

void add_bench(CLI::App& app, BenchCommands& options) {
  // `da3 bench OPTIONS` is `da3 bench run OPTIONS`.
  add_run(app, options.run);
  app.require_subcommand(0, 1);
  add_run(*app.add_subcommand("run", "measure (also without this word)"), options.run);

  CLI::App* compare = app.add_subcommand("compare", "two reports, case by case, with intervals");
  compare->add_option("BASE", options.compare.base, "report of the base")->type_name("")->required();
  compare->add_option("NEW", options.compare.candidate, "report of what is judged")
      ->type_name("")
      ->required();
  add_fail_on(*compare, options.compare.fail_on);
  add_report_format(*compare, options.compare.format, "table, markdown, json or csv (table; or from -o)");
  compare->add_option("-o,--output", options.compare.output, "file instead of standard output")
      ->type_name("FILE");

  // Started by --against and the suite load; no name in --help.
  app.add_subcommand("worker", "")->group("");

  CLI::App* report = app.add_subcommand("report", "reports of one or several machines as one");
  report->add_option("FILE", options.report.files, "reports")->type_name("")->take_all()->required();
  add_report_format(*report, options.report.format, "markdown, table, json or csv (markdown; or from -o)");
  report->add_option("-o,--output", options.report.output, "file instead of standard output")
      ->type_name("FILE");
  report->add_option("--charts", options.report.charts, "folder for charts as SVG")->type_name("DIR");
}

void check_none_before(const CLI::App& command) {
  for (const CLI::Option* option : command.get_parent()->get_options()) {
    if (option->count() == 0) continue;
    throw Error(ErrorCode::kUsage, option->get_name() + " belongs behind '" + command.get_name() + "'");
  }
}

void check(const BenchRun& options) {
  if (!options.fail_on.empty() && options.against.empty()) {
    throw Error(ErrorCode::kUsage, "--fail-on needs something to compare with; add --against PROGRAM");
  }
}

}  // namespace da3::cli
