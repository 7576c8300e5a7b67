// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <bench/plan/suite_name.hpp>
#include <core/names.hpp>

namespace da3::bench {
namespace {

constexpr core::NameTable<SuiteName, 11> kNames{{{SuiteName::kThroughput, "throughput"},
                                                 {SuiteName::kLatency, "latency"},
                                                 {SuiteName::kLoad, "load"},
                                                 {SuiteName::kPreprocess, "preprocess"},
                                                 {SuiteName::kAttention, "attention"},
                                                 {SuiteName::kBatching, "batching"},
                                                 {SuiteName::kFolder, "folder"},
                                                 {SuiteName::kVideo, "video"},
                                                 {SuiteName::kAccuracy, "accuracy"},
                                                 {SuiteName::kScene, "scene"},
                                                 {SuiteName::kSoak, "soak"}}};

constexpr core::NameTable<SuiteName, 11> kTitles{
    {{SuiteName::kThroughput, "Throughput: forwards of independent images, by model and batch"},
     {SuiteName::kLatency, "Latency: one photo at a time, by stage"},
     {SuiteName::kLoad, "Load: process start to first result, by cache"},
     {SuiteName::kPreprocess, "Preprocessing: per image, by photo size"},
     {SuiteName::kAttention, "Attention: fused (SDPA) against written out (manual)"},
     {SuiteName::kBatching, "Batching: fixed sizes against the adaptive batcher"},
     {SuiteName::kFolder, "Folder: the whole program against forwards alone"},
     {SuiteName::kVideo, "Video: the whole program against decoding, forwards and encoding alone"},
     {SuiteName::kAccuracy, "Accuracy: difference to float32, or to measured depth"},
     {SuiteName::kScene, "Scene: several views together, from pictures to points and files"},
     {SuiteName::kSoak, "Soak: many images of changing shapes"}}};

}  // namespace

std::string_view to_string(SuiteName suite) {
  return core::name_of(kNames, suite);
}

SuiteName parse_suite(std::string_view text) {
  return core::value_of(kNames, "benchmark suite", text);
}

std::vector<SuiteName> all_suites() {
  std::vector<SuiteName> suites;
  for (const auto& [suite, name] : kNames) suites.push_back(suite);
  return suites;
}

std::string_view suite_title(SuiteName suite) {
  return core::name_of(kTitles, suite);
}

}  // namespace da3::bench
