// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <bench/plan/case_matrix.hpp>

namespace da3::bench {
namespace {

std::vector<std::string> both_modes() {
  return {"sdpa", "manual"};
}

std::vector<Size> photos_of(const PlanOptions& options) {
  return options.image_sizes.empty() ? std::vector<Size>{{720, 1280}} : options.image_sizes;
}

std::vector<std::string> precisions_of(const PlanOptions& options, const PlanFacts& facts,
                                       const std::string& device) {
  if (options.precisions.empty()) return {facts.default_precision(device)};
  std::vector<std::string> precisions;
  for (const std::string& wanted : options.precisions) {
    // Side by side each program has a default of its own.
    const bool here = wanted == kDefaultPrecision && !options.side_by_side;
    const std::string precision = here ? facts.default_precision(device) : wanted;
    if (std::find(precisions.begin(), precisions.end(), precision) == precisions.end())
      precisions.push_back(precision);
  }
  return precisions;
}

std::vector<std::string> modes_of(const PlanOptions& options, const PlanFacts& facts,
                                  const std::string& model, const std::vector<std::string>& standard) {
  if (facts.offers_attention && !facts.offers_attention(model)) return {kFixedAttention};
  return options.attention.empty() ? standard : options.attention;
}

// Everything a forward depends on, but for batch and shape.
struct Base {
  std::string model;
  std::string device;
  int threads = 0;
};

std::vector<Base> bases(const PlanOptions& options, const PlanFacts& facts) {
  std::vector<Base> all;
  for (const std::string& model : options.models) {
    for (const std::string& device : options.devices) {
      for (const int threads : options.threads) {
        all.push_back({model, device, threads > 0 ? threads : facts.default_threads(device)});
      }
    }
  }
  return all;
}

Fields start(const Base& base, const PlanFacts& facts, const std::string& precision,
             const std::string& attention) {
  return {{"model", base.model},
          {"weights", facts.weights(base.model)},
          {"device", base.device},
          {"precision", precision},
          {"attention", attention}};
}

void set_shape(Fields& settings, Size processed) {
  settings.set("views", std::int64_t{1});
  settings.set("height", std::int64_t{processed.height});
  settings.set("width", std::int64_t{processed.width});
}

void set_photo(Fields& settings, Size photo) {
  settings.set("photo_height", std::int64_t{photo.height});
  settings.set("photo_width", std::int64_t{photo.width});
}

void add(PlannedGroup& group, Fields settings, int threads) {
  settings.set("threads", std::int64_t{threads});
  group.cases.push_back({group.suite, std::move(settings), 0});
}

std::vector<PlannedGroup> throughput(const PlanOptions& options, const PlanFacts& facts) {
  std::vector<PlannedGroup> groups;
  for (const Base& base : bases(options, facts)) {
    for (const Size photo : photos_of(options)) {
      for (const int res : options.process_res) {
        PlannedGroup group{SuiteName::kThroughput, {}};
        for (const std::string& precision : precisions_of(options, facts, base.device)) {
          for (const std::string& mode : modes_of(options, facts, base.model, both_modes())) {
            for (const int batch : options.batches) {
              Fields settings = start(base, facts, precision, mode);
              settings.set("batch", std::int64_t{batch});
              set_shape(settings, facts.processed_size(base.model, photo, res));
              add(group, std::move(settings), base.threads);
            }
          }
        }
        groups.push_back(std::move(group));
      }
    }
  }
  return groups;
}

std::vector<PlannedGroup> latency(const PlanOptions& options, const PlanFacts& facts) {
  // One photo at a time is quick enough for the usual size even with --quick.
  std::vector<int> resolutions = options.process_res;
  if (options.quick && resolutions == std::vector<int>{kQuickProcessRes}) resolutions = {kDefaultProcessRes};
  std::vector<PlannedGroup> groups;
  for (const Base& base : bases(options, facts)) {
    for (const Size photo : photos_of(options)) {
      for (const int res : resolutions) {
        PlannedGroup group{SuiteName::kLatency, {}};
        for (const std::string& precision : precisions_of(options, facts, base.device)) {
          for (const std::string& mode : modes_of(options, facts, base.model, {"sdpa"})) {
            Fields settings = start(base, facts, precision, mode);
            settings.set("batch", std::int64_t{1});
            set_shape(settings, facts.processed_size(base.model, photo, res));
            set_photo(settings, photo);
            add(group, std::move(settings), base.threads);
          }
        }
        groups.push_back(std::move(group));
      }
    }
  }
  return groups;
}

std::vector<PlannedGroup> load(const PlanOptions& options, const PlanFacts& facts) {
  std::vector<PlannedGroup> groups;
  for (const Base& base : bases(options, facts)) {
    // A process that holds the model keeps its file in the page cache, so `hit` never runs beside `cold`.
    PlannedGroup fresh{SuiteName::kLoad, {}};
    PlannedGroup held{SuiteName::kLoad, {}};
    for (const std::string& precision : precisions_of(options, facts, base.device)) {
      for (const char* cache : {"cold", "warm", "hit"}) {
        Fields settings =
            start(base, facts, precision, modes_of(options, facts, base.model, {"sdpa"}).front());
        settings.set("cache", std::string(cache));
        set_shape(settings,
                  facts.processed_size(base.model, photos_of(options).front(), options.process_res.front()));
        add(std::string_view(cache) == "hit" ? held : fresh, std::move(settings), base.threads);
      }
    }
    groups.push_back(std::move(fresh));
    groups.push_back(std::move(held));
  }
  return groups;
}

std::vector<PlannedGroup> preprocess(const PlanOptions& options, const PlanFacts& facts) {
  const std::vector<Size> photos = options.image_sizes.empty()
                                       ? std::vector<Size>{{480, 640}, {1080, 1920}, {2160, 3840}}
                                       : options.image_sizes;
  std::vector<PlannedGroup> groups;
  for (const std::string& device : options.devices) {
    for (const Size photo : photos) {
      for (const int res : options.process_res) {
        PlannedGroup group{SuiteName::kPreprocess, {}};
        for (const std::string& strategy : facts.strategies(device)) {
          Fields settings{{"device", device}, {"strategy", strategy}};
          set_photo(settings, photo);
          const Size processed = facts.processed_size(options.models.front(), photo, res);
          settings.set("height", std::int64_t{processed.height});
          settings.set("width", std::int64_t{processed.width});
          add(group, std::move(settings), 1);
        }
        if (!group.cases.empty()) groups.push_back(std::move(group));
      }
    }
  }
  return groups;
}

std::vector<PlannedGroup> attention(const PlanOptions& options, const PlanFacts& facts) {
  std::vector<PlannedGroup> groups;
  for (const Base& base : bases(options, facts)) {
    if (facts.offers_attention && !facts.offers_attention(base.model)) continue;
    for (const std::string& precision : precisions_of(options, facts, base.device)) {
      for (const int tokens : options.tokens) {
        PlannedGroup group{SuiteName::kAttention, {}};
        for (const std::string& mode : modes_of(options, facts, base.model, both_modes())) {
          Fields settings{
              {"model", base.model}, {"device", base.device}, {"precision", precision}, {"attention", mode}};
          settings.set("tokens", std::int64_t{tokens});
          add(group, std::move(settings), base.threads);
        }
        groups.push_back(std::move(group));
      }
    }
  }
  return groups;
}

std::vector<PlannedGroup> batching(const PlanOptions& options, const PlanFacts& facts) {
  std::vector<PlannedGroup> groups;
  for (const Base& base : bases(options, facts)) {
    for (const char* shape : {"uniform", "mixed"}) {
      PlannedGroup group{SuiteName::kBatching, {}};
      const auto add_case = [&](FieldValue batch) {
        Fields settings = start(base, facts, precisions_of(options, facts, base.device).front(),
                                modes_of(options, facts, base.model, {"sdpa"}).front());
        settings.set("images_shape", std::string(shape));
        settings.set("images", std::int64_t{options.images});
        settings.set("batch", std::move(batch));
        settings.set("process_res", std::int64_t{options.process_res.front()});
        add(group, std::move(settings), base.threads);
      };
      for (const int batch : options.batches) add_case(std::int64_t{batch});
      add_case(std::string("auto"));
      groups.push_back(std::move(group));
    }
  }
  return groups;
}

/// A case of the whole program for each size of its photos or frames.
std::vector<PlannedGroup> whole_program(SuiteName suite, const std::vector<Size>& sizes,
                                        const PlanOptions& options, const PlanFacts& facts) {
  std::vector<PlannedGroup> groups;
  for (const Base& base : bases(options, facts)) {
    PlannedGroup group{suite, {}};
    for (const Size size : sizes) {
      Fields settings = start(base, facts, precisions_of(options, facts, base.device).front(),
                              modes_of(options, facts, base.model, {"sdpa"}).front());
      settings.set("images", std::int64_t{options.images});
      set_shape(settings, facts.processed_size(base.model, size, options.process_res.front()));
      set_photo(settings, size);
      settings.set("process_res", std::int64_t{options.process_res.front()});
      add(group, std::move(settings), base.threads);
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

std::vector<PlannedGroup> folder(const PlanOptions& options, const PlanFacts& facts) {
  return whole_program(SuiteName::kFolder, {photos_of(options).front()}, options, facts);
}

std::vector<PlannedGroup> video(const PlanOptions& options, const PlanFacts& facts) {
  const std::vector<Size> usual = {{480, 854}, {720, 1280}, {1080, 1920}, {2160, 3840}};
  return whole_program(SuiteName::kVideo, options.image_sizes.empty() ? usual : options.image_sizes, options,
                       facts);
}

// A mode against float32 SDPA of the same model, which against itself says nothing.
PlannedGroup against_float32(const Base& base, const PlanOptions& options, const PlanFacts& facts) {
  PlannedGroup group{SuiteName::kAccuracy, {}};
  std::string pictures;
  for (const std::string& photo : options.photos) pictures += (pictures.empty() ? "" : ",") + photo;
  if (pictures.empty()) pictures = kDrawnData;
  for (const std::string& precision : precisions_of(options, facts, base.device)) {
    for (const std::string& mode : modes_of(options, facts, base.model, both_modes())) {
      if (precision == "fp32" && mode != "manual") continue;
      Fields settings = start(base, facts, precision, mode);
      settings.set("data", pictures);
      set_shape(settings,
                facts.processed_size(base.model, photos_of(options).front(), options.process_res.front()));
      add(group, std::move(settings), base.threads);
    }
  }
  return group;
}

PlannedGroup against_dataset(const Base& base, const std::string& dataset, const PlanOptions& options,
                             const PlanFacts& facts) {
  PlannedGroup group{SuiteName::kAccuracy, {}};
  for (const std::string& precision : precisions_of(options, facts, base.device)) {
    for (const std::string& mode : modes_of(options, facts, base.model, {"sdpa"})) {
      Fields settings = start(base, facts, precision, mode);
      settings.set(kDatasetSetting, dataset);
      settings.set("images", std::int64_t{facts.dataset_photos(dataset)});
      settings.set("process_res", std::int64_t{options.process_res.front()});
      add(group, std::move(settings), base.threads);
    }
  }
  return group;
}

std::vector<PlannedGroup> accuracy(const PlanOptions& options, const PlanFacts& facts) {
  std::vector<PlannedGroup> groups;
  for (const Base& base : bases(options, facts)) {
    PlannedGroup modes = against_float32(base, options, facts);
    if (!modes.cases.empty()) groups.push_back(std::move(modes));
    for (const std::string& dataset : options.datasets) {
      groups.push_back(against_dataset(base, dataset, options, facts));
    }
  }
  return groups;
}

std::vector<PlannedGroup> scene(const PlanOptions& options, const PlanFacts& facts) {
  const std::vector<int> views = options.quick ? std::vector<int>{1, 2, 4} : std::vector<int>{1, 2, 4, 8, 16};
  std::vector<PlannedGroup> groups;
  for (const Base& base : bases(options, facts)) {
    for (const int res : options.process_res) {
      PlannedGroup group{SuiteName::kScene, {}};
      for (const std::string& precision : precisions_of(options, facts, base.device)) {
        for (const std::string& mode : modes_of(options, facts, base.model, {"sdpa"})) {
          for (const int count : views) {
            Fields settings = start(base, facts, precision, mode);
            set_shape(settings, facts.processed_size(base.model, photos_of(options).front(), res));
            settings.set("views", std::int64_t{count});
            add(group, std::move(settings), base.threads);
          }
        }
      }
      groups.push_back(std::move(group));
    }
  }
  return groups;
}

std::vector<PlannedGroup> soak(const PlanOptions& options, const PlanFacts& facts) {
  std::vector<PlannedGroup> groups;
  for (const Base& base : bases(options, facts)) {
    PlannedGroup group{SuiteName::kSoak, {}};
    Fields settings = start(base, facts, precisions_of(options, facts, base.device).front(),
                            modes_of(options, facts, base.model, {"sdpa"}).front());
    settings.set("images", std::int64_t{options.soak_images});
    settings.set("process_res", std::int64_t{options.process_res.front()});
    add(group, std::move(settings), base.threads);
    groups.push_back(std::move(group));
  }
  return groups;
}

}  // namespace

std::vector<PlannedGroup> expand_suite(SuiteName suite, const PlanOptions& options, const PlanFacts& facts) {
  switch (suite) {
    case SuiteName::kThroughput:
      return throughput(options, facts);
    case SuiteName::kLatency:
      return latency(options, facts);
    case SuiteName::kLoad:
      return load(options, facts);
    case SuiteName::kPreprocess:
      return preprocess(options, facts);
    case SuiteName::kAttention:
      return attention(options, facts);
    case SuiteName::kBatching:
      return batching(options, facts);
    case SuiteName::kFolder:
      return folder(options, facts);
    case SuiteName::kVideo:
      return video(options, facts);
    case SuiteName::kAccuracy:
      return accuracy(options, facts);
    case SuiteName::kScene:
      return scene(options, facts);
    case SuiteName::kSoak:
      return soak(options, facts);
  }
  return {};
}

}  // namespace da3::bench
