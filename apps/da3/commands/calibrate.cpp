// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <codec/decode.hpp>
#include <commands/commands.hpp>
#include <commands/console.hpp>
#include <commands/log.hpp>
#include <commands/model_choice.hpp>
#include <commands/model_facts.hpp>
#include <commands/text.hpp>
#include <depth/way.hpp>
#include <fcntl.h>
#include <nlohmann/json.hpp>

#include <da3/error.hpp>

#include <core/atomic_file.hpp>
#include <core/file_descriptor.hpp>
#include <engine/engine.hpp>
#include <run/input_source.hpp>
#include <suites/depth_error.hpp>

namespace da3::commands {
namespace {

/// Pictures on which int8 is compared with fp32 afterwards; the first ones.
constexpr std::size_t kCompared = 4;

struct Photos {
  int seen = 0;
  int unreadable = 0;
};

/// Calls `see` with the first photos of the inputs that can be read, as the network takes them.
Photos for_each_photo(const cli::ModelCalibrate& options, const ModelSpec& spec, spdlog::logger& log,
                      const std::function<void(Image)>& see) {
  const depth::Way way = depth::make_way(spec, {});
  run::Options listed;
  listed.inputs.assign(options.photos.begin(), options.photos.end());
  listed.output_dir = options.output;
  run::InputSource source(listed);
  Photos photos;
  while (photos.seen < options.most_photos) {
    const auto item = source.next();
    if (!item) break;
    Image photo;
    try {
      if (item->error) throw Error(*item->error);
      photo = depth::prepare(
          way, codec::decode_file(item->path, {.max_pixels = options.max_pixels, .jpeg_pixels = {}}).image);
    } catch (const Error& error) {
      log.warn("{}", error.what());
      ++photos.unreadable;
      continue;
    }
    see(std::move(photo));
    ++photos.seen;
  }
  if (photos.seen > 0) return photos;
  const std::size_t folders = source.folders_not_entered();
  throw Error(ErrorCode::kNoInput, options.photos.front() +
                                       ": expected photos to calibrate with, found none that can be read" +
                                       (folders > 0 ? "; name the sub-folders, which are not entered" : ""));
}

std::vector<std::vector<float>> depths(const std::filesystem::path& file, Precision precision, int threads,
                                       const std::vector<Image>& photos) {
  engine::LoadOptions load;
  load.precision = precision;
  load.threads = threads;
  load.parts.cameras = false;
  load.refuse_code = true;
  const auto model = engine::load_model(file, load);
  std::vector<std::vector<float>> found;
  for (const Image& photo : photos) {
    predict::Request request;
    request.size = photo.size;
    request.pictures = {photo.rgb};
    found.push_back(model->predict(request).depth);
  }
  return found;
}

double difference(const std::vector<std::vector<float>>& reference,
                  const std::vector<std::vector<float>>& found) {
  suites::DepthError error;
  for (std::size_t i = 0; i < reference.size(); ++i) error.add(reference[i], found[i]);
  return error.abs_rel();
}

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g %%", 100 * share);
  return text;
}

/// Where the calibrated model is written: where the model itself would be replaced, next to it first, since
/// only a better one may take its place. It has the name of a temporary file there and is locked, so that
/// what is left of a killed process is removed by the next one.
class Written {
 public:
  Written(const std::string& output, const std::filesystem::path& model) : output_(output), file_(output) {
    std::error_code ignored;
    is_aside_ = std::filesystem::equivalent(output_, model, ignored);
    if (!is_aside_) return;
    aside_.emplace(core::end_of_links(output_));
    file_ = aside_->temporary();
  }
  Written(const Written&) = delete;
  Written& operator=(const Written&) = delete;

  bool is_aside() const { return is_aside_; }
  const std::filesystem::path& file() const { return file_; }

  /// Call once the model is written, which put another file in the place of the locked one.
  void hold() {
    if (!is_aside_) return;
    lock_ = core::FileDescriptor(open(file_.c_str(), O_RDONLY | O_CLOEXEC));
    if (lock_) core::try_lock(lock_);
  }

  void settle() {
    if (is_aside_) aside_->finish(core::Existing::kReplace);
  }

 private:
  std::filesystem::path output_;
  std::filesystem::path file_;
  bool is_aside_ = false;
  std::optional<core::AtomicFile> aside_;
  core::FileDescriptor lock_;
};

}  // namespace

int model_calibrate(const cli::ModelCalibrate& options) {
  Console console;
  const auto log = make_logger(options.verbosity, console);
  const std::filesystem::path model = choose_model(options.model).file;
  check_model_output(options.output);
  engine::Calibration calibration(model, options.threads);
  std::vector<Image> compared;
  const Photos photos = for_each_photo(options, calibration.spec(), *log, [&](Image photo) {
    calibration.see(photo);
    if (compared.size() < kCompared) compared.push_back(std::move(photo));
  });
  const auto exact = depths(model, Precision::kFp32, options.threads, compared);
  const double before = difference(exact, depths(model, Precision::kInt8, options.threads, compared));
  Written written(options.output, model);
  const engine::CalibrationReport report = calibration.write(written.file());
  written.hold();
  const double after = difference(exact, depths(written.file(), Precision::kInt8, options.threads, compared));
  const bool is_better = after < before;
  if (written.is_aside() && !is_better) {
    throw Error(ErrorCode::kUsage, options.output + ": int8 would be no closer to fp32 than before (" +
                                       percent(after) + ", is " + percent(before) +
                                       "), so the model stays as it was; take other photos");
  }
  if (report.layers == 0) {
    log->warn("no layer has inputs so uneven that factors help: the file computes what the model does");
  } else if (!is_better) {
    log->warn("int8 is no closer to fp32 than before: take the model as it was, or other photos");
  }
  written.settle();
  if (options.json) {
    const nlohmann::json object = {
        {"schema", 1},
        {"file", options.output},
        {"bytes", report.file_bytes},
        {"sha256", report.spec.sha256},
        {"photos", photos.seen},
        {"unreadable", photos.unreadable},
        {"smoothed_layers", report.layers},
        {"estimated_layer_error", {{"before", report.error_before}, {"after", report.error_after}}},
        {"difference_to_fp32", {{"photos", exact.size()}, {"before", before}, {"after", after}}}};
    put_on_stdout(json_text(object));
    return 0;
  }
  const std::string text =
      field("file", options.output + " (" + bytes_text(report.file_bytes) + ")") +
      field("photos", std::to_string(photos.seen)) +
      field("smoothed", std::to_string(report.layers) + " layers, estimated rounding error of a layer " +
                            percent(report.error_after) + ", was " + percent(report.error_before)) +
      field("int8", "differs from fp32 by " + percent(after) + " on average, was " + percent(before));
  put_on_stdout(text);
  return 0;
}

}  // namespace da3::commands
