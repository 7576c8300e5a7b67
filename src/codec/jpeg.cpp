// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <new>
#include <string>
#include <vector>

#include <codec/byte_reader.hpp>
#include <codec/picture_format.hpp>
#include <jerror.h>
#include <jpeglib.h>

#include <da3/error.hpp>

namespace da3::codec {
namespace {

// --- The header, read by our own parser: no memory is taken for what it claims.

enum Marker : std::uint8_t {
  kSof0 = 0xC0,
  kSof1 = 0xC1,
  kSof2 = 0xC2,
  kSof9 = 0xC9,
  kSof10 = 0xCA,
  kRst0 = 0xD0,
  kRst7 = 0xD7,
  kApp1 = 0xE1,
  kJpegLs = 0xF7,
  kSos = 0xDA,
  kEoi = 0xD9
};

bool is_start_of_frame(std::uint8_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

struct Frame {
  std::uint8_t marker = 0;
  std::size_t height = 0;
  std::size_t width = 0;
};

Frame parse_frame(const EncodedPicture& picture, std::uint8_t marker, std::span<const std::uint8_t> body) {
  if (body.size() < 6) throw_corrupt(picture, "JPEG", "its frame header is too short");
  if (body[0] != 8) {
    throw_unsupported(picture, "JPEG files of " + std::to_string(body[0]) + " bits a sample are not read",
                      "convert it to 8 bits first");
  }
  if (marker != kSof0 && marker != kSof1 && marker != kSof2 && marker != kSof9 && marker != kSof10) {
    throw_unsupported(picture, "lossless and hierarchical JPEG files are not read",
                      "convert it to PNG or plain JPEG first");
  }
  return {marker, std::size_t{body[1]} << 8 | body[2], std::size_t{body[3]} << 8 | body[4]};
}

/// Fewer bytes than any scan of such a picture can take: one bit for each block's DC value, and in a
/// sequential Huffman file another for the end of the block. Arithmetic coding has no such bound worth using.
std::size_t least_scan_bytes(const Frame& frame) {
  const std::size_t blocks = (frame.height + 15) / 16 * ((frame.width + 15) / 16);
  switch (frame.marker) {
    case kSof0:
    case kSof1:
      return blocks * 2 / 8;
    case kSof2:
      return blocks / 8;
    default:
      return 0;
  }
}

// --- Decoding. libjpeg reports through callbacks that must not return; they jump out of C code, never over a
// C++ object.

struct Session {
  jpeg_decompress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg_source_mgr source{};
  jpeg_progress_mgr progress{};
  std::jmp_buf out;
  bool ended_early = false;
  int message_code = 0;
  char message[JMSG_LENGTH_MAX] = {};
};

[[noreturn]] void leave(j_common_ptr jpeg) {
  auto* session = static_cast<Session*>(jpeg->client_data);
  session->message_code = jpeg->err->msg_code;
  jpeg->err->format_message(jpeg, session->message);
  std::longjmp(session->out, 1);
}

void on_message(j_common_ptr jpeg, int level) {
  // Warnings mean that libjpeg is about to make up pixels. Harmless ones are a JFIF version, an Adobe marker
  // that contradicts the components, an unusual progression, parameters of a progression in a plain scan, and
  // surplus bytes before a marker. Only before a restart marker do these mean that blocks before it were
  // lost.
  if (level >= 0) return;
  const int code = jpeg->err->msg_code;
  if (code == JWRN_JFIF_MAJOR || code == JWRN_ADOBE_XFORM || code == JWRN_BOGUS_PROGRESSION ||
      code == JWRN_TOO_MUCH_DATA || code == JWRN_NOT_SEQUENTIAL)
    return;
  const int next_marker = jpeg->err->msg_parm.i[1];
  const bool is_restart = next_marker >= kRst0 && next_marker <= kRst7;
  if (code == JWRN_EXTRANEOUS_DATA && !is_restart) return;
  leave(jpeg);
}

boolean on_end_of_data(j_decompress_ptr jpeg) {
  auto* session = static_cast<Session*>(jpeg->client_data);
  session->ended_early = true;
  std::longjmp(session->out, 1);
}

void on_skip(j_decompress_ptr jpeg, long count) {
  if (count <= 0) return;
  if (static_cast<std::size_t>(count) > jpeg->src->bytes_in_buffer) on_end_of_data(jpeg);
  jpeg->src->next_input_byte += count;
  jpeg->src->bytes_in_buffer -= static_cast<std::size_t>(count);
}

void on_progress(j_common_ptr jpeg) {
  // Thousands of tiny scans over a large picture would take hours (libjpeg-turbo's advice on such files).
  constexpr int kMostScans = 500;
  auto* decompress = reinterpret_cast<j_decompress_ptr>(jpeg);
  if (decompress->input_scan_number > kMostScans) {
    auto* session = static_cast<Session*>(jpeg->client_data);
    std::snprintf(session->message, sizeof(session->message), "more than %d scans", kMostScans);
    session->message_code = JERR_SOF_UNSUPPORTED;
    std::longjmp(session->out, 1);
  }
}

void set_up(Session& session, std::span<const std::uint8_t> bytes) {
  session.jpeg.err = jpeg_std_error(&session.errors);
  session.errors.error_exit = leave;
  session.errors.emit_message = on_message;
  session.errors.output_message = [](j_common_ptr) {};
  jpeg_create_decompress(&session.jpeg);
  session.jpeg.client_data = &session;
  session.source.next_input_byte = bytes.data();
  session.source.bytes_in_buffer = bytes.size();
  session.source.init_source = [](j_decompress_ptr) {};
  session.source.fill_input_buffer = on_end_of_data;
  session.source.skip_input_data = on_skip;
  session.source.resync_to_restart = jpeg_resync_to_restart;
  session.source.term_source = [](j_decompress_ptr) {};
  session.jpeg.src = &session.source;
  session.progress.progress_monitor = on_progress;
  session.jpeg.progress = &session.progress;
}

/// One row of inverted CMYK as RGB, rounded as the original tool's reader does.
void cmyk_to_rgb(const std::uint8_t* cmyk, std::uint8_t* rgb, std::size_t width) {
  for (std::size_t x = 0; x < width; ++x, cmyk += 4, rgb += 3) {
    const unsigned white = cmyk[3];
    for (int c = 0; c < 3; ++c) {
      const unsigned product = (255U - cmyk[c]) * white + 128U;
      rgb[c] = static_cast<std::uint8_t>(white - ((product >> 8) + product) / 256U);
    }
  }
}

/// Decodes into `rgb`, which grows with what is really there; false when a callback jumped out. `rgb` and
/// `row` belong to the caller and no other object is alive across the jump.
bool run(Session& session, std::size_t total_bytes, std::vector<std::uint8_t>& rgb,
         std::vector<std::uint8_t>& row) {
  if (setjmp(session.out) != 0) return false;  // NOLINT(cert-err52-cpp): libjpeg's protocol
  j_decompress_ptr jpeg = &session.jpeg;
  jpeg_read_header(jpeg, TRUE);
  const bool cmyk = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
  jpeg->out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
  jpeg_start_decompress(jpeg);
  const std::size_t stride = std::size_t{jpeg->output_width} * 3;
  rgb.reserve(total_bytes);
  if (cmyk) row.resize(std::size_t{jpeg->output_width} * 4);
  while (jpeg->output_scanline < jpeg->output_height) {
    rgb.resize((std::size_t{jpeg->output_scanline} + 1) * stride);
    JSAMPROW out = rgb.data() + std::size_t{jpeg->output_scanline} * stride;
    JSAMPROW target = cmyk ? row.data() : out;
    jpeg_read_scanlines(jpeg, &target, 1);
    if (cmyk) cmyk_to_rgb(row.data(), out, jpeg->output_width);
  }
  jpeg_finish_decompress(jpeg);
  return true;
}

[[noreturn]] void throw_failure(const EncodedPicture& picture, const PictureHeader& header,
                                const Session& session) {
  if (session.ended_early) {
    const std::string read = grouped(picture.bytes.size()) + " bytes";
    const unsigned rows = session.jpeg.output_scanline;
    throw_truncated(picture, "JPEG",
                    rows == 0 ? "after " + read
                              : "after " + read + ", row " + grouped(rows) + " of " +
                                    grouped(static_cast<std::uint64_t>(header.size.height)));
  }
  switch (session.message_code) {
    case JERR_OUT_OF_MEMORY:
      throw std::bad_alloc();
    case JERR_BAD_PRECISION:
    case JERR_SOF_UNSUPPORTED:
    case JERR_ARITH_NOTIMPL:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_CCIR601_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_COMPONENT_COUNT:
    case JERR_IMAGE_TOO_BIG:  // A side above 65500, which the format has
    case JERR_BAD_MCU_SIZE:
      throw_unsupported(picture, std::string("this kind of JPEG file is not read (") + session.message + ")",
                        "convert it to PNG or plain JPEG first");
    default:
      throw_corrupt(picture, "JPEG", session.message);
  }
}

struct Scanned {
  Frame frame;
  ExifFields exif;
};

/// The segments up to and with the frame header.
Scanned scan_segments(const EncodedPicture& picture) {
  const ByteReader reader(picture.bytes, ByteOrder::kBig);
  const std::string end = "after " + grouped(reader.size()) + " bytes, before its size";
  Scanned scanned;
  bool exif_seen = false;
  std::size_t at = 2;
  while (true) {
    // Segments may be padded with any number of 0xFF, and libjpeg skips rubbish between them.
    while (at < reader.size() && reader.u8(at) != 0xFF) ++at;
    while (at < reader.size() && reader.u8(at) == 0xFF) ++at;
    const auto marker = reader.u8(at++);
    if (!marker) throw_truncated(picture, "JPEG", end);
    if (*marker <= 0x01 || (*marker >= 0xD0 && *marker <= 0xD8)) continue;  // Segments without a body
    if (*marker == kJpegLs) {
      throw_unsupported(picture, "JPEG-LS files are not read", "convert it to PNG or plain JPEG first");
    }
    if (*marker == kEoi && at == reader.size()) {
      throw_unsupported(picture, "this JPEG file holds tables alone, no picture",
                        "give the file with the picture");
    }
    if (*marker == kEoi || *marker == kSos) throw_corrupt(picture, "JPEG", "no frame header before its data");
    const auto length = reader.u16(at);
    if (!length) throw_truncated(picture, "JPEG", end);
    if (*length < 2) throw_corrupt(picture, "JPEG", "a segment of " + std::to_string(*length) + " bytes");
    if (*length > reader.size() - at) throw_truncated(picture, "JPEG", at + std::uint64_t{*length});
    const auto body = reader.part(at + 2, *length - std::size_t{2});
    if (*marker == kApp1 && !exif_seen && ByteReader(body).has(0, {"Exif\0\0", 6})) {
      scanned.exif = parse_exif(body.subspan(6));
      exif_seen = true;
    }
    if (is_start_of_frame(*marker)) {
      scanned.frame = parse_frame(picture, *marker, body);
      return scanned;
    }
    at += *length;
  }
}

Beginning begins(std::span<const std::uint8_t> bytes) {
  return beginning_of(bytes, "\xFF\xD8\xFF");
}

/// Everything before the first scan.
PictureHeader read_header(const EncodedPicture& picture) {
  const Scanned scanned = scan_segments(picture);
  if (scanned.frame.height == 0) {
    throw_unsupported(picture, "JPEG files that give their height at the end (DNL) are not read",
                      "save it again first");
  }
  return {.size = checked_size(picture, "JPEG", scanned.frame.height, scanned.frame.width),
          .exif = scanned.exif,
          .least_bytes = least_scan_bytes(scanned.frame)};
}

/// CMYK and YCCK are taken as Adobe writes them (inverted), as the original tool does. A file without its end
/// marker, or with damaged data, is an error even where libjpeg could fill the gap.
Image decode(const EncodedPicture& picture, const PictureHeader& header) {
  if (picture.bytes.size() < header.least_bytes) {
    throw_truncated(
        picture, "JPEG",
        grouped(picture.bytes.size()) + " bytes, at least " + grouped(header.least_bytes) + " needed");
  }
  Image image{header.size, {}};
  std::vector<std::uint8_t> row;
  Session session;
  struct Release {
    Session& session;
    ~Release() { jpeg_destroy_decompress(&session.jpeg); }
  } release{session};
  set_up(session, picture.bytes);
  const bool complete = run(session, header.size.area() * 3, image.rgb, row);
  if (!complete) throw_failure(picture, header, session);
  if (image.rgb.size() != header.size.area() * 3) throw_corrupt(picture, "JPEG", "two sizes in one file");
  return image;
}

}  // namespace

const PictureCodec kJpegCodec{.name = "JPEG",
                              .extensions = {"jpg", "jpeg"},
                              .begins = begins,
                              .read_header = read_header,
                              .decode = decode,
                              .header_first = true};

}  // namespace da3::codec
