#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# scripts_test.sh SCRIPTS: calls copies of the scripts in the ways in which users call them, in a checkout where nothing
# is to be set up or built.
set -uo pipefail
unset CDPATH DA3_TORCH_DIR CMAKE_PREFIX_PATH DA3_CUDA
place=$(mktemp -d)
trap 'chmod -R u+w "$place" && rm -rf "$place"' EXIT
checkout="$place/check out"
failures=0

# expect TEXT COMMAND...: what the command prints, both streams together, has TEXT.
expect() {
  local text=$1 said
  shift
  said=$("$@" 2>&1)
  [[ $said == *"$text"* ]] && return
  printf 'expected: %s\nfrom:     %s (in %s)\nfound:    %s\n' "$text" "$*" "$PWD" "$said"
  failures=$((failures + 1))
}

mkdir -p "$checkout/build/release/bin" "$checkout/.deps/libtorch/include/ATen" "$place/elsewhere/scripts"
cp -R "$1" "$checkout/scripts"
find "$checkout/scripts" -exec touch -t 200001010000 {} +
printf '#!/bin/sh\necho "program $*"\n' >"$checkout/build/release/bin/da3"
chmod +x "$checkout/build/release/bin/da3"
printf '||\n%s\n' "$checkout/.deps/libtorch" >"$checkout/.deps/setup.stamp"
touch "$checkout/build/release/.built-release-program"

cd "$checkout" || exit 1
for path in "" . "$place/elsewhere:." ".:$place/elsewhere"; do
  expect "program a b" env CDPATH="$path" scripts/da3 a b
  expect "all there (LibTorch in $checkout/.deps/libtorch)" env CDPATH="$path" scripts/setup
  expect "build/release is up to date" env CDPATH="$path" scripts/build
done
ln -s "$checkout/scripts/da3" "$place/da3"
expect "program a b" "$place/da3" a b
expect "program a b" env PATH="$checkout/scripts:$PATH" da3 a b
cd scripts || exit 1
expect "program a b" bash da3 a b
expect "all there" bash setup
expect "all there" ./setup
expect "is up to date" bash build

for script in setup build package gpu-check; do
  expect "scripts/$script" bash "$script" --help
  [[ $(bash "$script" --help) != *shellcheck* ]] || expect "no comment for programs" bash "$script" --help
done

if [ "$(id -u)" -ne 0 ]; then
  chmod a-w "$checkout/.deps"
  expect "let the owner of the checkout call scripts/setup" env DA3_CUDA=1 ./setup
fi

[ "$failures" -eq 0 ]
