// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include <codec/byte_reader.hpp>
#include <codec/heif_items.hpp>
#include <codec/picture_format.hpp>
#ifdef DA3_HAS_LIBHEIF
#include <libheif/heif.h>
#endif

namespace da3::codec {
namespace {

#ifdef DA3_HAS_LIBHEIF

struct Release {
  void operator()(heif_context* context) const { heif_context_free(context); }
  void operator()(const heif_image_handle* handle) const { heif_image_handle_release(handle); }
  void operator()(const heif_image* image) const { heif_image_release(image); }
};

/// The primary picture of a file.
struct Primary {
  std::unique_ptr<heif_context, Release> context;
  std::unique_ptr<heif_image_handle, Release> handle;
};

/// libheif's reason on one line; some of its texts end with a line break.
std::string reason_of(const heif_error& error) {
  std::string reason = error.message != nullptr ? error.message : "libheif gives no reason";
  std::replace(reason.begin(), reason.end(), '\n', ' ');
  reason.erase(reason.find_last_not_of(' ') + 1);
  return reason;
}

/// What a decoder cannot do it says by a subcode; what else it reports is damage.
bool is_unsupported(const heif_error& error) {
  if (error.code == heif_error_Decoder_plugin_error) {
    return error.subcode >= heif_suberror_Unsupported_codec &&
           error.subcode <= heif_suberror_Unsupported_bit_depth;
  }
  return error.code == heif_error_Unsupported_filetype || error.code == heif_error_Unsupported_feature;
}

[[noreturn]] void refuse(const EncodedPicture& picture, const heif_error& error) {
  const std::string reason = reason_of(error);
  if (is_unsupported(error)) {
    throw_unsupported(picture, "libheif cannot decode this picture (" + reason + ")", kHeifConvert);
  }
  if (error.code == heif_error_Memory_allocation_error &&
      error.subcode != heif_suberror_Security_limit_exceeded) {
    throw std::bad_alloc();
  }
  if (error.subcode == heif_suberror_End_of_data) throw_truncated(picture, kHeifName, reason);
  throw_corrupt(picture, kHeifName, reason);
}

void check(const EncodedPicture& picture, const heif_error& error) {
  if (error.code != heif_error_Ok) refuse(picture, error);
}

/// The file's last box must end where the file does: libheif itself pads a cut picture with grey.
void require_whole(const EncodedPicture& picture) {
  const ByteReader reader(picture.bytes);
  constexpr std::uint64_t kBoxHeader = 8;
  std::uint64_t at = 0;
  while (at + kBoxHeader <= picture.bytes.size()) {
    std::uint64_t length = 0;
    for (std::size_t k = 0; k < 4; ++k) length = length << 8U | *reader.u8(at + k);
    if (length == 0) return;  // To the end of the file
    if (length == 1) {
      if (at + 2 * kBoxHeader > picture.bytes.size())
        throw_truncated(picture, kHeifName, at + 2 * kBoxHeader);
      length = 0;
      for (std::size_t k = 0; k < 8; ++k) length = length << 8U | *reader.u8(at + kBoxHeader + k);
    }
    if (length < kBoxHeader) throw_corrupt(picture, kHeifName, "a box is shorter than its header");
    if (length > picture.bytes.size() - at) throw_truncated(picture, kHeifName, at + length);
    at += length;
  }
}

Primary open(const EncodedPicture& picture) {
  require_whole(picture);
  Primary primary;
  primary.context.reset(heif_context_alloc());
  if (!primary.context) throw std::bad_alloc();
  check(picture, heif_context_read_from_memory_without_copy(primary.context.get(), picture.bytes.data(),
                                                            picture.bytes.size(), nullptr));
  require_decodable(picture, read_heif_items(picture));
  heif_image_handle* handle = nullptr;
  check(picture, heif_context_get_primary_image_handle(primary.context.get(), &handle));
  primary.handle.reset(handle);
  return primary;
}

ExifFields exif_of(const heif_image_handle* handle) {
  heif_item_id id = 0;
  if (heif_image_handle_get_list_of_metadata_block_IDs(handle, "Exif", &id, 1) < 1) return {};
  std::vector<std::uint8_t> bytes(heif_image_handle_get_metadata_size(handle, id));
  if (bytes.empty() || heif_image_handle_get_metadata(handle, id, bytes.data()).code != heif_error_Ok)
    return {};
  // Four bytes say how far behind them the TIFF structure begins.
  constexpr std::size_t kOffsetBytes = 4;
  if (bytes.size() < kOffsetBytes) return {};
  std::size_t offset = 0;
  for (std::size_t k = 0; k < kOffsetBytes; ++k) offset = offset << 8U | bytes[k];
  if (offset > bytes.size() - kOffsetBytes) return {};
  ExifFields fields = parse_exif(std::span<const std::uint8_t>(bytes).subspan(kOffsetBytes + offset));
  fields.orientation = 1;
  return fields;
}

/// Its size is that after the file's own rotation and mirroring, which the decoder applies: the orientation
/// of its EXIF data repeats them and is passed over.
PictureHeader read_header(const EncodedPicture& picture) {
  const Primary primary = open(picture);
  const int height = heif_image_handle_get_height(primary.handle.get());
  const int width = heif_image_handle_get_width(primary.handle.get());
  return {checked_size(picture, kHeifName, static_cast<std::uint64_t>(std::max(height, 0)),
                       static_cast<std::uint64_t>(std::max(width, 0))),
          exif_of(primary.handle.get())};
}

/// Of more than 8 bits the upper 8. Throws also kImageUnsupported where libheif lacks the decoder of its
/// content.
Image decode(const EncodedPicture& picture, const PictureHeader& header) {
  const Primary primary = open(picture);
  heif_image* decoded = nullptr;
  check(picture, heif_decode_image(primary.handle.get(), &decoded, heif_colorspace_RGB,
                                   heif_chroma_interleaved_RGB, nullptr));
  const std::unique_ptr<heif_image, Release> image(decoded);
  int stride = 0;
  const std::uint8_t* rows = heif_image_get_plane_readonly(image.get(), heif_channel_interleaved, &stride);
  const Size size{heif_image_get_height(image.get(), heif_channel_interleaved),
                  heif_image_get_width(image.get(), heif_channel_interleaved)};
  if (rows == nullptr || size != header.size) throw_corrupt(picture, kHeifName, "two sizes in one file");
  Image result{size, std::vector<std::uint8_t>(size.area() * 3)};
  const std::size_t row_bytes = static_cast<std::size_t>(size.width) * 3;
  for (std::size_t y = 0; y < static_cast<std::size_t>(size.height); ++y) {
    std::memcpy(result.rgb.data() + y * row_bytes, rows + y * static_cast<std::size_t>(stride), row_bytes);
  }
  return result;
}

#endif

/// Brands of the ISO container that hold pictures (ISO/IEC 23008-12, AVIF).
constexpr std::array<std::string_view, 10> kBrands{"heic", "heix", "heim", "heis", "hevc",
                                                   "hevx", "mif1", "msf1", "avif", "avis"};

Beginning begins(std::span<const std::uint8_t> bytes) {
  const ByteReader reader(bytes);
  const auto is_brand = [&](std::string_view brand) { return reader.has(8, brand); };
  const bool picture = reader.has(4, "ftyp") && std::any_of(kBrands.begin(), kBrands.end(), is_brand);
  return picture ? Beginning::kWhole : Beginning::kOther;
}

}  // namespace

const PictureCodec kHeifCodec{.name = kHeifName,
                              .extensions = {"heic", "heif", "avif"},
                              .begins = begins,
#ifdef DA3_HAS_LIBHEIF
                              .read_header = read_header,
                              .decode = decode,
                              .version = heif_get_version,
#endif
                              .yields_to_twin = true,
                              .is_widely_read = false,
                              .library = "libheif",
                              .kinds = "HEIC, HEIF and AVIF",
                              .convert = kHeifConvert};

}  // namespace da3::codec
