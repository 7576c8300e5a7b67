// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <string_view>
#include <vector>

#include <codec/byte_reader.hpp>
#include <codec/picture_format.hpp>

#include <da3/error.hpp>

#include <core/text.hpp>

namespace da3::codec {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::string_view kConvertAny = "convert it to PNG or JPEG first";
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

struct ForeignExtension {
  std::string_view extension;
  std::string_view advice;
};
// Files that begin as TIFF files do, or that have no known beginning.
constexpr std::array kForeignExtensions{
    ForeignExtension{"dng", kConvertRaw}, ForeignExtension{"nef", kConvertRaw},
    ForeignExtension{"nrw", kConvertRaw}, ForeignExtension{"arw", kConvertRaw},
    ForeignExtension{"srf", kConvertRaw}, ForeignExtension{"sr2", kConvertRaw},
    ForeignExtension{"cr2", kConvertRaw}, ForeignExtension{"cr3", kConvertRaw},
    ForeignExtension{"crw", kConvertRaw}, ForeignExtension{"orf", kConvertRaw},
    ForeignExtension{"rw2", kConvertRaw}, ForeignExtension{"raf", kConvertRaw},
    ForeignExtension{"pef", kConvertRaw}, ForeignExtension{"srw", kConvertRaw},
    ForeignExtension{"3fr", kConvertRaw}, ForeignExtension{"iiq", kConvertRaw},
    ForeignExtension{"raw", kConvertRaw}, ForeignExtension{"x3f", kConvertRaw},
    ForeignExtension{"exr", kConvertExr}, ForeignExtension{"gif", kConvertGif},
    ForeignExtension{"jp2", kConvertJp2}, ForeignExtension{"j2k", kConvertJp2},
};

std::string lower_extension(std::string_view name) {
  const std::size_t dot = name.find_last_of("./");
  if (dot == std::string_view::npos || name[dot] != '.') return {};
  std::string extension(name.substr(dot + 1));
  for (char& letter : extension) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  return extension;
}

std::string give_one() {
  std::vector<std::string> names;
  for (const PictureCodec* codec : kPictureCodecs) {
    if (codec->is_read()) names.emplace_back(codec->name);
  }
  const std::string last = names.back();
  names.pop_back();
  return "give " + core::joined(names, ", ") + " or " + last + " files";
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
    throw_unsupported(picture, "this is a text file, not a picture", give_one());
  }
  throw_unsupported(picture, "no picture format that is read begins like this file", give_one());
}

}  // namespace

Beginning beginning_of(std::span<const std::uint8_t> bytes, std::string_view signature) {
  const std::size_t length = std::min(bytes.size(), signature.size());
  if (!ByteReader(bytes).has(0, signature.substr(0, length))) return Beginning::kOther;
  return length < signature.size() ? Beginning::kCut : Beginning::kWhole;
}

bool is_text(std::span<const std::uint8_t> bytes) {
  const auto start = bytes.first(std::min<std::size_t>(bytes.size(), 512));
  return std::all_of(start.begin(), start.end(), [](std::uint8_t byte) {
    return byte >= 0x20 || byte == '\n' || byte == '\r' || byte == '\t' || byte == '\f';
  });
}

const PictureCodec* codec_of_extension(std::string_view extension) {
  for (const PictureCodec* codec : kPictureCodecs) {
    const auto& known = codec->extensions;
    if (!extension.empty() && std::find(known.begin(), known.end(), extension) != known.end()) return codec;
  }
  return nullptr;
}

const PictureCodec* codec_of_beginning(std::span<const std::uint8_t> bytes, Beginning beginning) {
  const auto* const found = std::ranges::find_if(
      kPictureCodecs, [&](const PictureCodec* codec) { return codec->begins(bytes) == beginning; });
  return found == kPictureCodecs.end() ? nullptr : *found;
}

const PictureCodec& detect_format(const EncodedPicture& picture) {
  if (picture.bytes.empty()) {
    throw Error(ErrorCode::kImageTruncated,
                picture.name + ": the file is empty (0 bytes); copy the file again");
  }
  const PictureCodec* const codec = codec_of_beginning(picture.bytes);
  if (codec == nullptr) {
    const ByteReader reader(picture.bytes);
    for (const Foreign& foreign : kForeign) {
      if (reader.has(foreign.offset, foreign.bytes)) {
        throw_unsupported(picture, std::string(foreign.what), std::string(foreign.advice));
      }
    }
  }
  if (codec == nullptr || codec->raw_files_alike) {
    const std::string extension = lower_extension(picture.name);
    for (const ForeignExtension& foreign : kForeignExtensions) {
      if (foreign.extension == extension) {
        throw_unsupported(picture, "." + extension + " files are not read", std::string(foreign.advice));
      }
    }
  }
  if (codec != nullptr && !codec->is_read()) {
    throw_unsupported(picture,
                      std::string(codec->kinds) + " pictures are not read by this build, which has no " +
                          std::string(codec->library),
                      std::string(codec->convert));
  }
  if (codec != nullptr) return *codec;
  if (codec_of_beginning(picture.bytes, Beginning::kCut) != nullptr) {
    throw Error(ErrorCode::kImageTruncated,
                picture.name + ": the file ends after " + grouped(picture.bytes.size()) +
                    " bytes, within the beginning of its format; copy the file again");
  }
  throw_unknown(picture);
}

}  // namespace da3::codec
