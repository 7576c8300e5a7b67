// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "native.hpp"

// da3._core: the C interface of libda3 for the package's Python files. Nothing here is public.
namespace nb = nanobind;
using namespace nb::literals;  // NOLINT(google-build-using-namespace)
using namespace da3::python;   // NOLINT(google-build-using-namespace)

namespace {

// --- photos
// ---------------------------------------------------------------------------------------------------

std::unique_ptr<Photo> read_photo(const nb::bytes& path) {
  const std::string file = path_of(path);
  const Unlocked free;
  da3_photo* photo = nullptr;
  check(da3_photo_read(file.c_str(), &photo));
  return std::make_unique<Photo>(photo);
}

using ByteArray = nb::ndarray<const std::uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

std::unique_ptr<Photo> decode_photo(const ByteArray& bytes) {
  const Unlocked free;
  da3_photo* photo = nullptr;
  check(da3_photo_decode(bytes.data(), bytes.size(), &photo));
  return std::make_unique<Photo>(photo);
}

using Pixels = nb::ndarray<nb::numpy, const std::uint8_t, nb::shape<-1, -1, 3>>;

Pixels pixels_of(nb::handle_t<Photo> self) {
  const da3_image image = nb::cast<const Photo&>(self).image();
  const std::size_t shape[3] = {static_cast<std::size_t>(image.height), static_cast<std::size_t>(image.width),
                                3};
  return {image.rgb, 3, shape, self};
}

// --- predictions
// ----------------------------------------------------------------------------------------------

struct Predictions {
  explicit Predictions(da3_predictions* handle) : owned(handle) {}
  Owned<da3_predictions, da3_predictions_free> owned;
};

using Map = nb::ndarray<nb::numpy, float, nb::shape<-1, -1>>;

nb::object map_of(const float* values, const da3_maps& maps, nb::handle owner) {
  if (values == nullptr) return nb::none();
  const std::size_t shape[2] = {static_cast<std::size_t>(maps.height), static_cast<std::size_t>(maps.width)};
  // The handle is owned by Python alone from here on, so its maps may be changed.
  return nb::cast(Map(const_cast<float*>(values), 2, shape, owner));
}

/// Maps of one photo as a dict; its arrays keep the handle alive.
nb::dict maps_of(nb::handle_t<Predictions> self, std::size_t index) {
  da3_maps maps = DA3_MAPS_INIT;
  check(da3_predictions_get(nb::cast<const Predictions&>(self).owned.get(), index, &maps));
  nb::dict result;
  result["depth"] = map_of(maps.depth, maps, self);
  result["confidence"] = map_of(maps.confidence, maps, self);
  result["sky"] = map_of(maps.sky, maps, self);
  result["kind"] = maps.kind;
  result["focal_px"] = maps.focal_px > 0 ? nb::cast(maps.focal_px) : nb::none();
  return result;
}

// --- models
// ---------------------------------------------------------------------------------------------------

struct LoadOptions {
  std::optional<std::string> model;
  std::optional<std::string> device;
  std::optional<std::string> precision;
  std::optional<std::string> attention;
  int threads = 0;
  bool trust_code = false;

  da3_load_options native() const {
    da3_load_options options = DA3_LOAD_OPTIONS_INIT;
    options.device = or_null(device);
    options.precision = or_null(precision);
    options.attention = or_null(attention);
    options.threads = threads;
    options.trust_code = trust_code ? 1 : 0;
    return options;
  }
};

struct PredictOptions {
  bool confidence = false;
  bool sky = false;
  bool at_model_size = false;
  bool raw = false;
  int process_res = 0;
  int max_batch = 0;
  std::optional<std::string> resize_method;
  double focal_px = 0;
  double hfov_deg = 0;

  da3_predict_options native() const {
    da3_predict_options options = DA3_PREDICT_OPTIONS_INIT;
    options.confidence = confidence ? 1 : 0;
    options.sky = sky ? 1 : 0;
    options.at_model_size = at_model_size ? 1 : 0;
    options.raw = raw ? 1 : 0;
    options.process_res = process_res;
    options.max_batch = max_batch;
    options.resize_method = or_null(resize_method);
    options.focal_px = focal_px;
    options.hfov_deg = hfov_deg;
    return options;
  }
};

std::unique_ptr<Model> load(const LoadOptions& options) {
  const Unlocked free;
  const da3_load_options native = options.native();
  da3_model* model = nullptr;
  check(da3_model_load(or_null(options.model), &native, &model));
  return std::make_unique<Model>(model);
}

nb::dict info_of(const Model& model) {
  da3_model_info info = DA3_MODEL_INFO_INIT;
  check(da3_model_get_info(model.owned.get(), &info));
  nb::dict result;
  result["name"] = info.name;
  result["device"] = info.device;
  result["precision"] = info.precision;
  result["attention"] = info.attention;
  result["kind"] = info.depth_kind;
  return result;
}

std::string record_of(const Model& model) {
  da3_bytes* json = nullptr;
  check(da3_model_record(model.owned.get(), &json));
  return text_of(Bytes(json));
}

std::unique_ptr<Predictions> predict(const Model& model, const std::vector<Input>& inputs,
                                     const PredictOptions& options) {
  // Decoded photos alone are not copied.
  std::vector<const da3_photo*> photos;
  std::vector<da3_image> images;
  for (const Input& input : inputs) {
    images.push_back(image_of(input));
    if (const auto* photo = std::get_if<Photo*>(&input)) photos.push_back((*photo)->owned.get());
  }
  const da3_predict_options native = options.native();
  da3_predictions* predictions = nullptr;
  const Unlocked free;
  if (photos.size() == inputs.size()) {
    check(da3_predict_photos(model.owned.get(), photos.data(), photos.size(), &native, &predictions));
  } else {
    check(da3_predict(model.owned.get(), images.data(), images.size(), &native, &predictions));
  }
  return std::make_unique<Predictions>(predictions);
}

struct Cache {
  explicit Cache(std::uint64_t max_bytes) {
    da3_model_cache* handle = nullptr;
    check(da3_model_cache_new(max_bytes, &handle));
    owned.reset(handle);
  }
  Owned<da3_model_cache, da3_model_cache_free> owned;
};

std::unique_ptr<Model> get_cached(Cache& cache, const LoadOptions& options) {
  const Unlocked free;
  const da3_load_options native = options.native();
  da3_model* model = nullptr;
  check(da3_model_cache_get(cache.owned.get(), or_null(options.model), &native, &model));
  return std::make_unique<Model>(model);
}

nb::dict cache_statistics(const Cache& cache) {
  da3_model_cache_statistics found = DA3_MODEL_CACHE_STATISTICS_INIT;
  check(da3_model_cache_get_statistics(cache.owned.get(), &found));
  nb::dict result;
  result["hits"] = found.hits;
  result["misses"] = found.misses;
  result["failures"] = found.failures;
  result["evictions"] = found.evictions;
  result["models"] = found.models;
  result["bytes"] = found.bytes;
  return result;
}

// --- results
// --------------------------------------------------------------------------------------------------

using FloatMap = nb::ndarray<const float, nb::shape<-1, -1>, nb::c_contig, nb::device::cpu>;

nb::bytes encode(const std::string& format, const std::string& kind, const FloatMap& depth,
                 const std::optional<FloatMap>& confidence, const std::optional<FloatMap>& sky,
                 const std::optional<Input>& photo, const std::string& colormap,
                 const std::optional<std::pair<double, double>>& vis_range) {
  da3_maps maps = DA3_MAPS_INIT;
  maps.height = side_of(depth.shape(0));
  maps.width = side_of(depth.shape(1));
  maps.depth = depth.data();
  for (const auto& [name, map, to] :
       {std::tuple{"confidence", &confidence, &maps.confidence}, std::tuple{"sky", &sky, &maps.sky}}) {
    if (!*map) continue;
    if ((*map)->shape(0) != depth.shape(0) || (*map)->shape(1) != depth.shape(1)) {
      throw nb::value_error((std::string(name) + ": another shape than depth").c_str());
    }
    *to = (*map)->data();
  }
  maps.kind = kind.c_str();
  da3_encode_options options = DA3_ENCODE_OPTIONS_INIT;
  da3_image image = DA3_IMAGE_INIT;
  if (photo) {
    image = image_of(*photo);
    options.photo = &image;
  }
  options.colormap = colormap.c_str();
  if (vis_range) {
    options.vis_near = vis_range->first;
    options.vis_far = vis_range->second;
  }
  da3_bytes* bytes = nullptr;
  {
    const Unlocked free;
    check(da3_encode(&maps, format.c_str(), &options, &bytes));
  }
  return python_bytes(Bytes(bytes));
}

// --- folders
// --------------------------------------------------------------------------------------------------

struct RunOptions {
  std::string formats = "png16,vis";
  std::string colormap = "spectral";
  std::optional<std::pair<double, double>> vis_range;
  std::optional<std::string> resize_method;
  double focal_px = 0;
  double hfov_deg = 0;
  int process_res = 0;
  bool recursive = false;
  bool confidence = false;
  bool sky = false;
  bool at_model_size = false;
  bool overwrite = false;
  bool allow_synthetic = false;
  int batch = 0;
  int decode_threads = 0;
  std::pair<int, int> shard{0, 0};
  double memory_fraction = 0;
  std::uint64_t limit = 0;
  std::uint64_t max_pixels = 0;
};

/// The Python side of a run: what its callbacks return, and what they raise.
struct Told {
  nb::object on_image;
  nb::object on_progress;
  nb::object on_note;
  std::exception_ptr raised;

  template <typename Call>
  std::int32_t tell(Call&& call) {
    const nb::gil_scoped_acquire held;
    try {
      return nb::cast<bool>(call()) ? 1 : 0;
    } catch (...) {
      if (!raised) raised = std::current_exception();
      return 1;
    }
  }
};

// Paths are bytes of the system: Python's own way for them.
nb::object path_text(const char* bytes) {
  return nb::steal(PyUnicode_DecodeFSDefault(bytes));
}

std::int32_t tell_image(void* user, const da3_image_event* event) {
  auto* told = static_cast<Told*>(user);
  return told->tell([&] {
    nb::list warnings;
    for (std::size_t i = 0; i < event->num_warnings; ++i) warnings.append(path_text(event->warnings[i]));
    return told->on_image(path_text(event->path), event->status,
                          event->error_code == nullptr ? nb::none() : nb::cast(event->error_code),
                          path_text(event->message), event->json, warnings);
  });
}

std::int32_t tell_progress(void* user, const da3_progress* progress) {
  auto* told = static_cast<Told*>(user);
  return told->tell([&] {
    return told->on_progress(progress->done, progress->failed, progress->skipped, progress->found,
                             progress->total_known != 0, progress->images_per_s, progress->remaining_s);
  });
}

std::int32_t tell_note(void* user, std::int32_t is_warning, const char* text) {
  auto* told = static_cast<Told*>(user);
  return told->tell([&] { return told->on_note(is_warning != 0, path_text(text)); });
}

nb::tuple run(const Model& model, const std::vector<nb::bytes>& input_paths, const nb::bytes& output,
              const RunOptions& options, nb::object on_image, nb::object on_progress, nb::object on_note) {
  std::vector<std::string> paths;
  for (const nb::bytes& input : input_paths) paths.push_back(path_of(input));
  std::vector<const char*> inputs;
  for (const std::string& path : paths) inputs.push_back(path.c_str());
  const std::string folder = path_of(output);
  da3_run_options native = DA3_RUN_OPTIONS_INIT;
  native.inputs = inputs.data();
  native.num_inputs = inputs.size();
  native.output = folder.c_str();
  native.formats = options.formats.c_str();
  native.colormap = options.colormap.c_str();
  if (options.vis_range) {
    native.vis_near = options.vis_range->first;
    native.vis_far = options.vis_range->second;
  }
  native.resize_method = or_null(options.resize_method);
  native.focal_px = options.focal_px;
  native.hfov_deg = options.hfov_deg;
  native.process_res = options.process_res;
  native.recursive = options.recursive ? 1 : 0;
  native.confidence = options.confidence ? 1 : 0;
  native.sky = options.sky ? 1 : 0;
  native.at_model_size = options.at_model_size ? 1 : 0;
  native.overwrite = options.overwrite ? 1 : 0;
  native.allow_synthetic = options.allow_synthetic ? 1 : 0;
  native.batch = options.batch;
  native.decode_threads = options.decode_threads;
  native.shard_index = options.shard.first;
  native.shard_count = options.shard.second;
  native.memory_fraction = options.memory_fraction;
  native.limit = options.limit;
  native.max_pixels = options.max_pixels;
  Told told{std::move(on_image), std::move(on_progress), std::move(on_note), nullptr};
  da3_run_callbacks callbacks = DA3_RUN_CALLBACKS_INIT;
  callbacks.user = &told;
  callbacks.on_image = tell_image;
  callbacks.on_progress = tell_progress;
  callbacks.on_note = tell_note;
  da3_run_summary summary = DA3_RUN_SUMMARY_INIT;
  {
    const Unlocked free;
    check(da3_run(model.owned.get(), &native, &callbacks, &summary));
  }
  if (told.raised) std::rethrow_exception(told.raised);
  return nb::make_tuple(summary.done, summary.failed, summary.skipped, summary.interrupted != 0,
                        summary.elapsed_s);
}

std::string text_from(da3_status (*ask)(da3_bytes**)) {
  const Unlocked free;
  da3_bytes* bytes = nullptr;
  check(ask(&bytes));
  return text_of(Bytes(bytes));
}

void translate(const std::exception_ptr& thrown, void* /*unused*/) {
  try {
    std::rethrow_exception(thrown);
  } catch (const Failure& failure) {
    const nb::object error =
        nb::module_::import_("da3._errors").attr("error_of")(failure.code, path_text(failure.what()));
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error.ptr())), error.ptr());
  }
}

}  // namespace

NB_MODULE(_core, m) {
  nb::register_exception_translator(translate);
  nb::module_::import_("atexit").attr("register")(nb::cpp_function(&finish_calls));
  // Threads that finish_calls() holds up keep what they have.
  nb::set_leak_warnings(false);
  m.attr("abi_version") = da3_abi_version();
  m.attr("version") = da3_version();
  m.attr("libtorch_version") = da3_libtorch_version();

  nb::class_<Photo>(m, "Photo")
      .def_prop_ro("pixels", &pixels_of, nb::sig("def pixels(self) -> numpy.typing.NDArray[numpy.uint8]"))
      .def_prop_ro("focal_px",
                   [](const Photo& photo) {
                     const double focal = photo.image().focal_px;
                     return focal > 0 ? std::optional(focal) : std::nullopt;
                   })
      .def_prop_ro("focal_source", [](const Photo& photo) {
        const char* source = photo.image().focal_source;
        return source == nullptr ? std::optional<std::string>() : std::optional<std::string>(source);
      });
  m.def("read_photo", &read_photo, "path"_a);
  m.def("decode_photo", &decode_photo, "bytes"_a);

  nb::class_<LoadOptions>(m, "LoadOptions")
      .def(nb::init<>())
      .def("set_model", [](LoadOptions& options, const nb::bytes& model) { options.model = path_of(model); })
      .def_rw("device", &LoadOptions::device, nb::arg().none())
      .def_rw("precision", &LoadOptions::precision, nb::arg().none())
      .def_rw("attention", &LoadOptions::attention, nb::arg().none())
      .def_rw("threads", &LoadOptions::threads)
      .def_rw("trust_code", &LoadOptions::trust_code);
  nb::class_<PredictOptions>(m, "PredictOptions")
      .def(nb::init<>())
      .def_rw("confidence", &PredictOptions::confidence)
      .def_rw("sky", &PredictOptions::sky)
      .def_rw("at_model_size", &PredictOptions::at_model_size)
      .def_rw("raw", &PredictOptions::raw)
      .def_rw("process_res", &PredictOptions::process_res)
      .def_rw("max_batch", &PredictOptions::max_batch)
      .def_rw("resize_method", &PredictOptions::resize_method, nb::arg().none())
      .def_rw("focal_px", &PredictOptions::focal_px)
      .def_rw("hfov_deg", &PredictOptions::hfov_deg);

  nb::class_<Predictions>(m, "Predictions")
      .def("__len__", [](const Predictions& each) { return da3_predictions_count(each.owned.get()); })
      .def("maps", &maps_of, "index"_a);
  auto model = nb::class_<Model>(m, "Model");
  model.def("info", &info_of).def("record", &record_of).def("predict", &predict, "inputs"_a, "options"_a);
  bind_scenes(m, model);
  m.def("load", &load, "options"_a);
  nb::class_<Cache>(m, "Cache")
      .def(nb::init<std::uint64_t>(), "max_bytes"_a)
      .def("get", &get_cached, "options"_a)
      .def("statistics", &cache_statistics)
      .def("trim", [](Cache& cache) {
        const Unlocked free;
        check(da3_model_cache_trim(cache.owned.get()));
      });
  m.def("devices", [] { return text_from(da3_devices); });
  m.def("models", [] { return text_from(da3_models); });

  m.def("encode", &encode, "format"_a, "kind"_a, "depth"_a, "confidence"_a.none(), "sky"_a.none(),
        "photo"_a.none(), "colormap"_a, "vis_range"_a.none());
  m.def("encode_formats", [] { return std::string(da3_encode_formats()); });
  m.def("format_suffix", [](const std::string& format) -> std::string {
    const char* suffix = da3_format_suffix(format.c_str());
    if (suffix == nullptr) throw Failure(da3_last_error_code(), da3_last_error());
    return suffix;
  });

  nb::class_<RunOptions>(m, "RunOptions")
      .def(nb::init<>())
      .def_rw("formats", &RunOptions::formats)
      .def_rw("colormap", &RunOptions::colormap)
      .def_rw("vis_range", &RunOptions::vis_range, nb::arg().none())
      .def_rw("resize_method", &RunOptions::resize_method, nb::arg().none())
      .def_rw("focal_px", &RunOptions::focal_px)
      .def_rw("hfov_deg", &RunOptions::hfov_deg)
      .def_rw("process_res", &RunOptions::process_res)
      .def_rw("recursive", &RunOptions::recursive)
      .def_rw("confidence", &RunOptions::confidence)
      .def_rw("sky", &RunOptions::sky)
      .def_rw("at_model_size", &RunOptions::at_model_size)
      .def_rw("overwrite", &RunOptions::overwrite)
      .def_rw("allow_synthetic", &RunOptions::allow_synthetic)
      .def_rw("batch", &RunOptions::batch)
      .def_rw("decode_threads", &RunOptions::decode_threads)
      .def_rw("shard", &RunOptions::shard)
      .def_rw("memory_fraction", &RunOptions::memory_fraction)
      .def_rw("limit", &RunOptions::limit)
      .def_rw("max_pixels", &RunOptions::max_pixels);
  m.def("run", &run, "model"_a, "inputs"_a, "output"_a, "options"_a, "on_image"_a, "on_progress"_a,
        "on_note"_a);
}
