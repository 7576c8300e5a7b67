#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# consumer.sh CMAKE BUILD SOURCE CXX GENERATOR: installs BUILD, moves the tree, builds examples/api and
# examples/scene against it and runs them and the installed program.
set -euo pipefail
cmake=$1 build=$2 source=$3 cxx=$4 generator=$5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# No model of this user takes part.
export DA3_HOME="$work/home" XDG_CACHE_HOME="$work/cache"
unset DA3_MODEL

"$cmake" --install "$build" --prefix "$work/first" >"$work/install.log"
mv "$work/first" "$work/moved"
prefix="$work/moved"
for file in bin/da3 libexec/da3/da3-run share/da3/LICENSE include/da3/model.hpp include/da3/scene.hpp; do
  [ -e "$prefix/$file" ] || { echo "the installed tree has no $file"; exit 1; }
done
if grep -F -e "$source" -e "$build" "$prefix"/lib*/cmake/da3/*.cmake; then
  echo "the package names the folder that it was built in"
  exit 1
fi

"$cmake" -S "$source/examples/api" -B "$work/example" -G "$generator" -DCMAKE_PREFIX_PATH="$prefix" \
  -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_BUILD_TYPE=Release
"$cmake" --build "$work/example"

# A picture that needs no file of the source tree: a grey ramp, 64x48, PGM.
photo="$work/ramp.pgm"
{
  printf 'P5\n64 48\n255\n'
  for ((i = 0; i < 64 * 48; ++i)); do printf '%b' "\\x$(printf '%02x' $((32 + i % 64 * 3)))"; done
} >"$photo"
model="$prefix/share/da3/models/starter/fastdepth.pt"
"$work/example/da3_example" "$model" "$photo" | tee "$work/said"
grep -q '64 x 48 pixels' "$work/said" || { echo "the example did not predict at the photo's size"; exit 1; }
code=0
"$work/example/da3_example" "$work/nothing.pt" "$photo" 2>"$work/error" || code=$?
if [ "$code" -ne 3 ] || ! grep -q '^model.not_found' "$work/error"; then
  echo "a missing model gave exit $code and: $(cat "$work/error")"
  exit 1
fi

"$cmake" -S "$source/examples/scene" -B "$work/scene-example" -G "$generator" -DCMAKE_PREFIX_PATH="$prefix" \
  -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_BUILD_TYPE=Release
"$cmake" --build "$work/scene-example"
# The reduced network with cameras; the same photo twice is a scene of two views.
"$prefix/bin/da3" model export "$source/tests/data/golden/tiny" -o "$work/tiny.pt"
cp "$photo" "$work/again.pgm"
"$work/scene-example/da3_scene_example" "$work/tiny.pt" "$work/scene" "$photo" "$work/again.pgm" | tee "$work/said"
for said in '^again at (' '^[0-9]* points'; do
  grep -q "$said" "$work/said" || { echo "the example said nothing of cameras and points"; exit 1; }
done
for file in scene.glb points.ply cameras.json; do
  [ -s "$work/scene/$file" ] || { echo "the example wrote no $file"; exit 1; }
done
code=0
"$work/scene-example/da3_scene_example" "$model" "$work/none" "$photo" 2>"$work/error" || code=$?
if [ "$code" -ne 2 ] || ! grep -q 'has no cameras' "$work/error"; then
  echo "a model without cameras gave exit $code and: $(cat "$work/error")"
  exit 1
fi

"$prefix/bin/da3" infer "$photo" -o "$work/depth"
[ -s "$work/depth/ramp.png" ] || { echo "the installed program wrote no depth"; exit 1; }
