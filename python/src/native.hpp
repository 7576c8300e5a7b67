// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include <da3/c.h>

// What the parts of da3._core share: handles of the C interface and their errors.
namespace da3::python {

namespace nb = nanobind;

struct Failure : std::runtime_error {
  Failure(std::string error_code, const char* message)
      : std::runtime_error(message), code(std::move(error_code)) {}
  std::string code;
};

inline void check(da3_status status) {
  if (status != DA3_OK) throw Failure(da3_last_error_code(), da3_last_error());
}

/// Gives the GIL up while it lives, as nb::gil_scoped_release does, and is known to finish_calls(): a thread
/// that wants the GIL of an interpreter that is gone is ended by Python in the middle of C++, which ends the
/// process.
class Unlocked {
 public:
  Unlocked();
  ~Unlocked();
  Unlocked(const Unlocked&) = delete;
  Unlocked& operator=(const Unlocked&) = delete;

 private:
  PyThreadState* state_;
};

/// At the interpreter's end, with the GIL: waits for the calls of daemon threads that are under way, or for
/// Ctrl-C. A later call does not come back.
void finish_calls();

template <typename Handle, void (*free_handle)(Handle*)>
struct Free {
  void operator()(Handle* handle) const { free_handle(handle); }
};
template <typename Handle, void (*free_handle)(Handle*)>
using Owned = std::unique_ptr<Handle, Free<Handle, free_handle>>;

using Bytes = Owned<da3_bytes, da3_bytes_free>;

inline nb::bytes python_bytes(const Bytes& bytes) {
  return nb::bytes(da3_bytes_data(bytes.get()), da3_bytes_size(bytes.get()));
}

inline std::string text_of(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(da3_bytes_data(bytes.get())), da3_bytes_size(bytes.get())};
}

inline const char* or_null(const std::optional<std::string>& text) {
  return text ? text->c_str() : nullptr;
}

struct Photo {
  explicit Photo(da3_photo* handle) : owned(handle) {}
  Owned<da3_photo, da3_photo_free> owned;

  da3_image image() const {
    da3_image image = DA3_IMAGE_INIT;
    check(da3_photo_image(owned.get(), &image));
    return image;
  }
};

/// A path as the system has it, from os.fsencode.
inline std::string path_of(const nb::bytes& path) {
  std::string text(path.c_str(), path.size());
  // The system would take what stands before it for the whole.
  if (text.find('\0') != std::string::npos) {
    throw Failure("usage",
                  (text.replace(text.find('\0'), 1, "\\0") + ": no path has a NUL byte in it").c_str());
  }
  return text;
}

/// A side of an array as the C interface has it.
inline std::int32_t side_of(std::size_t length) {
  if (length > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
    throw Failure("usage", ("a picture or map: expected fewer than 2^31 rows and columns, found " +
                            std::to_string(length))
                               .c_str());
  }
  return static_cast<std::int32_t>(length);
}

/// A caller's (H, W, 3) uint8 array in memory; rows may lie apart.
using Picture = nb::ndarray<const std::uint8_t, nb::shape<-1, -1, 3>, nb::device::cpu>;

inline da3_image image_of(const Picture& picture) {
  const auto row = static_cast<std::int64_t>(3 * picture.shape(1));
  if (picture.stride(2) != 1 || picture.stride(1) != 3 || (picture.shape(0) > 1 && picture.stride(0) < row)) {
    throw nb::type_error("the pixels of a picture's rows must lie next to each other, row after row");
  }
  da3_image image = DA3_IMAGE_INIT;
  image.rgb = picture.data();
  image.height = side_of(picture.shape(0));
  image.width = side_of(picture.shape(1));
  image.row_bytes = static_cast<std::size_t>(std::max(picture.stride(0), row));
  return image;
}

using Input = std::variant<Photo*, Picture>;

inline da3_image image_of(const Input& input) {
  if (const auto* photo = std::get_if<Photo*>(&input)) return (*photo)->image();
  return image_of(std::get<Picture>(input));
}

struct Model {
  explicit Model(da3_model* handle) : owned(handle) {}
  Owned<da3_model, da3_model_free> owned;
};

/// Adds scenes to the module.
void bind_scenes(nb::module_& m, nb::class_<Model>& model);

}  // namespace da3::python
