// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fuzz/fuzz.hpp>
#include <journal/line_facts.hpp>
#include <journal/manifest_index.hpp>
#include <nlohmann/json.hpp>

#include <core/text_encoding.hpp>

namespace {

using namespace da3;  // NOLINT(google-build-using-namespace)

/// The quick reader and a parser agree on what is a record, and of what.
void compare_readers(std::string_view line) {
  const auto facts = journal::scan_line(line);
  if (facts) {
    for (const auto& [format, path] : facts->outputs) DA3_MUST(journal::is_result_path(path));
  }
  const auto tree = nlohmann::json::parse(line, nullptr, false);
  if (!facts || facts->type != journal::LineFacts::Type::kImage || !tree.is_object()) return;
  if (tree.contains("path") && tree["path"].is_string() && !tree.contains("path_base64")) {
    DA3_MUST(facts->path == tree["path"].get<std::string>());
  }
}

template <typename Record>
void read_twice(std::string_view line, Record (*read)(std::string_view)) {
  try {
    const Record record = read(line);
    const std::string text = journal::to_json(record);
    DA3_MUST(journal::to_json(read(text)) == text);
  } catch (const Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  fuzz::refused_or_read([&] {
    journal::ManifestIndex index;
    const auto read = index.add_file(fuzz::file_with({data, size}));
    DA3_MUST(read.valid_bytes <= size);
    journal::ManifestIndex again;
    again.add_file(fuzz::file_with({data, static_cast<std::size_t>(read.valid_bytes)}));
    DA3_MUST(again.size() == index.size());
    DA3_MUST(!index.owns("../a.png") && !index.owns("/a.png"));
    index.find("in/a.jpg");
    index.owner_of("a");
  });
  journal::ManifestIndex passed_over;
  passed_over.add_file(fuzz::file_with({data, size}), journal::Foreign::kPassOver);
  passed_over.for_each_last([&](const journal::LastRecord& last) { DA3_MUST(last.place.offset < size); });
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    compare_readers(line);
    read_twice<journal::RunRecord>(line, journal::run_from_json);
    read_twice<journal::ImageRecord>(line, journal::image_from_json);
    begin = end + 1;
  }
  core::base64_decode(text);
  DA3_MUST(core::base64_decode(core::base64_encode(text)) == text);
  return 0;
}
