# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m da3``: the program of docs/cli.md."""

from da3._program import main

main()
