// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <da3/model_spec.hpp>

#include <core/stored_zip.hpp>

// The record `da3.json` of a model file (docs/model-format.md).
namespace da3::weights {

/// Name of the record inside the archive, below its top folder.
inline constexpr std::string_view kRecordEntry = "extra/da3.json";
/// Name of the record as LibTorch's `_extra_files` know it.
inline constexpr std::string_view kRecordName = "da3.json";

/// The record in `text`. `subject` stands first in messages. Unknown fields are ignored.
/// Throws: Error kModelContract that names the field.
ModelSpec parse_record(std::string_view text, const std::string& subject);

/// The record as JSON text of one line; parse_record() gives the same values back.
std::string record_text(const ModelSpec& spec);

/// The record of the model file at `path`, read without LibTorch.
/// Throws: Error kModelNotFound; kModelDamaged for a file that is no intact zip archive; kModelContract for
/// an archive without a record or with one that does not keep the contract.
ModelSpec read_record(const std::filesystem::path& path);
ModelSpec read_record(const core::StoredZip& archive);

/// Throws: Error kUsage for an archive with a record, which no other can take the place of.
void require_no_record(const core::StoredZip& archive);

/// A record of its own, such as one given by `--describe`. Throws: Error kModelNotFound, kModelDamaged,
/// kModelContract.
ModelSpec read_record_file(const std::filesystem::path& path);

/// Replaces the record of the model file at `path`, in place: for a writer that can compute hash and
/// self-test only from the file itself. The file must hold a record at least as long; what is left is filled
/// with spaces. Not atomic: only for a file under its temporary name. Throws: Error kModelNotFound,
/// kModelDamaged, kOutputFailed; kInternal if the new record is longer.
void replace_record(const std::filesystem::path& path, const ModelSpec& spec);

}  // namespace da3::weights
