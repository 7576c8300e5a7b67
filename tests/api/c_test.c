/* SPDX-FileCopyrightText: 2026 The da3 authors
   SPDX-License-Identifier: Apache-2.0

   The C interface as a C99 program sees it.
   c_test checks PHOTO FOLDER     every call but those of scenes, results in FOLDER
   c_test scenes MODEL FOLDER PHOTO PHOTO    those of scenes
   c_test rounds PHOTO COUNT      memory does not grow from load to load */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/wait.h>
#include <unistd.h>

#include <da3/c.h>

static int failures = 0;

#define CHECK(condition)                                                                           \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      fprintf(stderr, "%s:%d: not so: %s (%s)\n", __FILE__, __LINE__, #condition, da3_last_error()); \
      ++failures;                                                                                  \
    }                                                                                              \
  } while (0)
#define MUST(call)                                                                                      \
  do {                                                                                                  \
    const da3_status status_ = (call);                                                                  \
    if (status_ != DA3_OK) {                                                                            \
      fprintf(stderr, "%s:%d: %s: %d, %s\n", __FILE__, __LINE__, #call, (int)status_, da3_last_error()); \
      exit(1);                                                                                          \
    }                                                                                                   \
  } while (0)
#define FAILS_AS(call, status, code)                       \
  do {                                                     \
    CHECK((call) == (status));                             \
    CHECK(strcmp(da3_last_error_code(), (code)) == 0);     \
    CHECK(strlen(da3_last_error()) > 0);                   \
  } while (0)

static uint8_t* read_file(const char* path, size_t* size) {
  FILE* file = fopen(path, "rb");
  if (file == NULL) return NULL;
  fseek(file, 0, SEEK_END);
  *size = (size_t)ftell(file);
  rewind(file);
  uint8_t* bytes = malloc(*size);
  if (fread(bytes, 1, *size, file) != *size) *size = 0;
  fclose(file);
  return bytes;
}

static void check_errors(void) {
  da3_model* model = (da3_model*)&failures;
  FAILS_AS(da3_model_load("/no/such/model.pt", NULL, &model), DA3_ERROR_MODEL, "model.not_found");
  CHECK(model == (da3_model*)&failures); /* left alone */
  da3_load_options options = DA3_LOAD_OPTIONS_INIT;
  options.device = "toaster";
  FAILS_AS(da3_model_load(NULL, &options, &model), DA3_ERROR_USAGE, "usage");
  FAILS_AS(da3_model_load(NULL, NULL, NULL), DA3_ERROR_USAGE, "usage");
  FAILS_AS(da3_model_load("", NULL, &model), DA3_ERROR_USAGE, "usage");
  options.struct_size = 0;
  FAILS_AS(da3_model_load(NULL, &options, &model), DA3_ERROR_USAGE, "usage");
  da3_photo* photo = NULL;
  FAILS_AS(da3_photo_read("/no/such/photo.jpg", &photo), DA3_ERROR_INPUT, "input.not_found");
  FAILS_AS(da3_photo_decode("not a picture", 13, &photo), DA3_ERROR_INPUT, "image.unsupported");
  FAILS_AS(da3_photo_decode("", 0, &photo), DA3_ERROR_INPUT, "image.truncated");
  CHECK(photo == NULL);
  da3_model_free(NULL);
  da3_photo_free(NULL);
  da3_bytes_free(NULL);
  da3_predictions_free(NULL);
  da3_model_cache_free(NULL);
}

static void check_model(const da3_model* model) {
  da3_model_info info = DA3_MODEL_INFO_INIT;
  MUST(da3_model_get_info(model, &info));
  CHECK(strcmp(info.device, "cpu") == 0);
  CHECK(strcmp(info.precision, "fp32") == 0);
  CHECK(strcmp(info.depth_kind, "metric") == 0);
  /* A program of an older library knows less of the struct. */
  da3_model_info older;
  memset(&older, 0x5a, sizeof older);
  older.struct_size = offsetof(da3_model_info, device);
  MUST(da3_model_get_info(model, &older));
  CHECK(strcmp(older.name, info.name) == 0);
  CHECK(older.patch == 0x5a5a5a5a);
  da3_bytes* json = NULL;
  MUST(da3_model_record(model, &json));
  CHECK(strstr((const char*)da3_bytes_data(json), info.name) != NULL);
  CHECK(strlen((const char*)da3_bytes_data(json)) == da3_bytes_size(json));
  da3_bytes_free(json);
  MUST(da3_models(&json));
  CHECK(strstr((const char*)da3_bytes_data(json), "da3-base") != NULL);
  da3_bytes_free(json);
  MUST(da3_devices(&json));
  CHECK(strstr((const char*)da3_bytes_data(json), "cpu") != NULL);
  da3_bytes_free(json);
}

/* A decoded photo, a picture in memory and one with longer rows have the same depth. */
static void check_predictions(const da3_model* model, const da3_photo* photo) {
  da3_predictions* decoded = NULL;
  MUST(da3_predict_photos(model, &photo, 1, NULL, &decoded));
  CHECK(da3_predictions_count(decoded) == 1);
  da3_maps maps = DA3_MAPS_INIT;
  MUST(da3_predictions_get(decoded, 0, &maps));
  FAILS_AS(da3_predictions_get(decoded, 1, &maps), DA3_ERROR_USAGE, "usage");

  da3_image images[2] = {DA3_IMAGE_INIT, DA3_IMAGE_INIT};
  MUST(da3_photo_image(photo, &images[0]));
  CHECK(maps.height == images[0].height && maps.width == images[0].width);
  CHECK(strcmp(maps.kind, "metric") == 0);
  CHECK(maps.confidence == NULL && maps.sky == NULL);
  const size_t row = 3 * (size_t)images[0].width;
  const size_t step = row + 17;
  uint8_t* wide = malloc(step * (size_t)images[0].height);
  memset(wide, 0xff, step * (size_t)images[0].height);
  for (int y = 0; y < images[0].height; ++y) memcpy(wide + (size_t)y * step, images[0].rgb + (size_t)y * row, row);
  images[1] = images[0];
  images[1].rgb = wide;
  images[1].row_bytes = step;
  da3_predictions* two = NULL;
  MUST(da3_predict(model, images, 2, NULL, &two));
  free(wide);
  CHECK(da3_predictions_count(two) == 2);
  const size_t bytes = sizeof(float) * (size_t)maps.height * (size_t)maps.width;
  for (size_t i = 0; i < 2; ++i) {
    da3_maps other = DA3_MAPS_INIT;
    MUST(da3_predictions_get(two, i, &other));
    CHECK(other.depth != maps.depth && memcmp(other.depth, maps.depth, bytes) == 0);
  }
  da3_predictions_free(two);

  MUST(da3_predict(model, NULL, 0, NULL, &two));
  CHECK(da3_predictions_count(two) == 0);
  da3_predictions_free(two);
  images[0].focal_px = HUGE_VAL;
  FAILS_AS(da3_predict(model, images, 1, NULL, &two), DA3_ERROR_USAGE, "usage");
  images[0].focal_px = 0;
  images[0].row_bytes = 5;
  FAILS_AS(da3_predict(model, images, 1, NULL, &two), DA3_ERROR_USAGE, "usage");
  images[0].row_bytes = (size_t)3 << 31;
  images[0].height = INT32_MAX;
  images[0].width = INT32_MAX;
  FAILS_AS(da3_predict(model, images, 1, NULL, &two), DA3_ERROR_DEVICE, "memory.exhausted");
  images[0].height = maps.height;
  images[0].row_bytes = 0;
  images[0].width = 0;
  FAILS_AS(da3_predict(model, images, 1, NULL, &two), DA3_ERROR_USAGE, "usage");
  da3_predict_options options = DA3_PREDICT_OPTIONS_INIT;
  options.resize_method = "upper_bound_crop"; /* does not cover the photo */
  images[0].width = maps.width;
  options.focal_px = -1;
  FAILS_AS(da3_predict(model, images, 1, &options, &two), DA3_ERROR_USAGE, "usage");

  da3_scene* scene = NULL; /* the bundled model has no cameras */
  FAILS_AS(da3_predict_scene(model, images, 1, NULL, &scene), DA3_ERROR_USAGE, "usage");
  CHECK(da3_scene_num_views(scene) == 0);
  da3_predictions_free(decoded);
}

struct told {
  int images;
  int stop_after;
  char last_code[64];
  char last_json[4096];
};

static int32_t on_image(void* user, const da3_image_event* event) {
  struct told* told = user;
  ++told->images;
  snprintf(told->last_code, sizeof told->last_code, "%s", event->error_code == NULL ? "" : event->error_code);
  snprintf(told->last_json, sizeof told->last_json, "%s", event->json);
  return told->images == told->stop_after;
}

/* A folder run writes the bytes that da3_encode gives. */
static void check_run(const da3_model* model, const da3_photo* photo, const char* path, const char* folder) {
  char file[4096];
  char output[4096];
  snprintf(output, sizeof output, "%s/depth", folder);
  const char* inputs[2] = {path, "/no/such/photo.jpg"};
  da3_run_options options = DA3_RUN_OPTIONS_INIT;
  options.inputs = inputs;
  options.num_inputs = 2;
  options.output = output;
  options.formats = "png16,side";
  struct told told = {0, 0, "", ""};
  da3_run_callbacks callbacks = DA3_RUN_CALLBACKS_INIT;
  callbacks.user = &told;
  callbacks.on_image = on_image;
  da3_run_summary summary = DA3_RUN_SUMMARY_INIT;
  MUST(da3_run(model, &options, &callbacks, &summary));
  CHECK(told.images == 2 && summary.done == 1 && summary.failed == 1 && !summary.interrupted);
  MUST(da3_run(model, &options, NULL, &summary));
  CHECK(summary.skipped == 1 && summary.done == 0);

  da3_predictions* predictions = NULL;
  MUST(da3_predict_photos(model, &photo, 1, NULL, &predictions));
  da3_maps maps = DA3_MAPS_INIT;
  MUST(da3_predictions_get(predictions, 0, &maps));
  da3_image image = DA3_IMAGE_INIT;
  MUST(da3_photo_image(photo, &image));
  da3_encode_options encode = DA3_ENCODE_OPTIONS_INIT;
  const char* const formats[] = {"png16", "side"};
  const char* stem = strrchr(path, '/') + 1;
  for (size_t i = 0; i < 2; ++i) {
    encode.photo = i == 1 ? &image : NULL;
    da3_bytes* bytes = NULL;
    MUST(da3_encode(&maps, formats[i], &encode, &bytes));
    snprintf(file, sizeof file, "%s/%.*s%s", output, (int)(strrchr(stem, '.') - stem), stem,
             da3_format_suffix(formats[i]));
    size_t size = 0;
    uint8_t* written = read_file(file, &size);
    CHECK(written != NULL && size == da3_bytes_size(bytes) && memcmp(written, da3_bytes_data(bytes), size) == 0);
    free(written);
    da3_bytes_free(bytes);
  }
  encode.photo = NULL;
  da3_bytes* none = NULL;
  FAILS_AS(da3_encode(&maps, "side", &encode, &none), DA3_ERROR_USAGE, "usage");
  FAILS_AS(da3_encode(&maps, "gif", NULL, &none), DA3_ERROR_USAGE, "usage");
  CHECK(da3_format_suffix("gif") == NULL);
  /* Each of the list is made. */
  char names[256];
  snprintf(names, sizeof names, "%s", da3_encode_formats());
  CHECK(strncmp(names, "png16, exr, ", 12) == 0);
  encode.photo = &image;
  size_t made = 0;
  for (char* name = strtok(names, ", "); name != NULL; name = strtok(NULL, ", "), ++made) {
    da3_bytes* bytes = NULL;
    MUST(da3_encode(&maps, name, &encode, &bytes));
    CHECK(da3_bytes_size(bytes) > 100 && da3_format_suffix(name) != NULL);
    da3_bytes_free(bytes);
  }
  CHECK(made == 12);
  da3_predictions_free(predictions);

  options.num_inputs = 0;
  FAILS_AS(da3_run(model, &options, NULL, NULL), DA3_ERROR_USAGE, "input.none");
  options.num_inputs = 1;
  options.overwrite = 1;
  told.images = 0;
  told.stop_after = 1;
  MUST(da3_run(model, &options, &callbacks, &summary));
  CHECK(told.images == 1);
}

static void check_cache(void) {
  da3_model_cache* cache = NULL;
  MUST(da3_model_cache_new((uint64_t)1 << 30, &cache));
  da3_model* first = NULL;
  da3_model* second = NULL;
  MUST(da3_model_cache_get(cache, NULL, NULL, &first));
  MUST(da3_model_cache_get(cache, NULL, NULL, &second));
  da3_model_cache_statistics statistics = DA3_MODEL_CACHE_STATISTICS_INIT;
  MUST(da3_model_cache_get_statistics(cache, &statistics));
  CHECK(statistics.hits == 1 && statistics.misses == 1 && statistics.models == 1);
  da3_model_free(second);
  MUST(da3_model_cache_trim(cache));
  da3_model_cache_free(cache);
  da3_model_info info = DA3_MODEL_INFO_INIT;
  MUST(da3_model_get_info(first, &info)); /* outlives the cache */
  da3_model_free(first);
}

/* A child of fork() gets words, not a hang. */
static void check_fork(const da3_model* model, const da3_photo* photo, const char* path, const char* folder) {
  char output[4096];
  snprintf(output, sizeof output, "%s/forked", folder);
  da3_run_options run = DA3_RUN_OPTIONS_INIT;
  run.inputs = &path;
  run.num_inputs = 1;
  run.output = output;
  const pid_t child = fork();
  if (child == 0) {
    da3_predictions* predictions = NULL;
    da3_model* again = NULL;
    const int refused = da3_predict_photos(model, &photo, 1, NULL, &predictions) == DA3_ERROR_USAGE &&
                        strstr(da3_last_error(), "forked") != NULL &&
                        da3_model_load(NULL, NULL, &again) == DA3_ERROR_USAGE &&
                        da3_run(model, &run, NULL, NULL) == DA3_ERROR_USAGE && access(output, F_OK) != 0;
    _exit(refused ? 0 : 1);
  }
  int status = -1;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static int checks(const char* path, const char* folder) {
  CHECK(da3_abi_version() == DA3_ABI_VERSION);
  CHECK(strchr(da3_version(), '.') != NULL && strchr(da3_libtorch_version(), '.') != NULL);
  check_errors();
  da3_model* model = NULL;
  MUST(da3_model_load(NULL, NULL, &model));
  da3_photo* photo = NULL;
  MUST(da3_photo_read(path, &photo));
  check_model(model);
  check_predictions(model, photo);
  check_run(model, photo, path, folder);
  check_cache();
  check_fork(model, photo, path, folder);
  da3_photo_free(photo);
  da3_model_free(model);
  return failures == 0 ? 0 : 1;
}

/* Known cameras: those that the network found, ten times as far apart. */
static void check_known_cameras(const da3_model* model, const da3_image* images, const da3_scene* found) {
  double cameras[2 * 21];
  for (size_t i = 0; i < 2; ++i) {
    da3_scene_view view = DA3_SCENE_VIEW_INIT;
    MUST(da3_scene_get_view(found, i, &view));
    CHECK(!view.has_predicted);
    memcpy(cameras + 21 * i, view.camera_from_world, sizeof view.camera_from_world);
    memcpy(cameras + 21 * i + 12, view.photo_intrinsics, sizeof view.photo_intrinsics);
    for (size_t row = 0; row < 3; ++row) cameras[21 * i + 4 * row + 3] *= 10;
  }
  da3_scene_options options = DA3_SCENE_OPTIONS_INIT;
  options.process_res = 56;
  options.cameras = cameras;
  da3_scene* given = NULL;
  MUST(da3_predict_scene(model, images, 2, &options, &given));
  da3_scene_view view = DA3_SCENE_VIEW_INIT;
  MUST(da3_scene_get_view(given, 1, &view));
  CHECK(view.has_predicted);
  /* The network's rotations are float32, known ones the nearest in double; translations are some 10. */
  for (size_t i = 0; i < 12; ++i) CHECK(fabs(view.camera_from_world[i] - cameras[21 + i]) < 1e-6 * 10);
  da3_scene_free(given);
}

static void check_points(da3_scene* scene) {
  const size_t before = da3_scene_num_points(scene);
  da3_point_options options = DA3_POINT_OPTIONS_INIT;
  options.max_points = 100;
  MUST(da3_scene_choose_points(scene, &options));
  CHECK(before > 100 && da3_scene_num_points(scene) == 100);
  double positions[300];
  uint8_t colours[300];
  float confidence[100];
  uint32_t pixels[300];
  MUST(da3_scene_get_points(scene, positions, colours, confidence, pixels));
  MUST(da3_scene_get_points(scene, NULL, NULL, NULL, NULL));
  da3_scene_view view = DA3_SCENE_VIEW_INIT;
  MUST(da3_scene_get_view(scene, pixels[0], &view));
  const size_t at = (size_t)pixels[1] * (size_t)view.width + pixels[2];
  CHECK(memcmp(colours, view.rgb + 3 * at, 3) == 0);
  CHECK(confidence[0] == view.confidence[at]);
  options.max_points = -1;
  options.keep_percent = 100;
  MUST(da3_scene_choose_points(scene, &options));
  const size_t every = da3_scene_num_points(scene);
  options.keep_percent = 0;
  options.min_confidence = -1;
  MUST(da3_scene_choose_points(scene, &options));
  CHECK(every > before && da3_scene_num_points(scene) == every);
  options.min_confidence = INFINITY;
  FAILS_AS(da3_scene_choose_points(scene, &options), DA3_ERROR_USAGE, "usage");
  options.min_confidence = 0;
  options.edges_percent = -1;
  FAILS_AS(da3_scene_choose_points(scene, &options), DA3_ERROR_USAGE, "usage");
  options.edges_percent = 0;
  options.keep_percent = 101;
  FAILS_AS(da3_scene_choose_points(scene, &options), DA3_ERROR_USAGE, "usage");
}

static void check_scene_files(const da3_scene* scene, const char* folder) {
  const char* const formats[] = {"glb", "ply", "cameras", "transforms", "npz", "colmap"};
  char file[4096];
  for (size_t i = 0; i < sizeof formats / sizeof *formats; ++i) {
    snprintf(file, sizeof file, "%s/scene.%s", folder, formats[i]);
    MUST(da3_scene_write(scene, formats[i], file));
    CHECK(access(file, R_OK) == 0);
  }
  FAILS_AS(da3_scene_write(scene, "stl", file), DA3_ERROR_USAGE, "usage");
  CHECK(da3_scene_write(scene, "glb", "/proc/nothing/scene.glb") != DA3_OK);
  CHECK(strncmp(da3_last_error_code(), "output.", 7) == 0);
  da3_bytes* json = NULL;
  MUST(da3_scene_record(scene, &json));
  CHECK(strstr((const char*)da3_bytes_data(json), "\"views\"") != NULL);
  da3_bytes_free(json);
}

static int scenes(const char* file, const char* folder, const char* const* paths) {
  da3_model* model = NULL;
  MUST(da3_model_load(file, NULL, &model));
  da3_photo* photos[2] = {NULL, NULL};
  da3_image images[2] = {DA3_IMAGE_INIT, DA3_IMAGE_INIT};
  for (size_t i = 0; i < 2; ++i) {
    MUST(da3_photo_read(paths[i], &photos[i]));
    MUST(da3_photo_image(photos[i], &images[i]));
  }
  da3_scene_options options = DA3_SCENE_OPTIONS_INIT;
  options.process_res = 56;
  da3_scene* scene = NULL;
  MUST(da3_predict_scene(model, images, 2, &options, &scene));
  CHECK(da3_scene_num_views(scene) == 2);
  da3_scene_view view = DA3_SCENE_VIEW_INIT;
  FAILS_AS(da3_scene_get_view(scene, 2, &view), DA3_ERROR_USAGE, "usage");
  MUST(da3_scene_get_view(scene, 1, &view));
  const size_t pixels = (size_t)view.photo_height * (size_t)view.photo_width;
  float* depth = malloc(pixels * sizeof(float));
  MUST(da3_scene_photo_depth(scene, 1, depth));
  CHECK(depth[pixels / 2 + (size_t)view.photo_width / 2] > 0);
  free(depth);
  check_known_cameras(model, images, scene);
  check_points(scene);
  check_scene_files(scene, folder);
  options.reference = "best";
  da3_scene* none = NULL;
  FAILS_AS(da3_predict_scene(model, images, 2, &options, &none), DA3_ERROR_USAGE, "usage");
  FAILS_AS(da3_predict_scene(model, images, 0, NULL, &none), DA3_ERROR_USAGE, "usage");
  da3_scene_free(scene);
  for (size_t i = 0; i < 2; ++i) da3_photo_free(photos[i]);
  da3_model_free(model);
  return failures == 0 ? 0 : 1;
}

static long resident_kib(void) {
  FILE* file = fopen("/proc/self/statm", "r");
  long all = 0;
  long resident = 0;
  if (file == NULL || fscanf(file, "%ld %ld", &all, &resident) != 2) resident = 0;
  if (file != NULL) fclose(file);
  return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static int rounds(const char* path, int count) {
  long settled = 0;
  for (int i = 0; i < count; ++i) {
    da3_model* model = NULL;
    da3_photo* photo = NULL;
    da3_predictions* predictions = NULL;
    MUST(da3_model_load(NULL, NULL, &model));
    MUST(da3_photo_read(path, &photo));
    MUST(da3_predict_photos(model, (const da3_photo* const*)&photo, 1, NULL, &predictions));
    da3_predictions_free(predictions);
    da3_photo_free(photo);
    da3_model_free(model);
    if (i == count / 5) settled = resident_kib();
  }
  const long grown = resident_kib() - settled;
  printf("%d rounds: %ld KiB after a fifth of them, %ld KiB more at the end\n", count, settled, grown);
  /* 8 MiB: what a fragmented heap wanders; a leak of one 640x480 map a round would be 900 MiB at 1,000 rounds. */
  return grown < 8 * 1024 ? 0 : 1;
}

int main(int argc, char** argv) {
  if (argc == 4 && strcmp(argv[1], "checks") == 0) return checks(argv[2], argv[3]);
  if (argc == 6 && strcmp(argv[1], "scenes") == 0)
    return scenes(argv[2], argv[3], (const char* const*)argv + 4);
  if (argc == 4 && strcmp(argv[1], "rounds") == 0) return rounds(argv[2], atoi(argv[3]));
  return 2;
}
