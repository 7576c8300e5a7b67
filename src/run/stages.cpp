// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <new>
#include <string>
#include <utility>

#include <depth/way.hpp>
#include <formats/depth_statistics.hpp>
#include <formats/encode.hpp>

#include <da3/error.hpp>

#include <run/need.hpp>
#include <run/stages.hpp>

namespace da3::run {
namespace {

class Timer {
 public:
  Timer(Ticket& ticket, Stage stage) : seconds_(ticket.seconds[static_cast<std::size_t>(stage)]) {}
  ~Timer() { seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

 private:
  double& seconds_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// What a photo says about its focal length, and the camera that --intrinsics names for it.
struct Camera {
  std::optional<image::Intrinsics> known;
  std::optional<depth::Focal> focal;
};

/// The focal length of a photo: the user's, else of the camera that --intrinsics names, else from EXIF data.
Camera camera_of(const std::string& path, const codec::Decoded& photo, const Settings& settings) {
  const depth::Way& way = settings.way;
  const Size original = photo.image.size;
  Camera camera;
  camera.focal = depth::find_focal(original, way.focal_px, way.hfov_deg, std::nullopt);
  if (camera.focal) return camera;
  if (settings.cameras) camera.known = settings.cameras->find(path, original);
  if (camera.known) {
    camera.focal = depth::Focal{(camera.known->fx + camera.known->fy) / 2, "intrinsics"};
  } else {
    camera.focal = depth::find_focal(original, std::nullopt, std::nullopt, photo.exif_focal);
  }
  return camera;
}

/// Throws: Error kFocalMissing where results cannot be made without it.
void require_focal(const std::string& path, const codec::Decoded& photo, const Settings& settings) {
  if (settings.way.needs_focal()) {
    throw Error(ErrorCode::kFocalMissing,
                path + ": this model needs a focal length for metres, and the photo has " +
                    (photo.focal_doubt.empty()
                         ? "none in its EXIF data"
                         : "one in its EXIF data that cannot be right (" + photo.focal_doubt + ")") +
                    "; give --focal PX, --hfov DEG or --intrinsics FILE");
  }
  if (settings.needs_camera() && !settings.wanted.pose) {
    throw Error(ErrorCode::kFocalMissing,
                path +
                    ": ply needs a focal length, the photo has none in its EXIF data and this "
                    "model finds none; give --focal PX, --hfov DEG or --intrinsics FILE");
  }
}

/// Fills the record's focal length where results depend on it. Returns the camera of --intrinsics, if that is
/// it.
std::optional<image::Intrinsics> find_camera(Ticket& ticket, const codec::Decoded& photo,
                                             const Settings& settings) {
  const bool told = settings.way.focal_px || settings.way.hfov_deg || settings.cameras;
  if (!settings.way.needs_focal() && !settings.needs_camera() && !told) return std::nullopt;
  const Camera camera = camera_of(ticket.item.path, photo, settings);
  const bool is_named = settings.way.focal_px || settings.way.hfov_deg || camera.known;
  if (settings.cameras && !is_named) {
    ticket.record.warnings.push_back(ticket.item.path +
                                     ": the file of --intrinsics has no camera for this photo");
  }
  if (const auto doubt = camera.known ? settings.cameras->doubt(ticket.item.path) : std::nullopt)
    ticket.record.warnings.push_back(*doubt);
  if (!camera.focal) {
    require_focal(ticket.item.path, photo, settings);
    return std::nullopt;
  }
  ticket.record.focal = journal::FocalRecord{camera.focal->px, camera.focal->source};
  if (camera.focal->source.starts_with("exif")) {
    ticket.record.warnings.emplace_back(
        "focal length taken from EXIF; give --focal or --hfov if the photo was cropped");
  }
  return camera.known;
}

/// The camera in pixels of the results: as it was told, else the network's.
std::optional<image::Intrinsics> result_camera(const Predicted& predicted, const Settings& settings,
                                               Size original, Size processed, Size result) {
  const std::optional<journal::FocalRecord>& focal = predicted.ticket.record.focal;
  if (!focal) {
    if (!predicted.network_camera) return std::nullopt;
    return image::resized(*predicted.network_camera, processed, result);
  }
  const image::Intrinsics camera = predicted.known_camera.value_or(image::centred(focal->px, original));
  return depth::camera_of_result(settings.way, camera, original);
}

formats::OutputSet resized_set(Predicted& predicted, const Settings& settings) {
  const Timer timer(predicted.ticket, Stage::kResize);
  const journal::ImageRecord& record = predicted.ticket.record;
  const Size original = *record.input;
  std::optional<depth::Focal> focal;
  if (record.focal) focal = depth::Focal{record.focal->px, record.focal->source};
  formats::OutputSet set;
  const Size processed = predicted.depth.size;
  set.depth = depth::restore(settings.way, std::move(predicted.depth), original, focal);
  set.camera = result_camera(predicted, settings, original, processed, set.depth.size);
  const auto resized = [&](DepthMap& map) {
    return depth::resize_result(settings.way, std::move(map), original);
  };
  if (settings.wanted.confidence) set.confidence = resized(predicted.confidence);
  if (settings.wanted.sky) set.sky = resized(predicted.sky);
  set.kind = settings.way.result_kind;
  set.unit = settings.unit;
  set.photo = std::move(predicted.photo);
  return set;
}

void fill_times(Ticket& ticket) {
  constexpr double kMsPerS = 1e3;
  for (const Stage stage :
       {Stage::kDecode, Stage::kPreprocess, Stage::kForward, Stage::kResize, Stage::kWrite}) {
    ticket.record.ms.emplace_back(to_string(stage),
                                  ticket.seconds[static_cast<std::size_t>(stage)] * kMsPerS);
  }
}

Error no_memory(const Ticket& ticket, const char* work) {
  return {ErrorCode::kOutOfMemory, ticket.item.path + ": there is not enough memory to " + work};
}

/// The input's header; null where the record is that of an earlier run.
std::unique_ptr<codec::OpenedPicture> open(Ticket& ticket, const Settings& settings, const Sink& sink) {
  journal::ImageRecord& record = ticket.record;
  record.path = ticket.item.path;
  record.identity = ticket.item.identity();
  if (record.identity) {
    if (auto finished = sink.finished(ticket.item, *record.identity)) {
      record = std::move(*finished);
      return nullptr;
    }
  }
  sink.require_place(ticket.item, record.identity, settings.formats);
  if (!ticket.item.passed_over.empty()) {
    record.warnings.push_back(ticket.item.path + ": " + ticket.item.passed_over +
                              " next to it is the same picture and is passed over");
  }
  const Timer timer(ticket, Stage::kDecode);
  return ticket.item.open(settings.decode);
}

Prepared decode(Inspected& inspected, const Settings& settings) {
  Ticket& ticket = inspected.ticket;
  codec::Decoded decoded;
  {
    const Timer timer(ticket, Stage::kDecode);
    decoded = inspected.picture->decode();
    inspected.picture.reset();
  }
  ticket.record.input = decoded.image.size;
  if (!decoded.note.empty()) ticket.record.warnings.push_back(ticket.item.path + ": " + decoded.note);
  Prepared prepared;
  prepared.known_camera = find_camera(ticket, decoded, settings);
  const Timer timer(ticket, Stage::kPreprocess);
  prepared.input = depth::prepare(settings.way, decoded.image);
  ticket.record.processed = prepared.input.size;
  if (settings.needs_photo()) {
    prepared.photo = settings.way.at_model_size ? prepared.input : std::move(decoded.image);
  }
  return prepared;
}

void write(Predicted& predicted, const Settings& settings, Sink& sink) {
  formats::OutputSet set = resized_set(predicted, settings);
  Ticket& ticket = predicted.ticket;
  const Timer timer(ticket, Stage::kWrite);
  ticket.record.depth = formats::summarise(set, settings.formats);
  ticket.record.depth_unit = settings.unit;
  ticket.record.camera = set.camera;
  const auto encode = [&](formats::Format format) {
    formats::EncodedSet encoded = formats::encode(set, {format}, settings.encode);
    if (encoded.png16) ticket.record.png16 = encoded.png16;
    return std::move(encoded.files.front().bytes);
  };
  ticket.record.outputs = sink.write(ticket.item, ticket.record.identity, settings.formats, encode);
}

}  // namespace

std::variant<Inspected, Outcome> inspect(Ticket ticket, const Settings& settings, const Sink& sink) {
  try {
    std::unique_ptr<codec::OpenedPicture> picture = open(ticket, settings, sink);
    if (!picture) return Outcome{std::move(ticket.record), std::nullopt, ticket.seconds};
    ticket.need = need_of(picture->size(), picture->file_bytes(), settings);
    ticket.held.hold(picture->held_bytes());
    return Inspected{std::move(ticket), std::move(picture)};
  } catch (const Error& error) {
    return failure(std::move(ticket), error);
  }
}

std::variant<Prepared, Outcome> prepare(Inspected inspected, const Settings& settings) {
  try {
    Prepared prepared = decode(inspected, settings);
    inspected.ticket.held.hold(inspected.ticket.need.waiting);
    prepared.ticket = std::move(inspected.ticket);
    return prepared;
  } catch (const Error& error) {
    return failure(std::move(inspected.ticket), error);
  } catch (const std::bad_alloc&) {
    const Error error = no_memory(inspected.ticket, "decode this picture");
    return failure(std::move(inspected.ticket), error);
  }
}

std::variant<Predicted, Outcome> take_result(Prepared prepared, const predict::Result& result, int index,
                                             int batch, double forward_s) {
  const std::size_t needed = result.size.area() * static_cast<std::size_t>(batch);
  const auto fits = [&](const std::vector<float>& map) { return map.empty() || map.size() == needed; };
  if (result.size != prepared.input.size || result.depth.size() != needed || !fits(result.confidence) ||
      !fits(result.sky)) {
    const Error error(ErrorCode::kPredictionInvalid,
                      prepared.ticket.item.path + ": the model's result has another shape than its input");
    return failure(std::move(prepared.ticket), error);
  }
  const auto picture = static_cast<std::size_t>(index);
  Predicted predicted;
  try {
    predicted.depth = depth::map_of(result.depth, picture, result.size);
    if (!result.confidence.empty())
      predicted.confidence = depth::map_of(result.confidence, picture, result.size);
    if (!result.sky.empty()) predicted.sky = depth::map_of(result.sky, picture, result.size);
  } catch (const std::bad_alloc&) {
    const Error error = no_memory(prepared.ticket, "keep its depth");
    return failure(std::move(prepared.ticket), error);
  }
  if (!result.intrinsics.empty()) {
    const float* k = result.intrinsics.data() + picture * 9;
    predicted.network_camera = image::Intrinsics{k[0], k[4], k[2], k[5]};
  }
  predicted.known_camera = prepared.known_camera;
  predicted.photo = std::move(prepared.photo);
  predicted.ticket = std::move(prepared.ticket);
  predicted.ticket.seconds[static_cast<std::size_t>(Stage::kForward)] += forward_s / batch;
  predicted.ticket.record.batch = batch;
  return predicted;
}

Outcome finish(Predicted predicted, const Settings& settings, Sink& sink) {
  Ticket& ticket = predicted.ticket;
  try {
    write(predicted, settings, sink);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kOutputFailed || error.code() == ErrorCode::kInternal) throw;
    return failure(std::move(ticket), error);
  } catch (const std::bad_alloc&) {
    const Error error = no_memory(ticket, "make its results");
    return failure(std::move(ticket), error);
  }
  ticket.record.status = journal::ImageStatus::kDone;
  fill_times(ticket);
  return {std::move(ticket.record), std::nullopt, ticket.seconds};
}

Outcome failure(Ticket ticket, const Error& error) {
  journal::ImageRecord& record = ticket.record;
  record.path = ticket.item.path;
  record.status = journal::ImageStatus::kFailed;
  record.error = journal::RecordedError{std::string(error_name(error.code())), error.what()};
  record.outputs.clear();
  record.camera.reset();
  record.ms.clear();
  return {std::move(record), error.code(), ticket.seconds};
}

}  // namespace da3::run
