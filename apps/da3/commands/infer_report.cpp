// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <vector>

#include <commands/infer_report.hpp>
#include <commands/text.hpp>
#include <formats/output_set.hpp>
#include <nlohmann/json.hpp>

#include <da3/error.hpp>

namespace da3::commands {
namespace {

std::string optional_bytes(const std::optional<std::uint64_t>& bytes) {
  return bytes ? bytes_text(*bytes) : "unknown";
}

template <typename Value>
nlohmann::json or_null(const std::optional<Value>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

/// Where the results are, what can be looked at first.
std::string files_text(const cli::Infer& options, const ModelSpec& model, const run::Summary& summary,
                       const SingleFile& single) {
  const bool metres = model.depth_kind == DepthKind::kMetric || model.depth_kind == DepthKind::kCanonical;
  std::string text;
  for (const std::string& format : single.format().empty() ? options.formats : std::vector{single.format()}) {
    if (format == "none") return "no files, as --format none says";
    if (format == "html") {
      text = "gallery: " + options.output_dir.string() + "/index.html" + (text.empty() ? "" : "; ") + text;
      continue;
    }
    const bool picture = format.starts_with("vis") || format.starts_with("side");
    const std::string name = picture             ? "pictures"
                             : format != "png16" ? "depth"
                             : metres            ? "millimetres"
                                                 : "16-bit depth";
    const std::string ending(formats::suffix(formats::parse_format(format)));
    // What can be looked at first.
    const std::string files = !single.format().empty() ? "" : (summary.in_folders ? "/**/*" : "/*") + ending;
    const std::string item = name + ": " + options.output_dir.string() + files;
    text = text.empty() ? item : picture ? item + "; " + text : text + "; " + item;
  }
  return text;
}

/// What a folder that was named holds next to what was taken; empty if nothing.
std::string not_entered_text(const run::Summary& summary) {
  if (summary.folders_not_entered == 0) return "";
  return "\n     " + count_of(summary.folders_not_entered, "folder") + " not entered (-r)";
}

}  // namespace

std::string busy_text(const run::Summary& summary) {
  std::string text = "busy:";
  for (std::size_t stage = 0; stage < run::kNumStages; ++stage) {
    text.append(" ").append(to_string(static_cast<run::Stage>(stage))).append(" ");
    text.append(seconds_text(summary.busy_s.at(stage)));
  }
  return text + "; slowest: " + std::string(to_string(summary.slowest));
}

std::string summary_text(const run::Summary& summary, const cli::Infer& options, const ModelSpec& model,
                         const SingleFile& single) {
  const std::size_t forwarded = summary.done;
  if (!summary.interrupted && forwarded == 0 && summary.failed == 0) {
    if (summary.skipped == 0 && options.shard) {
      return "shard " + std::to_string(options.shard->index) + "/" + std::to_string(options.shard->count) +
             " is empty: none of the inputs is its part, so there is nothing to do";
    }
    return (summary.skipped == 1 ? "the one input is"
                                 : "all " + count_of(summary.skipped, "input") + " are") +
           " done already (-y does everything again); " + files_text(options, model, summary, single) +
           not_entered_text(summary);
  }
  std::string text = count_of(summary.done, "image") + " done";
  if (summary.skipped > 0) text += ", " + grouped(summary.skipped) + " done before";
  if (summary.failed > 0) text += ", " + grouped(summary.failed) + " failed";
  text += " in " + seconds_text(summary.elapsed_s);
  if (forwarded > 0 && summary.elapsed_s > 0) {
    text += " (" + rate_text(static_cast<double>(forwarded) / summary.elapsed_s) + " images/s)";
  }
  if (summary.interrupted) text += "\n     interrupted: the same command goes on where this one stopped";
  if (summary.done + summary.skipped > 0) text += "\n     " + files_text(options, model, summary, single);
  return text + not_entered_text(summary);
}

std::string shape_text(const run::ShapeSummary& shape) {
  std::string text = size_text(shape.size) + ": " + count_of(shape.images, "image") + ", largest batch " +
                     std::to_string(shape.batch);
  if (!shape.reason.empty()) text += " (" + shape.reason + ")";
  text += ", memory predicted " + optional_bytes(shape.predicted_bytes) + ", used " +
          optional_bytes(shape.measured_bytes);
  return text;
}

std::string plan_text(const run::Plan& plan, const ModelSpec& model, const DeviceId& device) {
  std::string text = "model     " + model.name + " on " + to_string(device) + "\n";
  text += "inputs    " + grouped(plan.inputs) + ", " + grouped(plan.finished) + " done already, " +
          grouped(plan.unusable.size()) + " unusable\n";
  text += "memory    " + bytes_text(plan.free_bytes) + " free, " + bytes_text(plan.allowed_bytes) +
          " may be used\n";
  for (const run::PlannedShape& shape : plan.shapes) {
    text += "size      " + size_text(shape.size) + ": " + count_of(shape.images, "image") + ", batch " +
            std::to_string(shape.batch) + (shape.reason.empty() ? "" : " (" + shape.reason + ")") +
            ", memory " + optional_bytes(shape.predicted_bytes) + "\n";
  }
  for (const run::ImageEvent& event : plan.unusable) text += "unusable  " + event.message + "\n";
  return text;
}

std::string plan_json(const run::Plan& plan, const ModelSpec& model, const DeviceId& device) {
  nlohmann::json shapes = nlohmann::json::array();
  for (const run::PlannedShape& shape : plan.shapes) {
    shapes.push_back({{"height", shape.size.height},
                      {"width", shape.size.width},
                      {"images", shape.images},
                      {"batch", shape.batch},
                      {"reason", shape.reason},
                      {"predicted_bytes", or_null(shape.predicted_bytes)}});
  }
  nlohmann::json unusable = nlohmann::json::array();
  for (const run::ImageEvent& event : plan.unusable) {
    unusable.push_back(
        {{"path", event.path},
         {"error", event.error ? nlohmann::json(error_name(*event.error)) : nlohmann::json(nullptr)},
         {"message", event.message}});
  }
  const nlohmann::json object = {{"type", "plan"},
                                 {"schema", 1},
                                 {"model", model.name},
                                 {"device", to_string(device)},
                                 {"inputs", plan.inputs},
                                 {"finished", plan.finished},
                                 {"unusable", unusable},
                                 {"shapes", shapes},
                                 {"free_bytes", plan.free_bytes},
                                 {"allowed_bytes", plan.allowed_bytes}};
  // Names of files need not be UTF-8; JSON has to be.
  return object.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace da3::commands
