# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What every script here begins with: the checkout's folder in DA3_ROOT, messages, one lock a checkout.
set -euo pipefail
unset CDPATH # cd would go by it, and print where it went
DA3_ROOT=$(cd -- "${BASH_SOURCE[0]%/*}/../.." && pwd)
# What scripts/setup gets where the system's CMake is too old.
if [ -x "$DA3_ROOT/.deps/cmake/cmake/data/bin/cmake" ]; then
  PATH="$DA3_ROOT/.deps/cmake/cmake/data/bin:$PATH"
fi
export DA3_ROOT

# Standard output belongs to the program that is run, so messages go to standard error.
say() { printf 'da3 %s: %s\n' "${0##*/}" "$*" >&2; }

fail() {
  say "$*"
  exit 1
}

# What the comment at the top of the running script says.
show_help() { sed -n '5,/^# shellcheck/{/^# shellcheck/!s/^# \{0,1\}//p;}' "$DA3_ROOT/scripts/${0##*/}"; }

num_cores() {
  if command -v nproc >/dev/null 2>&1; then nproc; else sysctl -n hw.ncpu; fi
}

# Holds the lock NAME until this process ends; waits for another one that holds it.
lock() {
  local file="$DA3_ROOT/.deps/$1.lock"
  if ! { mkdir -p "$DA3_ROOT/.deps" && true >>"$file"; } 2>/dev/null; then
    fail "there is something to do, but $file cannot be written; let the owner of the checkout call scripts/$1, or make a checkout of your own"
  fi
  if command -v flock >/dev/null 2>&1; then
    exec 9>>"$file"
    if ! flock -n 9; then
      say "waiting for another $1 in this checkout"
      flock 9
    fi
    return
  fi
  # macOS has no flock: a folder is made by one process only; one whose maker is gone is taken over.
  local told="" owner
  while ! mkdir "$file.d" 2>/dev/null; do
    owner=$(cat "$file.d/pid" 2>/dev/null || true)
    if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then
      rm -rf "$file.d"
      continue
    fi
    [ -n "$told" ] || say "waiting for another $1 in this checkout"
    told=yes
    sleep 1
  done
  echo $$ >"$file.d/pid"
  # shellcheck disable=SC2064  # the name is wanted as it is now
  trap "rm -rf '$file.d'" EXIT
}
