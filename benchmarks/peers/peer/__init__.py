# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""A benchmark peer of da3: the original Python package, measured under da3's plan."""
