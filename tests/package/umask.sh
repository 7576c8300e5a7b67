#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# umask.sh SOURCE: scripts/package of SOURCE under umask 077, with a cmake and a cpack that only make a folder and a file:
# others may enter the one and read the other.
set -euo pipefail
source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/checkout/scripts" "$work/checkout/.deps" "$work/bin"
cp -R "$source/scripts/package" "$source/scripts/lib" "$work/checkout/scripts/"
printf '#!/bin/sh\n' >"$work/checkout/scripts/setup"
printf '|\n/nowhere\n' >"$work/checkout/.deps/setup.stamp"
printf '#!/bin/sh\nmkdir -p build/package/usr\n' >"$work/bin/cmake"
# shellcheck disable=SC2016
printf '#!/bin/sh\nfor folder; do :; done\nmkdir -p "$folder/usr"\necho >"$folder/da3.tar.zst"\n' >"$work/bin/cpack"
chmod +x "$work/checkout/scripts/setup" "$work/bin/"*
(umask 077 && PATH="$work/bin:$PATH" "$work/checkout/scripts/package" archive)
built="$work/checkout/build"
[ -f "$built/packages/da3.tar.zst" ] || { echo "no package was made"; exit 1; }
closed=$(find "$built" \( -type d ! -perm -755 \) -o \( -type f ! -perm -644 \))
[ -z "$closed" ] || { echo "closed to others: $closed"; exit 1; }
