// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include <formats/format_table.hpp>
#include <options/validate.hpp>

#include <da3/error.hpp>

#include <core/nearest.hpp>
#include <core/text.hpp>
#include <image/colormap_names.hpp>

namespace da3::options {
namespace {

/// The format's row; null for `none`. Throws for a name that is none.
const formats::FormatFacts* facts_of(std::string_view name) {
  const auto* found = std::ranges::find(formats::kFormatFacts, name, &formats::FormatFacts::name);
  if (found != formats::kFormatFacts.end()) return found;
  if (name == formats::kNoFormat) return nullptr;
  core::refuse_choice(name, formats::format_names());
}

bool is_read_back(std::string_view name) {
  const formats::FormatFacts* facts = facts_of(name);
  return facts != nullptr && facts->read_rank > 0;
}

/// What an Error of `check` says, after the option that it is about.
template <typename Check>
void of_option(std::string_view option, const Check& check) {
  try {
    check();
  } catch (const Error& error) {
    throw Error(error.code(), std::string(option) + ": " + error.what());
  }
}

}  // namespace

void refuse(const std::string& message) {
  throw Error(ErrorCode::kUsage, message);
}

void check(const Inputs& inputs) {
  if (inputs.inputs.empty())
    throw Error(ErrorCode::kNoInput, "no input was named; give files, folders or '-'");
  if (inputs.list_format == ListFormat::kNul && std::ranges::find(inputs.inputs, "-") == inputs.inputs.end())
    refuse("--null is for a list on standard input; add the input -");
}

void check(const Focal& focal) {
  if (focal.focal_px && focal.hfov_deg) refuse("--focal and --hfov say the same thing; give one of them");
  if (focal.focal_px && !(*focal.focal_px > 0 && std::isfinite(*focal.focal_px))) {
    refuse("--focal " + core::exact_text(*focal.focal_px) +
           ": expected pixels of the original photo, more than 0");
  }
  if (focal.hfov_deg && !(*focal.hfov_deg > 0 && *focal.hfov_deg < 180))
    refuse("--hfov " + core::exact_text(*focal.hfov_deg) + ": expected degrees between 0 and 180");
}

void check(const Results& results) {
  if (results.output_dir.empty()) refuse("--output: expected a folder, found an empty name");
}

void check_colormap(std::string_view name) {
  if (std::ranges::find(image::kColormapNames, name) != image::kColormapNames.end()) return;
  of_option("--colormap",
            [&] { core::refuse_choice(name, {image::kColormapNames.begin(), image::kColormapNames.end()}); });
}

void check(const Looks& looks) {
  check_colormap(looks.colormap);
  if (!looks.vis_range) return;
  const auto& [low, high] = *looks.vis_range;
  // Pictures show 1 / depth, which both ends must have.
  if (low > 0 && low < high && std::isfinite(1 / low) && std::isfinite(high)) return;
  refuse("--range " + core::exact_text(low) + "," + core::exact_text(high) +
         ": expected two depths above 0, LO below HI");
}

void check(const Resources& resources) {
  if (!(resources.memory_fraction > 0) || resources.memory_fraction > 1) {
    refuse("--memory-fraction " + core::exact_text(resources.memory_fraction) +
           ": expected more than 0 and at most 1");
  }
  if (resources.threads < 0) refuse("--threads: expected 0 (from the machine) or more");
  if (resources.decode_threads < 0) refuse("--decode-threads: expected 0 (from the machine) or more");
}

void check_shard(const std::optional<Shard>& shard) {
  if (!shard || (shard->index >= 1 && shard->index <= shard->count)) return;
  refuse("--shard " + std::to_string(shard->index) + "/" + std::to_string(shard->count) +
         ": expected I/N with 1 <= I <= N");
}

void check_formats(const std::vector<std::string>& formats) {
  of_option("--format", [&] {
    if (formats.empty()) refuse("expected a list such as png16,vis, found none");
    for (const std::string& format : formats) {
      if (facts_of(format) == nullptr && formats.size() > 1)
        refuse("none stands alone; remove it, or the other formats");
    }
  });
}

void check_extra_maps(const Results& results, const std::vector<std::string>& formats,
                      std::string_view option) {
  if (!results.confidence && !results.sky) return;
  const auto holds = [](const std::string& name) {
    const formats::FormatFacts* facts = facts_of(name);
    return facts != nullptr && facts->extra_maps;
  };
  if (std::ranges::any_of(formats, holds)) return;
  refuse(std::string(results.confidence ? "--confidence" : "--sky") +
         " needs a format that holds further arrays; add " + std::string(option) + " npz or exr");
}

void check_crop(ResizeMethod method, ResultSize size) {
  if (!is_crop(method) || size == ResultSize::kModel) return;
  refuse("--resize-method " + std::string(to_string(method)) +
         " cuts off the photo's edges, so that no result of its size can be made; add --size model "
         "(at_model_size in the library)");
}

void validate(const Infer& options) {
  check(static_cast<const Inputs&>(options));
  check(static_cast<const Focal&>(options));
  check(static_cast<const Results&>(options));
  check(static_cast<const Looks&>(options));
  check(static_cast<const Resources&>(options));
  check_shard(options.shard);
  check_formats(options.formats);
  check_extra_maps(options, options.formats, "--format");
  if (options.range_of_set && std::ranges::none_of(options.formats, is_read_back)) {
    refuse("--range set: the pictures are drawn again from what was written; add " +
           formats::readable_names() + " to --format");
  }
  if (options.resize_method) check_crop(*options.resize_method, options.size);
  if (options.batch && *options.batch < 1)
    refuse("--batch " + std::to_string(*options.batch) + ": expected 1 or more");
}

void validate(const Render& options) {
  check(static_cast<const Looks&>(options));
  check_shard(options.shard);
  check_formats(options.formats);
  const auto has = [&](std::string_view name) {
    return std::ranges::find(options.formats, name) != options.formats.end();
  };
  if (has(formats::kNoFormat)) refuse("--format: none renders nothing; give another format");
  if (has("html")) refuse("--format: html, the gallery, is made by da3 infer; choose side or vis here");
}

}  // namespace da3::options
