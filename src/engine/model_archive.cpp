// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <caffe2/serialize/inline_container.h>
#include <torch/csrc/jit/api/compilation_unit.h>
#include <torch/csrc/jit/serialization/import.h>
#include <torch/csrc/jit/serialization/import_source.h>
#include <torch/csrc/jit/serialization/storage_context.h>
#include <torch/csrc/jit/serialization/unpickler.h>

#include <da3/error.hpp>

#include <core/text_encoding.hpp>
#include <engine/model_archive.hpp>
#include <engine/torch_errors.hpp>
#include <weights/identity.hpp>
#include <weights/model_file.hpp>
#include <weights/record.hpp>
#include <weights/stored_tensors.hpp>

namespace da3::engine {
namespace {

/// What LibTorch's vector loads want, and what its own files keep.
constexpr std::uintptr_t kAlignment = 64;

/// LibTorch compresses code alone, which is some hundred kilobytes where a network is large.
constexpr std::uint64_t kMostUnpackedBytes = std::uint64_t{64} << 20;

[[noreturn]] void damaged(const core::StoredZip& archive, const std::string& what) {
  throw Error(ErrorCode::kModelDamaged,
              archive.path().string() + ": " + what + "; get or export the file again");
}

at::ScalarType scalar_type(weights::Dtype type) {
  switch (type) {
    case weights::Dtype::kF32:
      return at::kFloat;
    case weights::Dtype::kF64:
      return at::kDouble;
    case weights::Dtype::kF16:
      return at::kHalf;
    case weights::Dtype::kBf16:
      return at::kBFloat16;
    case weights::Dtype::kI64:
      return at::kLong;
    case weights::Dtype::kI32:
      return at::kInt;
    case weights::Dtype::kI8:
      return at::kChar;
    case weights::Dtype::kU8:
      return at::kByte;
    case weights::Dtype::kBool:
      return at::kBool;
    default:
      throw Error(ErrorCode::kInternal, "a stored tensor of a type that no archive has");
  }
}

/// What a storage over bytes of the mapping keeps alive.
struct MappedRecord {
  std::shared_ptr<void> mapping;
  std::span<const std::byte> bytes;
};

/// A storage over bytes of the mapping, which it keeps alive. Its end gives their memory back, so that
/// weights which others take the place of are not in memory twice.
c10::Storage mapped_storage(const core::StoredZip& archive, std::span<const std::byte> bytes) {
  // The mapping is private and writable, so that a module may even write to its weights.
  auto* const data = const_cast<std::byte*>(bytes.data());
  if (reinterpret_cast<std::uintptr_t>(data) % kAlignment != 0) {
    at::Tensor copy = at::empty({static_cast<std::int64_t>(bytes.size())}, at::kByte);
    std::memcpy(copy.mutable_data_ptr(), data, bytes.size());
    return copy.storage();
  }
  const auto forget = [](void* kept) {
    const std::unique_ptr<MappedRecord> record(static_cast<MappedRecord*>(kept));
    core::forget_pages(record->bytes);
  };
  c10::DataPtr pointer(data, new MappedRecord{archive.handle(), bytes}, forget, at::kCPU);
  return {c10::Storage::use_byte_size_t(), bytes.size(), std::move(pointer), nullptr, false};
}

/// Storages of the records PREFIX/0, PREFIX/1, ... under the keys 0, 1, ... of the pickle.
std::shared_ptr<torch::jit::DeserializationStorageContext> storages(const core::StoredZip& archive,
                                                                    std::string_view prefix) {
  auto context = std::make_shared<torch::jit::DeserializationStorageContext>();
  for (const core::ZipEntry& entry : archive.entries()) {
    const std::string_view name = core::StoredZip::inner_name(entry);
    if (!name.starts_with(prefix) || entry.size == 0) continue;
    context->addStorage(std::string(name.substr(prefix.size())),
                        mapped_storage(archive, archive.data(entry)));
  }
  return context;
}

std::uint64_t format_version(const core::StoredZip& archive) {
  const core::ZipEntry* entry = archive.find(".data/version");
  if (entry == nullptr) entry = archive.find("version");
  if (entry == nullptr) damaged(archive, "no TorchScript archive, it has no record \"version\"");
  const std::span<const std::byte> bytes = archive.data(*entry);
  const auto* const text = reinterpret_cast<const char*>(bytes.data());
  std::uint64_t version = 0;
  if (std::from_chars(text, text + bytes.size(), version).ec != std::errc())
    damaged(archive, "unreadable version");
  return version;
}

/// The pickle NAME.pkl, its tensors from the records NAME/.
torch::jit::IValue unpickle(const core::StoredZip& archive, const std::string& name,
                            const torch::jit::TypeResolver& resolve_type,
                            const torch::jit::ObjLoader& load_object) {
  const core::ZipEntry* const entry = archive.find(name + ".pkl");
  if (entry == nullptr) damaged(archive, "no TorchScript archive, it has no record \"" + name + ".pkl\"");
  std::span<const std::byte> left = archive.data(*entry);
  const auto read = [&left](char* buffer, std::size_t wanted) {
    const std::size_t count = std::min(wanted, left.size());
    std::memcpy(buffer, left.data(), count);
    left = left.subspan(count);
    return count;
  };
  const auto missing_record = [&archive](const std::string& key) -> at::DataPtr {
    damaged(archive, "tensor record " + key + " is missing");
  };
  torch::jit::Unpickler unpickler(read, resolve_type, load_object, missing_record, at::Device(at::kCPU),
                                  false, torch::jit::Unpickler::defaultTypeParser,
                                  storages(archive, name + "/"));
  unpickler.set_version(format_version(archive));
  return unpickler.parse_ivalue();
}

/// Bytes from the storage's start that a tensor may touch; none if its geometry is absurd.
std::optional<std::uint64_t> extent_bytes(const at::Tensor& tensor) {
  if (tensor.numel() == 0) return 0;
  std::int64_t last = tensor.storage_offset();
  for (std::int64_t i = 0; i < tensor.dim(); ++i) {
    std::int64_t step = 0;
    if (tensor.size(i) < 0 || tensor.stride(i) < 0) return std::nullopt;
    if (__builtin_mul_overflow(tensor.size(i) - 1, tensor.stride(i), &step)) return std::nullopt;
    if (__builtin_add_overflow(last, step, &last)) return std::nullopt;
  }
  std::uint64_t bytes = 0;
  if (last < 0 ||
      __builtin_mul_overflow(static_cast<std::uint64_t>(last) + 1, tensor.element_size(), &bytes)) {
    return std::nullopt;
  }
  return bytes;
}

/// Newer versions of LibTorch check this too.
void check_extent(const core::StoredZip& archive, const std::string& path, const at::Tensor& tensor) {
  if (tensor.is_quantized() || !tensor.has_storage()) return;
  const std::optional<std::uint64_t> needed = extent_bytes(tensor);
  if (!needed || *needed > tensor.storage().nbytes()) {
    damaged(archive, "tensor " + path + " reaches past its record of " +
                         std::to_string(tensor.storage().nbytes()) + " bytes");
  }
}

torch::jit::SourceLoader source_loader(caffe2::serialize::PyTorchStreamReader& reader) {
  return [&reader](const std::string& qualifier) -> std::shared_ptr<torch::jit::Source> {
    std::string path = "code/" + qualifier + ".py";
    std::replace(path.begin() + 5, path.end() - 3, '.', '/');
    if (!reader.hasRecord(path)) return nullptr;
    const auto [data, size] = reader.getRecord(path);
    return std::make_shared<torch::jit::Source>(std::string(static_cast<const char*>(data.get()), size), path,
                                                1);
  };
}

/// In pieces: a small file may hold an entry that unpacks to more than the memory, and is never used.
std::uint32_t unpacked_crc(caffe2::serialize::PyTorchStreamReader& reader, const std::string& name) {
  std::vector<std::byte> piece(std::size_t{1} << 16);
  const std::size_t size = reader.getRecordSize(name);
  caffe2::serialize::ChunkRecordIterator pieces = reader.createChunkReaderIter(name, size, piece.size());
  std::uint32_t crc = 0;
  for (std::size_t done = 0; done < size;) {
    const std::size_t count = pieces.next(piece.data());
    if (count == 0) break;
    crc = core::crc32({piece.data(), count}, crc);
    done += count;
  }
  return crc;
}

}  // namespace

std::map<std::string, at::Tensor> read_tensors(const core::StoredZip& archive) {
  std::map<std::string, at::Tensor> found;
  for (const weights::StoredTensor& stored : weights::stored_tensors(archive)) {
    at::Tensor tensor = at::empty({0}, at::TensorOptions(scalar_type(stored.type)));
    if (stored.record == nullptr) {
      tensor.resize_(stored.shape);
    } else {
      tensor.set_(mapped_storage(archive, archive.data(*stored.record)), stored.offset, stored.shape,
                  stored.strides);
    }
    found.emplace(stored.path, std::move(tensor));
  }
  return found;
}

void check_whole(const core::StoredZip& archive) {
  if (const auto kind = weights::other_archive(archive)) {
    throw Error(ErrorCode::kModelContract, archive.path().string() + " " + *kind);
  }
  weights::check_all_but_weights(archive);
  if (archive.find(weights::kRecordEntry) != nullptr) archive.check_contiguous();
}

void check_compressed(const core::StoredZip& archive) {
  std::optional<caffe2::serialize::PyTorchStreamReader> reader;
  for (const core::ZipEntry& entry : archive.entries()) {
    const std::string name(core::StoredZip::inner_name(entry));
    if (entry.method == 0 || name.ends_with(".debug_pkl")) continue;  // For stack traces only
    if (entry.unpacked_size > kMostUnpackedBytes) {
      damaged(archive, "entry '" + core::one_line(entry.name) + "' is compressed code of " +
                           std::to_string(entry.unpacked_size) + " bytes, which no network has");
    }
    if (!reader) reader.emplace(archive.path().string());
    if (unpacked_crc(*reader, name) != entry.crc) {
      damaged(archive, "entry '" + core::one_line(entry.name) + "' does not have its checksum");
    }
  }
}

torch::jit::Module load_mapped(const core::StoredZip& archive) {
  caffe2::serialize::PyTorchStreamReader reader(archive.path().string());
  const auto unit = std::make_shared<torch::jit::CompilationUnit>();
  std::vector<at::IValue> constants;
  torch::jit::SourceImporter importer(unit, &constants, source_loader(reader), reader.version());
  const auto resolve = [&](const c10::QualifiedName& name) {
    return c10::StrongTypePtr(unit, importer.loadType(name));
  };
  if (archive.find("constants.pkl") != nullptr) {
    const torch::jit::IValue table = unpickle(archive, "constants", resolve, torch::jit::ObjLoaderFunc);
    for (const torch::jit::IValue& constant : table.toTupleRef().elements()) {
      if (constant.isTensor()) check_extent(archive, "constant", constant.toTensor());
      constants.push_back(constant);
    }
  }
  torch::jit::Module module(unpickle(archive, "data", resolve, torch::jit::ObjLoaderFunc).toObject());
  for (const auto& attribute : module.named_attributes()) {
    if (attribute.value.isTensor() && attribute.value.toTensor().defined()) {
      check_extent(archive, attribute.name, attribute.value.toTensor());
    }
  }
  return module;
}

}  // namespace da3::engine
