// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include <codec/byte_reader.hpp>
#include <codec/exif.hpp>

namespace da3::codec {
namespace {

// Tags of the EXIF standard (CIPA DC-008, section 4.6).
enum Tag : std::uint16_t {
  kOrientation = 0x0112,
  kExifDirectory = 0x8769,
  kFocalLength = 0x920A,
  kPixelXDimension = 0xA002,
  kPixelYDimension = 0xA003,
  kFocalPlaneXResolution = 0xA20E,
  kFocalPlaneResolutionUnit = 0xA210,
  kFocalLengthIn35mmFilm = 0xA405,
};

enum FieldType : std::uint16_t { kShort = 3, kLong = 4, kRational = 5 };

struct Entry {
  std::uint16_t tag = 0;
  std::uint16_t type = 0;
  std::uint32_t count = 0;
  std::size_t value_offset = 0;  // Of the 4-byte field that holds the value or where it is
};

std::optional<std::uint32_t> integer(const ByteReader& reader, const Entry& entry) {
  if (entry.count != 1) return std::nullopt;
  if (entry.type == kShort) return reader.u16(entry.value_offset);
  if (entry.type == kLong) return reader.u32(entry.value_offset);
  return std::nullopt;
}

/// A positive, finite rational or integer.
std::optional<double> positive(const ByteReader& reader, const Entry& entry) {
  double value = 0;
  if (entry.type == kRational && entry.count == 1) {
    const auto offset = reader.u32(entry.value_offset);
    if (!offset) return std::nullopt;
    const auto numerator = reader.u32(*offset);
    const auto denominator = reader.u32(std::size_t{*offset} + 4);
    if (!numerator || !denominator || *denominator == 0) return std::nullopt;
    value = static_cast<double>(*numerator) / *denominator;
  } else if (const auto whole = integer(reader, entry)) {
    value = *whole;
  }
  return value > 0 ? std::optional(value) : std::nullopt;
}

/// Calls `visit` for each entry of the directory at `offset` that lies within the data.
template <typename Visit>
void each_entry(const ByteReader& reader, std::size_t offset, const Visit& visit) {
  const std::uint16_t count = reader.u16(offset).value_or(0);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = offset + 2 + 12 * i;
    const auto tag = reader.u16(at);
    const auto type = reader.u16(at + 2);
    const auto length = reader.u32(at + 4);
    if (!tag || !type || !length || !reader.u32(at + 8)) return;
    visit(Entry{*tag, *type, *length, at + 8});
  }
}

std::optional<double> units_per_mm(std::uint32_t unit) {
  switch (unit) {
    case 2:
      return 1 / 25.4;  // Inch
    case 3:
      return 1 / 10.0;  // Centimetre
    case 4:
      return 1.0;  // Millimetre
    case 5:
      return 1000.0;  // Micrometre
    default:
      return std::nullopt;
  }
}

// Of all lenses that are sold, as 35 mm equivalents: fisheyes from 8 mm, telescopes at cameras up to 2400 mm.
constexpr double kShortestLens = 5;
constexpr double kLongestLens = 3000;

/// Pixels of a picture for each millimetre on 35 mm film of the same diagonal.
double film_pixels_per_mm(Size stored) {
  const double film_diagonal_mm = std::hypot(36.0, 24.0);
  return std::hypot(static_cast<double>(stored.width), static_cast<double>(stored.height)) / film_diagonal_mm;
}

std::optional<double> sensor_focal_px(const ExifFields& fields, Size stored) {
  if (!fields.focal_mm || !fields.plane_pixels_per_mm) return std::nullopt;
  const double focal_px = *fields.focal_mm * *fields.plane_pixels_per_mm;
  // Longer side against longer side: software may have turned the picture as well as made it smaller.
  const std::uint32_t camera_side = std::max(fields.pixel_width.value_or(0), fields.pixel_height.value_or(0));
  if (camera_side == 0) return focal_px;
  return focal_px * std::max(stored.width, stored.height) / static_cast<double>(camera_side);
}

std::string millimetres(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), value < 100 ? "%.3g mm" : "%.0f mm", value);
  return text;
}

}  // namespace

ExifFields parse_exif(std::span<const std::uint8_t> tiff) {
  ExifFields fields;
  ByteReader reader(tiff, ByteOrder::kLittle);
  if (reader.has(0, {"MM\0*", 4})) {
    reader = ByteReader(tiff, ByteOrder::kBig);
  } else if (!reader.has(0, {"II*\0", 4})) {
    return fields;
  }
  std::optional<std::uint32_t> exif_offset;
  each_entry(reader, reader.u32(4).value_or(0), [&](const Entry& entry) {
    const auto value = integer(reader, entry);
    if (entry.tag == kOrientation && value && *value >= 1 && *value <= 8)
      fields.orientation = static_cast<int>(*value);
    if (entry.tag == kExifDirectory) exif_offset = value;
  });
  if (!exif_offset) return fields;
  std::optional<double> plane_resolution;
  std::uint32_t plane_unit = 2;  // The standard's default
  each_entry(reader, *exif_offset, [&](const Entry& entry) {
    switch (entry.tag) {
      case kFocalLength:
        fields.focal_mm = positive(reader, entry);
        break;
      case kFocalLengthIn35mmFilm:
        fields.focal_35mm = positive(reader, entry);
        break;
      case kFocalPlaneXResolution:
        plane_resolution = positive(reader, entry);
        break;
      case kFocalPlaneResolutionUnit:
        plane_unit = integer(reader, entry).value_or(2);
        break;
      case kPixelXDimension:
        fields.pixel_width = integer(reader, entry);
        break;
      case kPixelYDimension:
        fields.pixel_height = integer(reader, entry);
        break;
      default:
        break;
    }
  });
  const auto per_mm = units_per_mm(plane_unit);
  if (plane_resolution && per_mm) fields.plane_pixels_per_mm = *plane_resolution * *per_mm;
  return fields;
}

std::optional<ExifFocal> focal_from_exif(const ExifFields& fields, Size stored) {
  if (!focal_doubt(fields, stored).empty()) return std::nullopt;
  if (fields.focal_35mm) return ExifFocal{*fields.focal_35mm * film_pixels_per_mm(stored), "exif.35mm"};
  if (const auto focal_px = sensor_focal_px(fields, stored)) return ExifFocal{*focal_px, "exif.sensor"};
  return std::nullopt;
}

std::string focal_doubt(const ExifFields& fields, Size stored) {
  const std::optional<double> film = fields.focal_35mm;
  std::optional<double> sensor = sensor_focal_px(fields, stored);
  if (sensor) *sensor /= film_pixels_per_mm(stored);
  for (const auto& equivalent : {film, sensor}) {
    if (equivalent && !(*equivalent >= kShortestLens && *equivalent <= kLongestLens)) {
      return "a 35 mm equivalent of " + millimetres(*equivalent);
    }
  }
  constexpr double kMostDifference = 2;
  if (film && sensor && std::max(*film, *sensor) >= kMostDifference * std::min(*film, *sensor)) {
    return "a 35 mm equivalent of " + millimetres(*film) + ", but of " + millimetres(*sensor) +
           " by its sensor";
  }
  return "";
}

}  // namespace da3::codec
