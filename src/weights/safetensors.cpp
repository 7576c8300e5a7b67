// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include <da3/error.hpp>

#include <core/json_reading.hpp>
#include <weights/safetensors.hpp>

namespace da3::weights {
namespace {

using nlohmann::json;

constexpr std::uint64_t kPrefixSize = 8;
/// The format's own limit on the header.
constexpr std::uint64_t kMaxHeaderSize = 100'000'000;

struct DtypeRow {
  Dtype dtype;
  std::string_view name;
  std::size_t size;
};

constexpr std::array<DtypeRow, 15> kDtypes{{{Dtype::kBool, "BOOL", 1},
                                            {Dtype::kU8, "U8", 1},
                                            {Dtype::kI8, "I8", 1},
                                            {Dtype::kF8E5M2, "F8_E5M2", 1},
                                            {Dtype::kF8E4M3, "F8_E4M3", 1},
                                            {Dtype::kI16, "I16", 2},
                                            {Dtype::kU16, "U16", 2},
                                            {Dtype::kF16, "F16", 2},
                                            {Dtype::kBf16, "BF16", 2},
                                            {Dtype::kI32, "I32", 4},
                                            {Dtype::kU32, "U32", 4},
                                            {Dtype::kF32, "F32", 4},
                                            {Dtype::kI64, "I64", 8},
                                            {Dtype::kU64, "U64", 8},
                                            {Dtype::kF64, "F64", 8}}};

const DtypeRow& row_of(Dtype dtype) {
  return *std::ranges::find(kDtypes, dtype, &DtypeRow::dtype);
}

[[noreturn]] void damaged(const std::filesystem::path& path, const std::string& what) {
  throw Error(ErrorCode::kModelDamaged,
              path.string() + ": " + what + "; the file is damaged or no safetensors file, get it again");
}

/// The header's length, checked against the file's.
std::uint64_t header_size(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  if (bytes.size() < kPrefixSize) {
    damaged(path, "expected at least 8 bytes with the header's length, found " +
                      std::to_string(bytes.size()) + ": the file is truncated");
  }
  std::uint64_t size = 0;
  for (std::size_t i = 0; i < kPrefixSize; ++i) size |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
  if (size > kMaxHeaderSize) {
    damaged(path, "expected a header of at most " + std::to_string(kMaxHeaderSize) +
                      " bytes, found a length of " + std::to_string(size));
  }
  if (size > bytes.size() - kPrefixSize) {
    damaged(path, "its header of " + std::to_string(size) + " bytes is longer than the file, which has " +
                      std::to_string(bytes.size()) + " bytes: the file is truncated");
  }
  return size;
}

/// The header as an object, in which no name is given twice at any level.
json parse_header(const std::filesystem::path& path, std::string_view text) {
  std::vector<std::set<std::string>> names;
  std::string duplicate;
  const auto watch = [&](int, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start) names.emplace_back();
    if (event == json::parse_event_t::object_end) names.pop_back();
    if (event == json::parse_event_t::key && !names.back().insert(parsed.get<std::string>()).second) {
      duplicate = parsed.get<std::string>();
    }
    return true;
  };
  json header;
  if (core::is_too_deep(text)) damaged(path, "its header has brackets deeper than any model's");
  try {
    header = json::parse(text, watch);
  } catch (const json::exception& error) {
    damaged(path, std::string("its header is not valid JSON (") + error.what() + ")");
  }
  if (!header.is_object())
    damaged(path, std::string("expected a JSON object as header, found ") + header.type_name());
  if (!duplicate.empty()) damaged(path, "its header names '" + duplicate + "' twice");
  return header;
}

/// A tensor of the header and its range of data bytes, both still unchecked against the file.
struct Described {
  TensorView tensor;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// shape x size of an element, or none if that does not fit 63 bits.
std::optional<std::uint64_t> byte_size(const std::vector<std::int64_t>& shape, std::size_t element) {
  if (std::ranges::find(shape, 0) != shape.end()) return 0;
  std::uint64_t size = element;
  for (const std::int64_t extent : shape) {
    const auto factor = static_cast<std::uint64_t>(extent);
    if (size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / factor)
      return std::nullopt;
    size *= factor;
  }
  return size;
}

std::uint64_t unsigned_number(const std::filesystem::path& path, const std::string& name, const json& value,
                              const char* what) {
  const auto whole = core::whole_number<std::int64_t>(value);
  if (!value.is_number_unsigned() || !whole) {
    damaged(path,
            "tensor '" + name + "': expected whole numbers from 0 as " + what + ", found " + value.dump());
  }
  return static_cast<std::uint64_t>(*whole);
}

Described describe(const std::filesystem::path& path, const std::string& name, const json& entry) {
  const auto field = [&](const char* key, json::value_t type) -> const json& {
    const auto found = entry.is_object() ? entry.find(key) : entry.end();
    if (!entry.is_object() || found == entry.end() || found->type() != type) {
      damaged(path, "tensor '" + name + "': '" + key + "' is missing or of the wrong type");
    }
    return *found;
  };
  const auto& dtype_name = field("dtype", json::value_t::string).get_ref<const std::string&>();
  const auto dtype = std::ranges::find(kDtypes, dtype_name, &DtypeRow::name);
  if (dtype == kDtypes.end()) damaged(path, "tensor '" + name + "': unknown type '" + dtype_name + "'");

  Described described;
  described.tensor.name = name;
  described.tensor.dtype = dtype->dtype;
  for (const json& extent : field("shape", json::value_t::array)) {
    described.tensor.shape.push_back(static_cast<std::int64_t>(unsigned_number(path, name, extent, "shape")));
  }
  const json& offsets = field("data_offsets", json::value_t::array);
  if (offsets.size() != 2)
    damaged(path, "tensor '" + name + "': expected two offsets, found " + offsets.dump());
  described.begin = unsigned_number(path, name, offsets[0], "offsets");
  described.end = unsigned_number(path, name, offsets[1], "offsets");
  const std::optional<std::uint64_t> size = byte_size(described.tensor.shape, dtype->size);
  if (!size || described.end < described.begin || described.end - described.begin != *size) {
    damaged(path, "tensor '" + name + "': shape " + entry["shape"].dump() + " of type " + dtype_name +
                      " does not fit its offsets " + offsets.dump());
  }
  return described;
}

/// Checks that the tensors, in the order of their data, fill `data` without gap and overlap, and gives them
/// their bytes.
void place(const std::filesystem::path& path, std::vector<Described>& described,
           std::span<const std::byte> data) {
  std::ranges::sort(described, [](const Described& a, const Described& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t at = 0;
  for (Described& each : described) {
    if (each.begin != at) {
      damaged(path, "tensor '" + each.tensor.name + "' begins at offset " + std::to_string(each.begin) +
                        (each.begin < at ? ", inside the one before it, which ends at "
                                         : ", with a gap after the one before it, which ends at ") +
                        std::to_string(at));
    }
    at = each.end;
    if (at > data.size()) {
      damaged(path, "tensor '" + each.tensor.name + "' ends at offset " + std::to_string(at) +
                        ", but the file has only " + std::to_string(data.size()) +
                        " bytes of data: the file is truncated");
    }
    each.tensor.data = data.subspan(each.begin, each.end - each.begin);
  }
  if (at != data.size()) {
    damaged(path, "its tensors end at offset " + std::to_string(at) + ", but the file has " +
                      std::to_string(data.size()) + " bytes of data");
  }
}

}  // namespace

std::string_view to_string(Dtype dtype) {
  return row_of(dtype).name;
}
std::size_t element_size(Dtype dtype) {
  return row_of(dtype).size;
}

std::int64_t TensorView::num_elements() const {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) count *= extent;
  return count;
}

Safetensors Safetensors::open(const std::filesystem::path& path) {
  Safetensors result(path, core::MappedFile::open(path));
  const std::span<const std::byte> bytes = result.file_.bytes();
  const std::uint64_t size = header_size(path, bytes);
  const json header =
      parse_header(path, std::string_view(reinterpret_cast<const char*>(bytes.data()) + kPrefixSize, size));

  std::vector<Described> described;
  for (const auto& [name, entry] : header.items()) {
    if (name != "__metadata__") {
      described.push_back(describe(path, name, entry));
      continue;
    }
    if (!entry.is_object()) damaged(path, "its '__metadata__' is no JSON object");
    for (const auto& [key, value] : entry.items()) {
      if (!value.is_string())
        damaged(path, "its '__metadata__' has a value for '" + key + "' that is no text");
      result.metadata_.emplace(key, value.get<std::string>());
    }
  }
  place(path, described, bytes.subspan(kPrefixSize + size));
  for (Described& each : described) {
    result.index_.emplace(each.tensor.name, result.tensors_.size());
    result.tensors_.push_back(std::move(each.tensor));
  }
  return result;
}

const TensorView* Safetensors::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &tensors_[found->second];
}

}  // namespace da3::weights
