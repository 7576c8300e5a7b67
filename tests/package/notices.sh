#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# notices.sh CMAKE SOURCE CXX GENERATOR TORCH_LIB_DIR DA3-RUN DA3-RENDER LIBDA3: what packages hold besides the programs,
# made in a folder whose name means something to shells and in regular expressions.
set -euo pipefail
cmake=$1 source=$2 cxx=$3 generator=$4 torch_lib=$5 run=$6 render=$7 library=$8
fail() { echo "$*"; exit 1; }
command -v dpkg-query >/dev/null || { echo "skipped: dpkg-query, which knows whose the libraries are, is missing"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
build="$work/a b+(c)&"
tree="$work/tree"

"$cmake" -S "$source" -B "$build" -G "$generator" -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_BUILD_TYPE=Release \
  -DDA3_PACKAGE=ON -DDA3_BUILD_TESTS=OFF -DDA3_PYTHON= -DDA3_TORCH_DIR="${torch_lib%/*}" >"$work/log" || fail "$(cat "$work/log")"
"$cmake" --build "$build" --target da3_changelog
"$cmake" --install "$build/packaging" --component runtime --prefix "$tree" >"$work/log" || fail "$(cat "$work/log")"
notices="$tree/share/doc/da3/notices"
gzip -dc "$tree/share/doc/da3/changelog.gz" | cmp - "$source/CHANGELOG.md"
[ -s "$tree/share/doc/da3/copyright" ] || fail "no copyright file"
if [ -e "${torch_lib%/*}/licences" ]; then
  for file in LICENSE third_party/ideep/LICENSE; do
    [ -n "$(find "$notices/libtorch" -path "*/$file" -size +0)" ] || fail "LibTorch's $file is missing"
  done
fi
for header in CLI.hpp Core json.hpp spdlog.h; do
  package=$(sed -n "s/^$header: \([^ ]*\) .*/\1/p" "$notices/built-in.txt")
  [ -n "$package" ] || { echo "$header is of no Debian package here"; continue; }
  cmp "/usr/share/doc/$package/copyright" "$notices/$package/copyright"
done
soversion=$(readlink "${library%.so*}.so")
soversion=${soversion#libda3.so.}
grep -q "^libda3 $soversion da3 (>= " "$build/packaging/shlibs" || fail "shlibs is not of libda3.so.$soversion: $(cat "$build/packaging/shlibs")"

"$cmake" "-DDA3_EXECUTABLES=$run;$render" "-DDA3_LIBRARY=$library" "-DDA3_TORCH_LIB_DIR=$torch_lib" "-DDA3_WORK=$work" \
  "-DDA3_DESTINATION=$tree/lib/da3" "-DDA3_NOTICES=$notices" -P "$source/cmake/CollectLibraries.cmake" >"$work/log" 2>"$work/warnings"
count=0
for file in "$tree/lib/da3"/*; do
  name=${file##*/}
  count=$((count + 1))
  ! [ -e "$torch_lib/$name" ] || fail "$name is LibTorch's"
  package=$(sed -n "s/^$name: \([^ ]*\) .*/\1/p" "$notices/libraries.txt")
  if [ -z "$package" ]; then
    grep -q "/$name$" "$work/warnings" || fail "$name has neither a notice nor a warning"
    continue
  fi
  cmp "/usr/share/doc/$package/copyright" "$notices/$package/copyright"
  { grep -o 'common-licenses/L\?GPL-[0-9.]*[0-9]' "$notices/$package/copyright" || true; } >"$work/licences"
  while read -r licence; do
    [ ! -e "/usr/share/$licence" ] || cmp "/usr/share/$licence" "$notices/$licence"
  done <"$work/licences"
done
[ "$count" -gt 5 ] || fail "only $count libraries were collected"
