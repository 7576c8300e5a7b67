// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <da3/error.hpp>

#include <core/names.hpp>
#include <core/text_encoding.hpp>
#include <weights/pickle.hpp>
#include <weights/stored_tensors.hpp>

namespace da3::weights {
namespace {

using Index = Pickle::Index;
using Kind = Pickle::Kind;

constexpr std::string_view kModulePickle = "data.pkl";
constexpr std::string_view kRecordFolder = "data/";

/// Modules of networks that da3 knows nest less than ten deep, and their paths are below a hundred bytes.
constexpr int kDeepestNesting = 100;
constexpr std::size_t kLongestPath = 1000;

constexpr core::NameTable<Dtype, 9> kTypes{{{Dtype::kF32, "torch\nFloatStorage"},
                                            {Dtype::kF64, "torch\nDoubleStorage"},
                                            {Dtype::kF16, "torch\nHalfStorage"},
                                            {Dtype::kBf16, "torch\nBFloat16Storage"},
                                            {Dtype::kI64, "torch\nLongStorage"},
                                            {Dtype::kI32, "torch\nIntStorage"},
                                            {Dtype::kI8, "torch\nCharStorage"},
                                            {Dtype::kU8, "torch\nByteStorage"},
                                            {Dtype::kBool, "torch\nBoolStorage"}}};

/// One past the last element that a tensor may touch and its number of elements; none if they overflow.
struct Extent {
  std::uint64_t end = 0;
  std::uint64_t elements = 1;
};

std::optional<Extent> extent_of(const StoredTensor& tensor) {
  Extent extent{.end = static_cast<std::uint64_t>(tensor.offset)};
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    const auto size = static_cast<std::uint64_t>(tensor.shape[i]);
    const auto stride = static_cast<std::uint64_t>(tensor.strides[i]);
    if (size == 0) return Extent{.end = 0, .elements = 0};
    std::uint64_t step = 0;
    if (__builtin_mul_overflow(extent.elements, size, &extent.elements) ||
        __builtin_mul_overflow(size - 1, stride, &step) ||
        __builtin_add_overflow(extent.end, step, &extent.end)) {
      return std::nullopt;
    }
  }
  if (__builtin_add_overflow(extent.end, 1, &extent.end)) return std::nullopt;
  return extent;
}

class Reader {
 public:
  explicit Reader(const core::StoredZip& archive) : archive_(archive), pickle_(pickle_of(archive)) {
    for (const core::ZipEntry& entry : archive.entries()) {
      const std::string_view name = core::StoredZip::inner_name(entry);
      if (name.starts_with(kRecordFolder)) records_.emplace(name.substr(kRecordFolder.size()), &entry);
    }
  }

  std::vector<StoredTensor> read() && {
    if (pickle_.kind(pickle_.top()) != Kind::kObject) fail(std::string(kModulePickle) + " holds no module");
    read_module(pickle_.top(), "", 0);
    return std::move(found_);
  }

 private:
  static Pickle pickle_of(const core::StoredZip& archive) {
    const core::ZipEntry* const entry = archive.find(kModulePickle);
    if (entry == nullptr) {
      throw Error(ErrorCode::kModelDamaged,
                  archive.path().string() + ": no TorchScript archive, it has no record \"" +
                      std::string(kModulePickle) + "\"; get or export the file again");
    }
    return {archive.data(*entry), archive.path().string() + ": " + std::string(kModulePickle)};
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorCode::kModelDamaged,
                archive_.path().string() + ": " + core::one_line(what) + "; get or export the file again");
  }

  /// Adds the tensors of a module and of those in it, each of which has one place.
  void read_module(Index module, const std::string& prefix, int depth) {
    if (depth > kDeepestNesting) fail("modules nest too deep");
    if (!modules_.insert(module).second) fail("a module is in two places");
    const auto state = pickle_.items(module);
    if (state.empty() || pickle_.kind(state[0]) != Kind::kDictionary) return;
    const auto attributes = pickle_.items(state[0]);
    for (std::size_t i = 0; i + 1 < attributes.size(); i += 2) {
      const Index value = attributes[i + 1];
      const std::string_view name = pickle_.text(attributes[i]);
      if (pickle_.kind(attributes[i]) != Kind::kText || prefix.size() + name.size() > kLongestPath) {
        fail("an attribute of a module has no name, or too long a one");
      }
      const std::string path = prefix + std::string(name);
      if (pickle_.kind(value) == Kind::kObject) read_module(value, path + ".", depth + 1);
      if (pickle_.kind(value) == Kind::kCall) read_result(value, path);
    }
  }

  /// Adds the tensor that a call stands for, if it stands for one.
  void read_result(Index call, const std::string& path) {
    if (pickle_.text(pickle_.items(call)[0]) != "torch._utils\n_rebuild_tensor_v2") return;
    const Index arguments = pickle_.items(call)[1];
    const auto items = pickle_.items(arguments);
    // Storage, offset, shape and strides; then what is for training.
    if (pickle_.kind(arguments) != Kind::kTuple || items.size() < 4)
      fail("tensor " + path + " is unreadable");
    StoredTensor tensor{.path = path,
                        .offset = number(items[1], path),
                        .shape = numbers(items[2], path),
                        .strides = numbers(items[3], path)};
    if (tensor.shape.size() != tensor.strides.size())
      fail("tensor " + path + " has other strides than dimensions");
    set_storage(tensor, items[0]);
    found_.push_back(std::move(tensor));
  }

  std::int64_t number(Index value, const std::string& path) const {
    if (pickle_.kind(value) != Kind::kInteger || pickle_.number(value) < 0) {
      fail("tensor " + path + " has an offset, a size or a stride that is no number from 0");
    }
    return pickle_.number(value);
  }

  std::vector<std::int64_t> numbers(Index value, const std::string& path) const {
    constexpr std::size_t kMostDimensions = 8;
    const auto items = pickle_.items(value);
    if (pickle_.kind(value) != Kind::kTuple || items.size() > kMostDimensions) {
      fail("tensor " + path + " has no readable shape");
    }
    std::vector<std::int64_t> result;
    for (const Index item : items) result.push_back(number(item, path));
    return result;
  }

  /// Type and record of a tensor, from the name of its storage: "storage", type, record, device, elements.
  void set_storage(StoredTensor& tensor, Index storage) {
    const auto named = pickle_.items(storage);
    if (pickle_.kind(storage) != Kind::kPersistent || pickle_.kind(named[0]) != Kind::kTuple ||
        pickle_.items(named[0]).size() < 3) {
      fail("tensor " + tensor.path + " has no record");
    }
    const auto items = pickle_.items(named[0]);
    const std::string type(text(items[1], Kind::kName, tensor.path));
    const auto* const known = std::ranges::find(kTypes, type, &std::pair<Dtype, std::string_view>::second);
    if (known == kTypes.end()) {
      fail("tensor " + tensor.path + " has the type " + type.substr(type.find('\n') + 1) +
           ", which weights do not have");
    }
    tensor.type = known->first;
    const std::string key(text(items[2], Kind::kText, tensor.path));
    const auto record = records_.find(key);
    set_record(tensor, key, record == records_.end() ? nullptr : record->second);
  }

  std::string_view text(Index value, Kind kind, const std::string& path) const {
    constexpr std::size_t kLongest = 100;
    if (pickle_.kind(value) != kind || pickle_.text(value).size() > kLongest) {
      fail("tensor " + path + " has an unreadable record");
    }
    return pickle_.text(value);
  }

  void set_record(StoredTensor& tensor, const std::string& key, const core::ZipEntry* record) {
    const std::optional<Extent> extent = extent_of(tensor);
    if (extent && extent->elements == 0) return;
    if (record == nullptr) fail("tensor " + tensor.path + ": its record " + key + " is missing");
    const std::uint64_t room = record->size / element_size(tensor.type);
    if (!extent || extent->end > room || extent->elements > room) {
      fail("tensor " + tensor.path + " reaches past its record of " + std::to_string(record->size) +
           " bytes");
    }
    if (!taken_.insert(record).second) fail("tensor " + tensor.path + " shares its record with another one");
    tensor.record = record;
  }

  const core::StoredZip& archive_;
  Pickle pickle_;
  std::unordered_map<std::string_view, const core::ZipEntry*> records_;
  std::set<Index> modules_;
  std::set<const core::ZipEntry*> taken_;
  std::vector<StoredTensor> found_;
};

}  // namespace

std::vector<StoredTensor> stored_tensors(const core::StoredZip& archive) {
  return Reader(archive).read();
}

}  // namespace da3::weights
