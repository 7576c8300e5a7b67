// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

// Precompiled for every source of the engine. Sources still name what they use, so that they compile without
// this.
#include <ATen/ATen.h>
#include <c10/core/Allocator.h>
#include <torch/csrc/jit/api/compilation_unit.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>
