// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string>
#include <string_view>

#include <codec/byte_reader.hpp>
#include <codec/picture_format.hpp>

#include <da3/error.hpp>

namespace da3::codec {
namespace {

using std::string_view_literals::operator""sv;

struct Signature {
  std::string_view bytes;
  PictureFormat format;
};
constexpr std::array kReadable{
    Signature{"\xFF\xD8\xFF"sv, PictureFormat::kJpeg},
    Signature{"\x89PNG\r\n\x1A\n"sv, PictureFormat::kPng},
    Signature{"II*\0"sv, PictureFormat::kTiff},
    Signature{"MM\0*"sv, PictureFormat::kTiff},
    Signature{"II+\0\x08\0\0\0"sv, PictureFormat::kTiff},
    Signature{"MM\0+\0\x08\0\0"sv, PictureFormat::kTiff},
};

constexpr std::string_view kConvertAny = "convert it to PNG or JPEG first";
constexpr std::string_view kConvertHeif = "convert it first, for example: heif-convert IN OUT.jpg";
constexpr std::string_view kConvertRaw = "develop it first, for example: darktable-cli IN OUT.jpg";
constexpr std::string_view kConvertGif =
    "take one frame of it first, for example: ffmpeg -i IN -frames:v 1 OUT.png";
constexpr std::string_view kConvertExr = "convert it to 8 bits first, for example: oiiotool IN -o OUT.png";
constexpr std::string_view kConvertJp2 = "convert it first, for example: opj_decompress -i IN -o OUT.png";
constexpr std::string_view kConvertVideo =
    "extract its frames first, for example: ffmpeg -i IN frames/%06d.png";

struct Foreign {
  std::size_t offset;
  std::string_view bytes;
  std::string_view what;
  std::string_view advice;
};
constexpr std::array kForeign{
    Foreign{0, "GIF8"sv, "GIF pictures are not read", kConvertGif},
    Foreign{0, "\x76\x2F\x31\x01"sv, "OpenEXR pictures are not read", kConvertExr},
    Foreign{4, "ftypcrx "sv, "camera raw files (CR3) are not read", kConvertRaw},
    Foreign{4, "ftyp"sv, "this is a video, not a picture", kConvertVideo},
    Foreign{0, "\x1A\x45\xDF\xA3"sv, "this is a video (Matroska), not a picture", kConvertVideo},
    Foreign{0, "\0\0\0\x0CjP  \r\n\x87\n"sv, "JPEG 2000 pictures are not read", kConvertJp2},
    Foreign{0, "\xFF\x4F\xFF\x51"sv, "JPEG 2000 pictures are not read", kConvertJp2},
    Foreign{0, "\0\0\0\x0CJXL \r\n\x87\n"sv, "JPEG XL pictures are not read", kConvertAny},
    Foreign{0, "\xFF\x0A"sv, "JPEG XL pictures are not read", kConvertAny},
    Foreign{0, "FUJIFILMCCD-RAW"sv, "camera raw files (RAF) are not read", kConvertRaw},
    Foreign{0, "IIRO"sv, "camera raw files (ORF) are not read", kConvertRaw},
    Foreign{0, "IIRS"sv, "camera raw files (ORF) are not read", kConvertRaw},
    Foreign{0, "IIU\0"sv, "camera raw files (RW2) are not read", kConvertRaw},
    Foreign{8, "CR\x02"sv, "camera raw files (CR2) are not read", kConvertRaw},
    Foreign{0, "8BPS"sv, "Photoshop files are not read", kConvertAny},
    Foreign{0, "%PDF"sv, "PDF files are not read", kConvertAny},
    Foreign{0, "#?RADIANCE"sv, "Radiance HDR pictures are not read", kConvertExr},
    Foreign{0, "#?RGBE"sv, "Radiance HDR pictures are not read", kConvertExr},
    Foreign{0, "DDS "sv, "DDS textures are not read", kConvertAny},
    Foreign{0, "qoif"sv, "QOI pictures are not read", kConvertAny},
    Foreign{0, "P7\n"sv, "PAM pictures are not read", kConvertAny},
    Foreign{0, "PF\n"sv, "PFM pictures are not read", kConvertExr},
    Foreign{0, "Pf\n"sv, "PFM pictures are not read", kConvertExr},
    Foreign{0, "PK\x03\x04"sv, "this is a ZIP archive, not a picture", "unpack it first"},
    Foreign{0, "\x1F\x8B"sv, "this is a gzip file, not a picture", "unpack it first"},
};

/// Brands of the ISO container that hold pictures (ISO/IEC 23008-12, AVIF).
constexpr std::array kHeifBrands{"heic"sv, "heix"sv, "heim"sv, "heis"sv, "hevc"sv,
                                 "hevx"sv, "mif1"sv, "msf1"sv, "avif"sv, "avis"sv};

bool is_heif(const ByteReader& reader) {
  return reader.has(4, "ftyp"sv) && std::any_of(kHeifBrands.begin(), kHeifBrands.end(),
                                                [&](std::string_view brand) { return reader.has(8, brand); });
}

struct ForeignExtension {
  std::string_view extension;
  std::string_view advice;
};
// Files that begin as TIFF files do, or that have no beginning of their own.
constexpr std::array kForeignExtensions{
    ForeignExtension{"dng", kConvertRaw},   ForeignExtension{"nef", kConvertRaw},
    ForeignExtension{"nrw", kConvertRaw},   ForeignExtension{"arw", kConvertRaw},
    ForeignExtension{"srf", kConvertRaw},   ForeignExtension{"sr2", kConvertRaw},
    ForeignExtension{"cr2", kConvertRaw},   ForeignExtension{"cr3", kConvertRaw},
    ForeignExtension{"crw", kConvertRaw},   ForeignExtension{"orf", kConvertRaw},
    ForeignExtension{"rw2", kConvertRaw},   ForeignExtension{"raf", kConvertRaw},
    ForeignExtension{"pef", kConvertRaw},   ForeignExtension{"srw", kConvertRaw},
    ForeignExtension{"3fr", kConvertRaw},   ForeignExtension{"iiq", kConvertRaw},
    ForeignExtension{"raw", kConvertRaw},   ForeignExtension{"x3f", kConvertRaw},
    ForeignExtension{"heif", kConvertHeif}, ForeignExtension{"exr", kConvertExr},
    ForeignExtension{"gif", kConvertGif},   ForeignExtension{"jp2", kConvertJp2},
    ForeignExtension{"j2k", kConvertJp2},
};

std::string lower_extension(std::string_view name) {
  const std::size_t dot = name.find_last_of("./");
  if (dot == std::string_view::npos || name[dot] != '.') return {};
  std::string extension(name.substr(dot + 1));
  for (char& letter : extension) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  return extension;
}

bool is_pnm(const ByteReader& reader) {
  const auto kind = reader.u8(1);
  const auto next = reader.u8(2);
  return reader.has(0, "P") && kind && *kind >= '1' && *kind <= '6' && next &&
         (std::isspace(*next) != 0 || *next == '#');
}

bool is_text(std::span<const std::uint8_t> bytes) {
  const auto start = bytes.first(std::min<std::size_t>(bytes.size(), 512));
  return std::all_of(start.begin(), start.end(), [](std::uint8_t byte) {
    return byte >= 0x20 || byte == '\n' || byte == '\r' || byte == '\t' || byte == '\f';
  });
}

std::optional<PictureFormat> readable_format(std::span<const std::uint8_t> bytes) {
  const ByteReader reader(bytes);
  for (const Signature& signature : kReadable) {
    if (reader.has(0, signature.bytes)) return signature.format;
  }
  if (reader.has(0, "RIFF") && reader.has(8, "WEBP")) return PictureFormat::kWebp;
  // "BM" alone may begin a text; the size of the header that follows is one of few, and before it stand
  // zeros.
  const auto dib_size = reader.u32(14);
  const bool header_follows =
      dib_size ? *dib_size >= 12 && *dib_size <= 256 : reader.size() < 8 || !is_text(bytes);
  if (reader.has(0, "BM") && header_follows) return PictureFormat::kBmp;
  if (is_pnm(reader)) return PictureFormat::kPnm;
  return std::nullopt;
}

/// Whether the file ends within the beginning of a format.
bool ends_within_signature(std::span<const std::uint8_t> bytes) {
  const std::string_view found(reinterpret_cast<const char*>(bytes.data()),
                               std::min<std::size_t>(bytes.size(), 12));
  const bool prefix = std::any_of(kReadable.begin(), kReadable.end(), [&](const Signature& signature) {
    return signature.bytes.size() > found.size() && signature.bytes.starts_with(found);
  });
  return prefix || (bytes.size() < 12 && found.starts_with("RIFF")) || "RIFF"sv.starts_with(found) ||
         (bytes.size() == 2 && found[0] == 'P' && found[1] >= '1' && found[1] <= '6') || found == "P" ||
         found == "B";
}

[[noreturn]] void throw_unknown(const EncodedPicture& picture) {
  const std::span<const std::uint8_t> bytes = picture.bytes;
  if (std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; })) {
    throw Error(ErrorCode::kImageCorrupt, picture.name + ": all of its " + grouped(bytes.size()) +
                                              " bytes are zero; copy the file again");
  }
  if (is_text(bytes)) {
    std::string start(bytes.begin(),
                      bytes.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(bytes.size(), 256)));
    for (char& letter : start) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    if (start.find("<svg") != std::string::npos)
      throw_unsupported(picture, "SVG drawings are not read", std::string(kConvertAny));
    if (start.find("<!doctype html") != std::string::npos || start.find("<html") != std::string::npos) {
      throw_unsupported(picture, "this is a web page (HTML), not a picture",
                        "a download probably failed; download it again");
    }
    throw_unsupported(picture, "this is a text file, not a picture",
                      "give JPEG, PNG, BMP, WebP, TIFF or PNM files");
  }
  throw_unsupported(picture, "no picture format that is read begins like this file",
                    "give JPEG, PNG, BMP, WebP, TIFF or PNM files");
}

}  // namespace

#ifndef DA3_HAS_LIBHEIF
bool reads_heif() {
  return false;
}

std::string heif_version() {
  return {};
}
#endif

PictureFormat detect_format(const EncodedPicture& picture) {
  if (picture.bytes.empty()) {
    throw Error(ErrorCode::kImageTruncated,
                picture.name + ": the file is empty (0 bytes); copy the file again");
  }
  const ByteReader reader(picture.bytes);
  if (is_heif(reader)) {
    if (reads_heif()) return PictureFormat::kHeif;
    throw_unsupported(picture,
                      "HEIC, HEIF and AVIF pictures are not read by this build, which has no libheif",
                      std::string(kConvertHeif));
  }
  for (const Foreign& foreign : kForeign) {
    if (reader.has(foreign.offset, foreign.bytes)) {
      throw_unsupported(picture, std::string(foreign.what), std::string(foreign.advice));
    }
  }
  const std::optional<PictureFormat> format = readable_format(picture.bytes);
  if (!format || *format == PictureFormat::kTiff) {
    const std::string extension = lower_extension(picture.name);
    for (const ForeignExtension& foreign : kForeignExtensions) {
      if (foreign.extension == extension) {
        throw_unsupported(picture, "." + extension + " files are not read", std::string(foreign.advice));
      }
    }
  }
  if (format) return *format;
  if (ends_within_signature(picture.bytes)) {
    throw Error(ErrorCode::kImageTruncated,
                picture.name + ": the file ends after " + grouped(picture.bytes.size()) +
                    " bytes, within the beginning of its format; copy the file again");
  }
  throw_unknown(picture);
}

}  // namespace da3::codec
