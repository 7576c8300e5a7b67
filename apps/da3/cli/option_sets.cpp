// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <string>

#include <da3/error.hpp>

#include <cli/option_sets.hpp>
#include <core/nearest.hpp>

namespace da3::cli {

CLI::Option* add_parsed(CLI::App& app, const std::string& names, std::function<void(const std::string&)> set,
                        const std::string& help) {
  // The last name is the long one, by which messages call the option.
  const std::string shown = names.substr(names.rfind(',') + 1);
  return app
      .add_option_function<std::string>(
          names,
          [set = std::move(set), shown](const std::string& text) {
            try {
              set(text);
            } catch (const Error& error) {
              throw Error(ErrorCode::kUsage, shown + ": " + error.what());
            }
          },
          help)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

CLI::Option* add_parsed_list(CLI::App& app, const std::string& names,
                             std::function<void(const std::string&)> set, const std::string& help) {
  return add_parsed(
      app, names,
      [set = std::move(set)](const std::string& text) {
        for (const std::string& item : split_list(text)) set(item);
      },
      help);
}

std::string small(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

void throw_unknown_choice(std::string_view text, const std::vector<std::string_view>& names) {
  std::string list;
  for (const std::string_view name : names) list += (list.empty() ? "" : ", ") + std::string(name);
  const std::optional<std::string> meant = core::nearest(small(text), {names.begin(), names.end()});
  throw Error(ErrorCode::kUsage, "'" + std::string(text) + "' is not one of " + list +
                                     (meant ? "; did you mean " + *meant + "?" : ""));
}

long long whole_number(const std::string& text, long long low, long long high) {
  long long value = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, problem] = std::from_chars(text.data(), end, value);
  if (problem != std::errc{} || stopped != end || value < low || value > high) {
    throw Error(ErrorCode::kUsage, "expected a whole number from " + std::to_string(low) + " to " +
                                       std::to_string(high) + ", found '" + text + "'");
  }
  return value;
}

double real_number(const std::string& text, double low, double high) {
  double value = 0;
  std::size_t used = 0;
  try {
    value = std::stod(text, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  if (text.empty() || used != text.size() || !std::isfinite(value) || value < low || value > high) {
    const auto shown = [](double bound) {
      std::string digits = std::to_string(bound);
      digits.erase(digits.find_last_not_of('0') + 1);
      return digits.ends_with('.') ? digits.substr(0, digits.size() - 1) : digits;
    };
    throw Error(ErrorCode::kUsage,
                "expected a number from " + shown(low) + " to " + shown(high) + ", found '" + text + "'");
  }
  return value;
}

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> items;
  std::size_t begin = 0;
  while (true) {
    const std::size_t comma = text.find(',', begin);
    items.push_back(text.substr(begin, comma == std::string::npos ? comma : comma - begin));
    if (items.back().empty()) {
      throw Error(ErrorCode::kUsage, "expected names between commas, found an empty one in '" + text + "'");
    }
    if (comma == std::string::npos) return items;
    begin = comma + 1;
  }
}

std::pair<double, double> parse_range(const std::string& text) {
  const std::vector<std::string> bounds = split_list(text);
  if (bounds.size() != 2) {
    throw Error(ErrorCode::kUsage, "expected image or LO,HI such as 0.5,20, found '" + text + "'");
  }
  const std::pair<double, double> range{real_number(bounds[0], -1e30, 1e30),
                                        real_number(bounds[1], -1e30, 1e30)};
  if (range.first >= range.second) {
    throw Error(ErrorCode::kUsage, "expected LO below HI, found '" + text + "'");
  }
  return range;
}

ShardOf parse_shard(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) {
    throw Error(ErrorCode::kUsage, "expected I/N such as 1/4, found '" + text + "'");
  }
  ShardOf shard;
  shard.count = static_cast<int>(whole_number(text.substr(slash + 1), 1, 1'000'000));
  try {
    shard.index = static_cast<int>(whole_number(text.substr(0, slash), 1, shard.count));
  } catch (const Error& error) {
    throw Error(ErrorCode::kUsage, std::string(error.what()) + "; I of I/N counts from 1");
  }
  return shard;
}

std::vector<std::string> parse_format_names(const std::string& text) {
  static constexpr std::array<std::string_view, 15> kFormats = {
      "png16", "exr", "exr16",   "npz",  "npy",      "pfm",  "tiff", "grey16",
      "ply",   "vis", "vis-jpg", "side", "side-jpg", "html", "none"};
  std::vector<std::string> formats = split_list(small(text));
  for (const std::string& format : formats) {
    if (std::find(kFormats.begin(), kFormats.end(), format) == kFormats.end()) {
      throw_unknown_choice(format, {kFormats.begin(), kFormats.end()});
    }
  }
  return formats;
}

void add_looks(CLI::App& app, Looks looks) {
  add_parsed(
      app, "--colormap",
      [looks](const std::string& text) { looks.colormap = small(text) == "gray" ? "grey" : small(text); },
      "colours of vis, side and html (spectral)")
      ->type_name("NAME")
      ->group("Results");
  add_parsed(
      app, "--vis-format",
      [looks](const std::string& text) {
        looks.vis_format = choose<VisFormat>(text, {{"png", VisFormat::kPng}, {"jpg", VisFormat::kJpeg}});
      },
      "files of vis and side: png or jpg (png)")
      ->type_name("TYPE")
      ->group("Results");
  add_parsed(
      app, "--preview",
      [looks](const std::string& text) { looks.preview = static_cast<int>(whole_number(text, 16, 65536)); },
      "vis and side with at most N pixels on the longer side")
      ->type_name("N")
      ->group("Results");
  add_parsed(
      app, "--exr-compression",
      [looks](const std::string& text) {
        looks.exr_compression = choose<std::string>(
            text, {{"none", "none"}, {"rle", "rle"}, {"zips", "zips"}, {"zip", "zip"}, {"piz", "piz"}});
      },
      "none, rle, zips, zip or piz (exr: none, exr16: zip)")
      ->type_name("NAME")
      ->group("Results");
  add_parsed(
      app, "--exr-channels",
      [looks](const std::string& text) {
        looks.exr_channels = choose<std::string>(text, {{"Z", "Z"}, {"Y", "Y"}, {"RGB", "RGB"}});
      },
      "Z, or beside it the same as Y or RGB, for programs that read no Z (Z)")
      ->type_name("NAMES")
      ->group("Results");
}

void add_progress(CLI::App& app, ShowProgress& progress) {
  add_parsed(
      app, "--progress",
      [&](const std::string& text) {
        progress = choose<ShowProgress>(text, {{"auto", ShowProgress::kAuto},
                                               {"always", ShowProgress::kAlways},
                                               {"never", ShowProgress::kNever}});
      },
      "auto (a bar on a terminal), always or never")
      ->type_name("WHEN")
      ->group("Messages");
}

void add_verbosity(CLI::App& app, Verbosity& verbosity) {
  app.add_flag("-q,--quiet", verbosity.quiet, "errors only on standard error")->group("Messages");
  app.add_flag("-v,--verbose", verbosity.verbose, "say what is decided and why; -vv: everything")
      ->group("Messages");
}

CLI::Option* add_trust_code(CLI::App& app, bool& trust_code) {
  return app.add_flag("--trust-code", trust_code, "run the code that a model file of another network brings");
}

void add_engine_options(CLI::App& app, Engine engine) {
  add_parsed(
      app, "--device",
      [&value = engine.device](const std::string& text) {
        if (small(text) == "auto") {
          value.reset();
        } else {
          value = parse_device(small(text) == "gpu" ? "cuda" : small(text));
        }
      },
      "auto (the best present), cpu, cuda, cuda:N or mps")
      ->type_name("NAME")
      ->group("Device");
  add_parsed(
      app, "--attention",
      [&value = engine.attention](const std::string& text) {
        value = choose<std::optional<Attention>>(
            text, {{"auto", {}}, {"sdpa", Attention::kSdpa}, {"manual", Attention::kManual}});
      },
      "auto, sdpa or manual; the same result to rounding")
      ->type_name("NAME")
      ->group("Device");
  add_parsed(
      app, "--precision",
      [&value = engine.precision](const std::string& text) {
        value = choose<std::optional<Precision>>(text, {{"auto", {}},
                                                        {"fp32", Precision::kFp32},
                                                        {"bf16", Precision::kBf16},
                                                        {"fp16", Precision::kFp16},
                                                        {"int8", Precision::kInt8}});
      },
      "auto, fp32, bf16, fp16 or int8")
      ->type_name("NAME")
      ->group("Device");
}

}  // namespace da3::cli
