// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <initializer_list>
#include <string_view>
#include <utility>

#include <codec/decode.hpp>
#include <depth/way.hpp>
#include <formats/depth_statistics.hpp>
#include <formats/encode.hpp>
#include <sys/stat.h>

#include <da3/error.hpp>

#include <core/text.hpp>
#include <core/write_failure.hpp>
#include <run/job.hpp>

namespace da3::run {
namespace {

// Peaks per pixel of the original. Decoding: RGB, and beside it the decoder's own picture (up to 8 bytes: 16
// bit RGBA) or the turned copy.
constexpr std::uint64_t kDecodingBytesPerPixel = 11;
constexpr std::uint64_t kMapBytes = sizeof(float);
constexpr std::uint64_t kRgbBytes = 3;

class Timer {
 public:
  Timer(Job& job, Stage stage) : job_(job), stage_(stage) {}
  ~Timer() {
    job_.times.add(stage_, std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count());
  }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

 private:
  Job& job_;
  Stage stage_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// True for a file that da3 itself wrote into the output folder: it is never an input, for a result might
/// replace it.
bool is_own_result(const std::filesystem::path& path, const journal::ResultFolder& folder) {
  std::error_code failed;
  const std::filesystem::path parent =
      std::filesystem::canonical(path.has_parent_path() ? path.parent_path() : ".", failed);
  if (failed) return false;
  const std::filesystem::path root = std::filesystem::canonical(folder.folder(), failed);
  if (failed) return false;
  const std::string below = (parent / path.filename()).lexically_relative(root).string();
  return !below.starts_with("../") && folder.manifest().owns(below);
}

/// The name that an earlier run gave this input's results, else the item's own.
std::string result_stem(const Item& item, const journal::ResultFolder& folder) {
  const auto known = folder.known_stem(item.path);
  return known ? std::string(*known) : item.stem();
}

/// The focal length of a photo: the user's, else of the camera that --intrinsics names, else from EXIF data.
std::optional<depth::Focal> focal_of(Job& job, const Settings& settings) {
  const depth::Way& way = settings.way;
  if (const auto asked = depth::find_focal(job.original, way.focal_px, way.hfov_deg, std::nullopt))
    return asked;
  if (settings.cameras) job.known_camera = settings.cameras->find(job.item.path, job.original);
  if (job.known_camera) return depth::Focal{(job.known_camera->fx + job.known_camera->fy) / 2, "intrinsics"};
  return depth::find_focal(job.original, std::nullopt, std::nullopt, job.exif_focal);
}

/// Fills the record's focal length where results depend on it.
void find_camera(Job& job, const Settings& settings) {
  const bool told = settings.way.focal_px || settings.way.hfov_deg || settings.cameras;
  if (!settings.way.needs_focal() && !settings.needs_camera() && !told) return;
  const std::optional<depth::Focal> focal = focal_of(job, settings);
  if (!focal && settings.way.needs_focal()) {
    throw Error(ErrorCode::kFocalMissing,
                job.item.path + ": this model needs a focal length for metres, and the photo has " +
                    (job.focal_doubt.empty()
                         ? "none in its EXIF data"
                         : "one in its EXIF data that cannot be right (" + job.focal_doubt + ")") +
                    "; give --focal PX, --hfov DEG or --intrinsics FILE");
  }
  if (!focal && settings.needs_camera() && !settings.wanted.pose) {
    throw Error(ErrorCode::kFocalMissing,
                job.item.path +
                    ": ply needs a focal length, the photo has none in its EXIF data and this "
                    "model finds none; give --focal PX, --hfov DEG or --intrinsics FILE");
  }
  if (!focal) return;
  job.record.focal = journal::FocalRecord{focal->px, focal->source};
  if (focal->source.starts_with("exif")) {
    job.record.warnings.emplace_back(
        "focal length taken from EXIF; give --focal or --hfov if the photo was cropped");
  }
}

/// The camera in pixels of the results: as it was told, else the network's.
std::optional<image::Intrinsics> result_camera(const Job& job, const Settings& settings, Size processed,
                                               Size result) {
  if (!job.record.focal) {
    if (!job.network_camera) return std::nullopt;
    return image::resized(*job.network_camera, processed, result);
  }
  image::Intrinsics camera = job.known_camera.value_or(image::centred(job.record.focal->px, job.original));
  if (!settings.way.at_model_size) return camera;
  // A crop keeps the middle.
  const image::Scale scale = depth::processed_scale(settings.way, job.original);
  return image::Intrinsics{camera.fx * scale.x, camera.fy * scale.y,
                           camera.cx * scale.x + (result.width - job.original.width * scale.x) / 2,
                           camera.cy * scale.y + (result.height - job.original.height * scale.y) / 2};
}

/// How to make a picture that can be read from a file whose name says that it is none.
std::string conversion_advice(std::string_view path) {
  const std::string extension(path.substr(path.rfind('.') + 1));
  const auto is = [&](std::initializer_list<std::string_view> names) {
    return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
      return std::equal(name.begin(), name.end(), extension.begin(), extension.end(),
                        [](char a, char b) { return a == std::tolower(static_cast<unsigned char>(b)); });
    });
  };
  if (is({"heic", "heif"})) return "convert it with `heif-convert IN.heic OUT.jpg`";
  if (is({"avif"})) return "convert it with `avifdec IN.avif OUT.png`";
  if (is({"gif"})) return "convert one of its pictures with `ffmpeg -i IN.gif -frames:v 1 OUT.png`";
  if (is({"exr"})) return "convert it to an 8-bit picture, with `oiiotool IN.exr -o OUT.png`";
  return "convert the raw file with `darktable-cli IN OUT.jpg` or `dcraw -c -w IN > OUT.ppm`";
}

formats::OutputSet resized_set(Job& job, const Settings& settings) {
  formats::OutputSet set;
  const Timer timer(job, Stage::kResize);
  std::optional<depth::Focal> focal;
  if (job.record.focal) focal = depth::Focal{job.record.focal->px, job.record.focal->source};
  const Size processed = job.depth.size;
  set.depth = depth::restore(settings.way, std::move(job.depth), job.original, focal);
  set.camera = result_camera(job, settings, processed, set.depth.size);
  const auto resized = [&](DepthMap& map) {
    return depth::resize_result(settings.way, std::move(map), job.original);
  };
  if (settings.wanted.confidence) set.confidence = resized(job.confidence);
  if (settings.wanted.sky) set.sky = resized(job.sky);
  set.kind = settings.way.result_kind;
  set.unit = settings.unit;
  set.photo = std::move(job.photo);
  return set;
}

void fill_times(Job& job) {
  constexpr double kMsPerS = 1e3;
  for (const Stage stage :
       {Stage::kDecode, Stage::kPreprocess, Stage::kForward, Stage::kResize, Stage::kWrite}) {
    job.record.ms.emplace_back(to_string(stage), job.times[stage] * kMsPerS);
  }
}

}  // namespace

std::optional<journal::InputIdentity> input_identity(const std::string& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return std::nullopt;
#ifdef __APPLE__
  const timespec& time = status.st_mtimespec;
#else
  const timespec& time = status.st_mtim;
#endif
  return journal::InputIdentity{static_cast<std::uint64_t>(status.st_size),
                                std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec};
}

Size header_size(const Item& item, const Settings& settings) {
  if (item.error) throw *item.error;
  if (item.unsupported) {
    throw Error(ErrorCode::kImageUnsupported,
                item.path + ": files of this type are not read; " + conversion_advice(item.path));
  }
  return codec::read_size(item.path, settings.decode);
}

std::optional<Size> inspect(Job& job, const Settings& settings, const journal::ResultFolder& folder) {
  job.record.path = job.item.path;
  if (!job.item.error) job.record.identity = input_identity(job.item.path);
  if (job.record.identity) {
    if (auto finished = folder.finished(job.item.path, job.item.stem(), *job.record.identity)) {
      job.record = std::move(*finished);
      return std::nullopt;
    }
  }
  if (job.item.named && is_own_result(job.item.path, folder)) {
    throw Error(ErrorCode::kOutputCollision,
                job.item.path +
                    ": this is a result of da3 in the output folder, which is never taken as input; "
                    "choose another output folder");
  }
  // Before the work rather than after it: the files would not be written.
  if (!settings.formats.empty()) {
    folder.require_own(job.item.path, result_stem(job.item, folder), job.record.identity);
  }
  if (!job.item.passed_over.empty()) {
    job.record.warnings.push_back(job.item.path + ": " + job.item.passed_over +
                                  " next to it is the same picture and is passed over");
  }
  const Timer timer(job, Stage::kDecode);
  return header_size(job.item, settings);
}

std::uint64_t decoding_bytes(Size original, std::uint64_t file_bytes) {
  return original.area() * kDecodingBytesPerPixel + file_bytes;
}

std::uint64_t waiting_bytes(Size original, const Settings& settings) {
  const Size processed = depth::processed_size(settings.way, original);
  // The network's input, later its depth in float.
  std::uint64_t bytes = processed.area() * (kRgbBytes + sizeof(float));
  if (settings.wanted.confidence) bytes += processed.area() * sizeof(float);
  if (settings.wanted.sky) bytes += processed.area() * sizeof(float);
  if (settings.needs_photo()) bytes += depth::result_size(settings.way, original).area() * kRgbBytes;
  return bytes;
}

std::uint64_t finishing_bytes(Size original, const Settings& settings) {
  const std::uint64_t maps = 1U + (settings.wanted.confidence ? 1U : 0U) + (settings.wanted.sky ? 1U : 0U);
  const std::uint64_t pixels = depth::result_size(settings.way, original).area();
  std::uint64_t largest = 0;
  for (const formats::Format format : settings.formats) {
    largest = std::max(largest, formats::encoding_bytes(format, pixels, maps, settings.encode));
  }
  return pixels * maps * kMapBytes + largest;
}

Error beyond_memory(const Job& job, std::uint64_t free_bytes) {
  return {ErrorCode::kImageTooLarge,
          job.item.path + ": needs " + core::grouped(job.needed_bytes) +
              " bytes of memory for the formats asked for, " + core::grouped(free_bytes) +
              " are free; give fewer formats or --size model, make the picture smaller, or free memory"};
}

void decode(Job& job, const Settings& settings) {
  codec::Decoded decoded;
  {
    const Timer timer(job, Stage::kDecode);
    decoded = codec::decode_file(job.item.path, settings.decode);
  }
  job.original = decoded.image.size;
  job.record.input = job.original;
  job.exif_focal = decoded.exif_focal;
  job.focal_doubt = decoded.focal_doubt;
  if (!decoded.note.empty()) job.record.warnings.push_back(job.item.path + ": " + decoded.note);
  find_camera(job, settings);
  const Timer timer(job, Stage::kPreprocess);
  job.input = depth::prepare(settings.way, decoded.image);
  job.record.processed = job.input.size;
  if (settings.needs_photo()) {
    job.photo = settings.way.at_model_size ? job.input : std::move(decoded.image);
  }
}

void take_result(Job& job, const predict::Result& result, int index, int batch, double forward_s) {
  const std::size_t needed = result.size.area() * static_cast<std::size_t>(batch);
  const auto fits = [&](const std::vector<float>& map) { return map.empty() || map.size() == needed; };
  if (result.size != job.input.size || result.depth.size() != needed || !fits(result.confidence) ||
      !fits(result.sky)) {
    throw Error(ErrorCode::kPredictionInvalid,
                job.item.path + ": the model's result has another shape than its input");
  }
  job.times.add(Stage::kForward, forward_s / batch);
  job.record.batch = batch;
  const auto picture = static_cast<std::size_t>(index);
  job.depth = depth::map_of(result.depth, picture, result.size);
  if (!result.confidence.empty()) job.confidence = depth::map_of(result.confidence, picture, result.size);
  if (!result.sky.empty()) job.sky = depth::map_of(result.sky, picture, result.size);
  if (!result.intrinsics.empty()) {
    const float* k = result.intrinsics.data() + picture * 9;
    job.network_camera = image::Intrinsics{k[0], k[4], k[2], k[5]};
  }
  job.input = {};
}

void finish(Job& job, const Settings& settings, journal::ResultFolder& folder) {
  const formats::OutputSet set = resized_set(job, settings);
  {
    const Timer timer(job, Stage::kWrite);
    job.record.depth = formats::summarise(set.depth);
    job.record.depth_unit = settings.unit;
    const auto contents = [&](formats::Format format) {
      formats::EncodedSet encoded = formats::encode(set, {format}, settings.encode);
      if (encoded.png16) job.record.png16 = encoded.png16;
      return std::move(encoded.files.front().bytes);
    };
    job.record.outputs = folder.write(job.item.path, result_stem(job.item, folder), job.record.identity,
                                      settings.formats, contents);
  }
  job.record.status = journal::ImageStatus::kDone;
  fill_times(job);
}

void fail(Job& job, const Error& error) {
  job.error = error.code();
  job.record.path = job.item.path;
  job.record.status = journal::ImageStatus::kFailed;
  job.record.error = journal::RecordedError{std::string(error_name(error.code())), error.what()};
  job.record.outputs.clear();
  job.record.ms.clear();
  job.input = {};
  job.photo.reset();
}

}  // namespace da3::run
