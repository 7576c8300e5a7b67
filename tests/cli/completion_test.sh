#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# completion_test.sh DESCRIBED: completes command lines as bash does, and reads man pages and scripts with the programs
# that are there for them.
set -uo pipefail
unset CDPATH
described=$(cd "$1" && pwd)
here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
failures=0

# shellcheck source=/dev/null
. "$described/bash-completion/completions/da3"

# expect WORDS... -- COMPLETIONS...: what follows the last word.
expect() {
  COMP_WORDS=() COMPREPLY=()
  while [ "$1" != -- ]; do COMP_WORDS+=("$1"); shift; done
  shift
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  _da3 2>/dev/null
  if [ "${COMPREPLY[*]}" != "$*" ]; then
    echo "${COMP_WORDS[*]}: expected '$*', found '${COMPREPLY[*]}'"
    failures=$((failures + 1))
  fi
}

expect da3 inf -- infer
expect da3 model pu -- pull
expect da3 model pull --acc -- --accept-license
expect da3 infer --form -- --format
expect da3 infer a.jpg -f n -- npz npy none
expect da3 infer a.jpg --format png16,np -- png16,npz png16,npy
expect da3 infer --device c -- cpu cuda
expect da3 infer --resize-method lower_bound_c -- lower_bound_crop
expect da3 doctor --j -- --json
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
touch "$folder/a photo.jpg"
expect da3 infer "$folder/a" -- "$folder/a photo.jpg"
expect da3 infer -o "$folder/a" -- "$folder/a photo.jpg"

checked=0
for page in "$described"/man/man1/*.1; do
  checked=$((checked + 1))
  grep -q '^\.SH NAME$' "$page" || { echo "$page: no NAME"; failures=$((failures + 1)); }
  if command -v groff >/dev/null; then
    complaints=$(groff -man -Tutf8 -ww -z "$page" 2>&1)
    [ -z "$complaints" ] || { echo "$complaints"; failures=$((failures + 1)); }
  fi
done
[ "$checked" -gt 5 ] || { echo "only $checked man pages"; failures=$((failures + 1)); }

# same NAME LINE EXPECTED FOUND
same() {
  [ "$3" = "$4" ] && return
  echo "$1: $2: expected '$3', found '$4'"
  failures=$((failures + 1))
}
if command -v fish >/dev/null; then
  # expect_fish LINE COMPLETIONS...: in their order, without descriptions.
  expect_fish() {
    local found
    # shellcheck disable=SC2016
    found=$(cd "$folder" && HOME=$folder XDG_CONFIG_HOME=$folder XDG_DATA_HOME=$folder fish --no-config \
      -c 'source $argv[1]; complete -C $argv[2] | string replace -r "\t.*" ""' \
      "$described/fish/vendor_completions.d/da3.fish" "$1")
    same fish "$1" "${*:2}" "${found//$'\n'/ }"
  }
  expect_fish 'da3 inf' infer
  expect_fish 'da3 model pu' pull
  expect_fish 'da3 model pull --acc' --accept-license
  expect_fish 'da3 infer a.jpg -f n' none npy npz
  expect_fish 'da3 infer a.jpg --format png16,np' png16,npy png16,npz
  expect_fish 'da3 infer --resize-method lower_bound_c' lower_bound_crop
  expect_fish 'da3 infer a' 'a photo.jpg'
fi
if command -v zsh >/dev/null && zsh -f -c 'zmodload zsh/zpty' 2>/dev/null; then
  # Lines, each with what it has become after the tabulator, in one real zsh.
  lines=('da3 inf' 'da3 infer '
    'da3 model pu' 'da3 model pull '
    'da3 model pull --acc' 'da3 model pull --accept-license '
    'da3 infer -f png1' 'da3 infer -f png16,'
    'da3 infer -f npz,ex' 'da3 infer -f npz,exr'
    'da3 infer --resize-method lower_bound_c' 'da3 infer --resize-method lower_bound_crop '
    'da3 infer a' 'da3 infer a\ photo.jpg ')
  typed=()
  for ((i = 0; i < ${#lines[@]}; i += 2)); do typed+=("${lines[i]}"); done
  mapfile -t found < <(cd "$folder" && zsh -f "$here/complete_line.zsh" "$described/zsh/site-functions" "${typed[@]}")
  for ((i = 0; i < ${#typed[@]}; ++i)); do same zsh "${typed[i]}" "${lines[2 * i + 1]}" "${found[i]-}"; done
fi
exit "$((failures > 0))"
