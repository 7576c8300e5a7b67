// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <suites/context.hpp>

namespace da3::suites {

/// A case of `accuracy` against the measured depth of a folder (its setting `dataset`). Throws: Error as
/// open_dataset.
PreparedCase prepare_dataset_accuracy(const bench::Fields& settings, GroupModels& models);

}  // namespace da3::suites
