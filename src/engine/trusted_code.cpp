// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <system_error>

#include <da3/error.hpp>

#include <core/mapped_file.hpp>
#include <engine/engine.hpp>
#include <engine/trusted_code.hpp>

namespace da3::engine {

void require_trust(const std::filesystem::path& file, const ModelSpec& spec, bool trusted) {
  if (trusted || !runs_its_own_code(spec)) return;
  throw Error(
      ErrorCode::kModelUntrusted,
      file.string() +
          " is no network of da3 and brings its own code, which may read and write any file that you may; "
          "add --trust-code (in a program: trust_code) if you trust where it comes from");
}

bool is_starter(std::span<const std::byte> model, const std::filesystem::path& starter) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(starter, ignored)) return false;
  return std::ranges::equal(model, core::MappedFile::open(starter).bytes());
}

}  // namespace da3::engine
