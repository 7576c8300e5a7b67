// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>
#include <initializer_list>

#include <formats/output_set.hpp>
#include <sys/stat.h>

#include <run/names.hpp>
#include <run/source.hpp>

namespace da3::run {
namespace {

std::string_view name_part(const Item& item) {
  if (!item.name.empty()) return item.name;
  return std::string_view(item.path).substr(std::min<std::size_t>(item.below, item.path.size()));
}

/// How to make a picture that can be read from a file whose name says that it is none.
std::string conversion_advice(std::string_view path) {
  const std::string extension(path.substr(path.rfind('.') + 1));
  const auto is = [&](std::initializer_list<std::string_view> names) {
    return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
      return std::equal(name.begin(), name.end(), extension.begin(), extension.end(),
                        [](char a, char b) { return a == std::tolower(static_cast<unsigned char>(b)); });
    });
  };
  if (is({"heic", "heif"})) return "convert it with `heif-convert IN.heic OUT.jpg`";
  if (is({"avif"})) return "convert it with `avifdec IN.avif OUT.png`";
  if (is({"gif"})) return "convert one of its pictures with `ffmpeg -i IN.gif -frames:v 1 OUT.png`";
  if (is({"exr"})) return "convert it to an 8-bit picture, with `oiiotool IN.exr -o OUT.png`";
  return "convert the raw file with `darktable-cli IN OUT.jpg` or `dcraw -c -w IN > OUT.ppm`";
}

}  // namespace

std::string Item::stem() const {
  std::string plain = plain_stem();
  return keep_extension || formats::is_ambiguous_stem(plain) ? std::string(name_part(*this)) : plain;
}

std::string Item::plain_stem() const {
  const std::string_view relative = name_part(*this);
  const std::string_view last = relative.substr(relative.rfind('/') + 1);
  return std::string(relative.substr(0, relative.size() - last.size())) + std::string(stem_of_name(last));
}

std::optional<journal::InputIdentity> input_identity(const std::string& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return std::nullopt;
#ifdef __APPLE__
  const timespec& time = status.st_mtimespec;
#else
  const timespec& time = status.st_mtim;
#endif
  return journal::InputIdentity{static_cast<std::uint64_t>(status.st_size),
                                std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec};
}

std::optional<journal::InputIdentity> Item::identity() const {
  if (error) return std::nullopt;
  return content ? content->identity() : input_identity(path);
}

std::unique_ptr<codec::OpenedPicture> Item::open(const codec::DecodeOptions& options) const {
  if (error) throw Error(*error);
  if (unsupported) {
    throw Error(ErrorCode::kImageUnsupported,
                path + ": files of this type are not read; " + conversion_advice(path));
  }
  return content ? content->open(options) : std::make_unique<codec::OpenedPicture>(path, options);
}

}  // namespace da3::run
