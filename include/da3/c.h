/* SPDX-FileCopyrightText: 2026 The da3 authors
   SPDX-License-Identifier: Apache-2.0 */
#ifndef DA3_C_H
#define DA3_C_H

#include <stddef.h>
#include <stdint.h>

/* The C interface of libda3, for C99 and for languages that call C. docs/c-api.md has programs.
 *
 * - A call returns a da3_status. After one that is not DA3_OK, da3_last_error() and da3_last_error_code() of the same
 *   thread say what went wrong; results are left untouched.
 * - Structs that cross the border begin with their size: initialise them by their _INIT macro. A library that is newer
 *   than the program fills what the program knows, one that is older ignores what it does not know.
 * - Handles are freed by their own _free, which takes NULL. Pointers into a handle live as long as the handle.
 * - Texts are UTF-8, paths are the bytes of the system. NULL and 0 mean "the default" everywhere in options.
 * - Any function may be called from any thread; forward passes of one model run one at a time. After fork() only the
 *   process that loaded the library's first model may use models; the child gets DA3_ERROR_USAGE. */

#ifdef __cplusplus
extern "C" {
#endif

#define DA3_C_API __attribute__((visibility("default")))

/* Grows when a program that was compiled before would no longer work. */
#define DA3_ABI_VERSION 1
DA3_C_API uint32_t da3_abi_version(void);
/* Such as "0.1.0", and the LibTorch that it was built with, such as "2.13.0". */
DA3_C_API const char* da3_version(void);
DA3_C_API const char* da3_libtorch_version(void);

/* Groups of errors, equal to the exit codes of the program (docs/cli.md). */
typedef int32_t da3_status;
enum {
  DA3_OK = 0,
  DA3_ERROR_INPUT = 1, /* one photo, or the files of its results */
  DA3_ERROR_USAGE = 2, /* the call itself */
  DA3_ERROR_MODEL = 3,
  DA3_ERROR_DEVICE = 4, /* device, precision, memory */
  DA3_ERROR_BENCH = 5,
  DA3_ERROR_OUTPUT = 6, /* disk full, no right to write */
  DA3_ERROR_INTERNAL = 70,
  DA3_ERROR_INTERRUPTED = 130
};

/* One line: subject, expected, found, what to try. Lifetime: until the next call of this thread. */
DA3_C_API const char* da3_last_error(void);
/* The error's stable name, such as "image.truncated". */
DA3_C_API const char* da3_last_error_code(void);

/* --- bytes ------------------------------------------------------------------------------------------------------- */

/* Bytes that a call returned: a file's content, or JSON text. A NUL follows them that is not counted. */
typedef struct da3_bytes da3_bytes;
DA3_C_API const uint8_t* da3_bytes_data(const da3_bytes* bytes);
DA3_C_API size_t da3_bytes_size(const da3_bytes* bytes);
DA3_C_API void da3_bytes_free(da3_bytes* bytes);

/* --- photos ------------------------------------------------------------------------------------------------------ */

/* A picture in memory, upright. Row y begins at rgb + y * row_bytes and holds 3 * width bytes RGB. */
typedef struct da3_image {
  size_t struct_size;
  const uint8_t* rgb;
  int32_t height;
  int32_t width;
  size_t row_bytes;         /* 0: 3 * width */
  double focal_px;          /* in pixels of this picture; 0: unknown */
  const char* focal_source; /* "exif.35mm", "exif.sensor"; NULL without focal_px */
} da3_image;
#define DA3_IMAGE_INIT {sizeof(da3_image), NULL, 0, 0, 0, 0, NULL}

/* A decoded photo: JPEG, PNG, BMP, WebP, TIFF, PNM, turned upright by its EXIF record. */
typedef struct da3_photo da3_photo;
DA3_C_API da3_status da3_photo_read(const char* path, da3_photo** photo);
DA3_C_API da3_status da3_photo_decode(const void* bytes, size_t size, da3_photo** photo);
/* Lifetime of its pointers: the photo's. */
DA3_C_API da3_status da3_photo_image(const da3_photo* photo, da3_image* image);
DA3_C_API void da3_photo_free(da3_photo* photo);

/* --- models ------------------------------------------------------------------------------------------------------ */

typedef struct da3_load_options {
  size_t struct_size;
  const char* device;    /* "cpu", "cuda:0", "mps"; NULL: the best present */
  const char* precision; /* "fp32", "bf16", "fp16", "int8" */
  const char* attention; /* "sdpa", "manual" */
  int32_t threads;       /* of one forward on a CPU; 0: from the machine */
  int32_t reserved;      /* 0 */
  int32_t trust_code;    /* run the code that a file of another network brings */
} da3_load_options;
#define DA3_LOAD_OPTIONS_INIT {sizeof(da3_load_options), NULL, NULL, NULL, 0, 0, 0}

typedef struct da3_model da3_model;

/* `model`: a file, an installed name, or NULL for what `da3 infer` takes without -m. `options` may be NULL. */
DA3_C_API da3_status da3_model_load(const char* model, const da3_load_options* options, da3_model** loaded);
DA3_C_API void da3_model_free(da3_model* model);

typedef struct da3_model_info {
  size_t struct_size;
  const char* name;
  const char* device;
  const char* precision;
  const char* attention;
  const char* depth_kind; /* of the network: "relative", "inverse", "metric", "canonical" */
  int32_t process_res;
  int32_t patch;
  int32_t has_confidence;
  int32_t has_sky;
  int32_t has_pose;
} da3_model_info;
#define DA3_MODEL_INFO_INIT {sizeof(da3_model_info), NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0}
/* Lifetime of its pointers: the model's. */
DA3_C_API da3_status da3_model_get_info(const da3_model* model, da3_model_info* info);
/* The record of the model file as JSON (docs/model-format.md). */
DA3_C_API da3_status da3_model_record(const da3_model* model, da3_bytes** json);

/* Installed and published models as JSON, as `da3 model list --json` prints them. */
DA3_C_API da3_status da3_models(da3_bytes** json);
/* Names of the devices that can be used, best first, one a line. */
DA3_C_API da3_status da3_devices(da3_bytes** lines);

/* Loaded models shared by all that ask for the same one; those least recently used go when their weights exceed
 * max_bytes, but never one that a da3_model still uses. */
typedef struct da3_model_cache da3_model_cache;
typedef struct da3_model_cache_statistics {
  size_t struct_size;
  uint64_t hits;
  uint64_t misses;
  uint64_t failures;
  uint64_t evictions;
  uint64_t models;
  uint64_t bytes;
} da3_model_cache_statistics;
#define DA3_MODEL_CACHE_STATISTICS_INIT {sizeof(da3_model_cache_statistics), 0, 0, 0, 0, 0, 0}
DA3_C_API da3_status da3_model_cache_new(uint64_t max_bytes, da3_model_cache** cache);
DA3_C_API da3_status da3_model_cache_get(da3_model_cache* cache, const char* model, const da3_load_options* options,
                                         da3_model** loaded);
DA3_C_API da3_status da3_model_cache_trim(da3_model_cache* cache);
DA3_C_API da3_status da3_model_cache_get_statistics(const da3_model_cache* cache,
                                                    da3_model_cache_statistics* statistics);
DA3_C_API void da3_model_cache_free(da3_model_cache* cache);

/* --- predictions ------------------------------------------------------------------------------------------------- */

typedef struct da3_predict_options {
  size_t struct_size;
  int32_t confidence; /* also the network's confidence, where it has one */
  int32_t sky;
  int32_t at_model_size;     /* results at the network's size */
  int32_t raw;               /* the network's own values */
  int32_t process_res;       /* 0: the model's */
  int32_t max_batch;         /* photos per forward; 0: 1 on a CPU, 8 elsewhere */
  const char* resize_method; /* "upper_bound_resize", ... ; crops need at_model_size */
  double focal_px;           /* of the photos, before their own; 0: none */
  double hfov_deg;           /* instead of focal_px; 0: none */
} da3_predict_options;
#define DA3_PREDICT_OPTIONS_INIT {sizeof(da3_predict_options), 0, 0, 0, 0, 0, 0, NULL, 0, 0}

/* Maps of one photo, (height, width) float32, contiguous, row 0 on top. Not finite: no value. */
typedef struct da3_maps {
  size_t struct_size;
  int32_t height;
  int32_t width;
  const float* depth;
  const float* confidence; /* above 1, larger is surer; NULL: none */
  const float* sky;        /* 0..1; NULL: none */
  const char* kind;        /* "metric" (metres) or "relative", growing with distance; with raw the network's */
  double focal_px;         /* that made metres of it, in pixels of the photo; 0: none was needed */
} da3_maps;
#define DA3_MAPS_INIT {sizeof(da3_maps), 0, 0, NULL, NULL, NULL, NULL, 0}

/* Predictions of one call. */
typedef struct da3_predictions da3_predictions;

/* Independent photos of any sizes, each as if it were alone. `options` may be NULL. Lifetime of the pixels: the call. */
DA3_C_API da3_status da3_predict(const da3_model* model, const da3_image* images, size_t count,
                                 const da3_predict_options* options, da3_predictions** predictions);
/* The same for decoded photos, whose pixels are not copied. */
DA3_C_API da3_status da3_predict_photos(const da3_model* model, const da3_photo* const* photos, size_t count,
                                        const da3_predict_options* options, da3_predictions** predictions);
DA3_C_API size_t da3_predictions_count(const da3_predictions* predictions);
/* Lifetime of its pointers: the predictions'. */
DA3_C_API da3_status da3_predictions_get(const da3_predictions* predictions, size_t index, da3_maps* maps);
DA3_C_API void da3_predictions_free(da3_predictions* predictions);

/* --- scenes: several photos of one place, seen together (docs/scene.md) -------------------------------------------- */

typedef struct da3_scene_options {
  size_t struct_size;
  int32_t process_res;       /* 0: the model's */
  int32_t refuse_mixed;      /* photos of different shape are an error; else all are cut to the smallest */
  int32_t keep_scale;        /* known cameras are moved into the network's world instead */
  int32_t window;            /* views seen together, at least 4; 0: what suits the device */
  int32_t overlap;           /* in common with the next window, at least 3; 0: half */
  const char* resize_method; /* NULL: the model's */
  const char* reference;     /* "first", "middle", "saddle_balanced" (NULL), "saddle_sim_range", or a number from 0 */
  /* Known cameras, 21 numbers a photo: camera_from_world (3, 4), then intrinsics (3, 3) in pixels of the upright photo,
   * row-major; or NULL. */
  const double* cameras;
} da3_scene_options;
#define DA3_SCENE_OPTIONS_INIT {sizeof(da3_scene_options), 0, 0, 0, 0, 0, NULL, NULL, NULL}

typedef struct da3_scene da3_scene;

/* Depth and cameras of all photos, and their points. `options` may be NULL. Lifetime of the pixels: the call. */
DA3_C_API da3_status da3_predict_scene(const da3_model* model, const da3_image* images, size_t count,
                                       const da3_scene_options* options, da3_scene** scene);
DA3_C_API void da3_scene_free(da3_scene* scene);
DA3_C_API size_t da3_scene_num_views(const da3_scene* scene);
/* The record of docs/scene.md as JSON: reference, unit, similarity, windows, warnings, ... */
DA3_C_API da3_status da3_scene_record(const da3_scene* scene, da3_bytes** json);

/* One view at the size at which the network saw it. Matrices are row-major. Lifetime of its pointers: the scene's. */
typedef struct da3_scene_view {
  size_t struct_size;
  int32_t height;
  int32_t width;
  const float* depth;      /* (height, width), along the camera's axis; not finite or not above 0: no value */
  const float* confidence; /* above 1, larger is surer; NULL: none */
  const float* sky;        /* 0..1; NULL: none */
  const uint8_t* rgb;      /* (height, width, 3) */
  int32_t photo_height;
  int32_t photo_width;
  double camera_from_world[12];  /* (3, 4), +Z forwards, +Y down */
  double intrinsics[9];          /* (3, 3) in pixels of these maps; (0, 0) is a corner */
  double photo_intrinsics[9];    /* the same in pixels of the whole photo */
  int32_t has_predicted;         /* the network's own camera, where the caller gave cameras */
  double predicted_camera_from_world[12];
  double predicted_intrinsics[9];
} da3_scene_view;
#define DA3_SCENE_VIEW_INIT \
  {sizeof(da3_scene_view), 0, 0, NULL, NULL, NULL, NULL, 0, 0, {0}, {0}, {0}, 0, {0}, {0}}
DA3_C_API da3_status da3_scene_get_view(const da3_scene* scene, size_t index, da3_scene_view* view);
/* A view's depth at the size of its photo, (photo_height, photo_width) into `depth`; NaN where the cut left nothing. */
DA3_C_API da3_status da3_scene_photo_depth(const da3_scene* scene, size_t index, float* depth);

typedef struct da3_point_options {
  size_t struct_size;
  double keep_percent;    /* the surest pixels; 0: 60 */
  double min_confidence;  /* instead; 0: none, below 0: every pixel */
  double edges_percent;   /* no points where depth differs by more from a neighbour's; 0: off */
  int64_t max_points;     /* 0: a million; below 0: all */
  int32_t sky_points;
} da3_point_options;
#define DA3_POINT_OPTIONS_INIT {sizeof(da3_point_options), 0, 0, 0, 0, 0}

/* Chooses the points again. No other thread may use the scene meanwhile. */
DA3_C_API da3_status da3_scene_choose_points(da3_scene* scene, const da3_point_options* options);
DA3_C_API size_t da3_scene_num_points(const da3_scene* scene);
/* Copies the points, by view, row and column: positions (N, 3) in the world, colours (N, 3), confidence (N), and the
 * view, row and column of each (N, 3). Any may be NULL. */
DA3_C_API da3_status da3_scene_get_points(const da3_scene* scene, double* positions, uint8_t* colours, float* confidence,
                                          uint32_t* pixels);

/* Writes a file, whole or not at all: "glb", "ply", "cameras", "transforms", "npz"; "colmap" writes three files into the
 * folder `path`. */
DA3_C_API da3_status da3_scene_write(const da3_scene* scene, const char* format, const char* path);

/* --- result files ------------------------------------------------------------------------------------------------ */

typedef struct da3_encode_options {
  size_t struct_size;
  const da3_image* photo; /* needed for "side" and "side-jpg" alone */
  const char* colormap;   /* of "vis" and "side"; NULL: "spectral" */
  double vis_near;        /* depth shown nearest and farthest; equal: of the picture's own */
  double vis_far;
} da3_encode_options;
#define DA3_ENCODE_OPTIONS_INIT {sizeof(da3_encode_options), NULL, NULL, 0, 0}

/* The formats of da3_encode: "png16, exr, exr16, npz, ..." (docs/output-formats.md). */
DA3_C_API const char* da3_encode_formats(void);
/* The bytes that `da3 infer -f FORMAT` writes. */
DA3_C_API da3_status da3_encode(const da3_maps* maps, const char* format, const da3_encode_options* options,
                                da3_bytes** bytes);
/* What a format adds to the name of a photo without its extension, such as ".vis.png"; NULL for no format. */
DA3_C_API const char* da3_format_suffix(const char* format);

/* --- folders ----------------------------------------------------------------------------------------------------- */

/* What `da3 infer` does and writes (docs/cli.md). */
typedef struct da3_run_options {
  size_t struct_size;
  const char* const* inputs; /* files and folders */
  size_t num_inputs;
  const char* output;  /* folder; NULL: "depth" */
  const char* formats; /* list; NULL: "png16,vis" */
  const char* colormap;
  double vis_near; /* equal: of each picture's own */
  double vis_far;
  const char* resize_method;
  double focal_px;
  double hfov_deg;
  int32_t process_res;
  int32_t recursive;
  int32_t confidence;
  int32_t sky;
  int32_t at_model_size;
  int32_t overwrite;
  int32_t allow_synthetic; /* models with synthetic weights are refused without it */
  int32_t batch;           /* photos per forward; 0: measured */
  int32_t decode_threads;
  int32_t shard_index; /* from 1 to shard_count; both 0: everything */
  int32_t shard_count;
  double memory_fraction; /* 0: 0.85 */
  uint64_t limit;         /* 0: none */
  uint64_t max_pixels;    /* 0: 2^28 */
} da3_run_options;
#define DA3_RUN_OPTIONS_INIT \
  {sizeof(da3_run_options), NULL, 0, NULL, NULL, NULL, 0, 0, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

enum { DA3_IMAGE_DONE = 0, DA3_IMAGE_SKIPPED = 1, DA3_IMAGE_FAILED = 2 };

/* One finished input, in the order of completion. Lifetime: the callback. */
typedef struct da3_image_event {
  size_t struct_size;
  const char* path;
  int32_t status;
  const char* error_code; /* NULL unless failed */
  const char* message;    /* of the error; begins with the path */
  const char* json;       /* the record of docs/cli.md, one line */
  const char* const* warnings;
  size_t num_warnings;
} da3_image_event;

typedef struct da3_progress {
  size_t struct_size;
  uint64_t done;
  uint64_t failed;
  uint64_t skipped;
  uint64_t found;     /* by the scan so far */
  int32_t total_known; /* the scan has ended: found is the total */
  double images_per_s; /* over the last 10 s */
  double remaining_s;  /* below 0: unknown */
  double elapsed_s;
} da3_progress;

/* All are called from the thread that called da3_run, one at a time, and may be NULL. One that returns other than 0
 * asks the run to stop: what is running is finished first, and the same call goes on later. */
typedef struct da3_run_callbacks {
  size_t struct_size;
  void* user;
  int32_t (*on_image)(void* user, const da3_image_event* event);
  int32_t (*on_progress)(void* user, const da3_progress* progress); /* about ten times a second */
  int32_t (*on_note)(void* user, int32_t is_warning, const char* text);
} da3_run_callbacks;
#define DA3_RUN_CALLBACKS_INIT {sizeof(da3_run_callbacks), NULL, NULL, NULL, NULL}

typedef struct da3_run_summary {
  size_t struct_size;
  uint64_t done;
  uint64_t failed;
  uint64_t skipped;
  int32_t interrupted; /* a callback asked to stop before all was done */
  double elapsed_s;
} da3_run_summary;
#define DA3_RUN_SUMMARY_INIT {sizeof(da3_run_summary), 0, 0, 0, 0, 0}

/* Depth for all inputs; an input that fails is an event, not an error of this call. `callbacks` and `summary` may be
 * NULL. Tensor memory of the whole process is bounded while it runs on a CPU. */
DA3_C_API da3_status da3_run(const da3_model* model, const da3_run_options* options,
                             const da3_run_callbacks* callbacks, da3_run_summary* summary);

#ifdef __cplusplus
}
#endif

#endif
