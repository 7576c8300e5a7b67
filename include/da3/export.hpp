// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Marks what libda3 exports; everything else is compiled with hidden visibility.
#define DA3_API __attribute__((visibility("default")))
