# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# find_or_get_libtorch: sets torch_dir to a LibTorch (include/, lib/); downloads one into .deps/libtorch if none is there.
kTorchVersion=2.13.0
kTorchOldest=2.10
kTorchIndex=https://download.pytorch.org/whl
kTorchZips=https://download.pytorch.org/libtorch
kDownloads="$DA3_ROOT/.deps/download"

# torch_version FOLDER: such as 2.13.0, from its headers; nothing if it is no LibTorch.
torch_version() {
  local header
  for header in "$1"/include/torch/headeronly/version.h "$1"/include/torch/version.h "$1"/include/torch/csrc/api/include/torch/version.h; do
    if [ -f "$header" ] && grep -q 'define TORCH_VERSION_MAJOR ' "$header"; then
      awk '$2 ~ /^TORCH_VERSION_(MAJOR|MINOR|PATCH)$/ { v = v (v == "" ? "" : ".") $3 } END { print v }' "$header"
      return
    fi
  done
}

# usable_torch FOLDER: whether it has headers and libraries of a version that da3 can use.
usable_torch() {
  local version library
  [ -f "$1/include/ATen/ATen.h" ] || return 1
  for library in "$1"/lib/libtorch_cpu.so "$1"/lib/libtorch_cpu.dylib; do
    if [ -s "$library" ]; then
      version=$(torch_version "$1")
      [ "$(printf '%s\n%s\n' "$version" "$kTorchOldest" | sort -V | head -n 1)" = "$kTorchOldest" ]
      return
    fi
  done
  return 1
}

size_of() { du -sh "$1" | cut -f 1; }

# chosen_torch: the folder that the user names in the environment, if any.
chosen_torch() {
  local entry folder
  if [ -n "${DA3_TORCH_DIR:-}" ]; then
    usable_torch "$DA3_TORCH_DIR" ||
      fail "DA3_TORCH_DIR=$DA3_TORCH_DIR is no LibTorch $kTorchOldest or later (include/ATen/ATen.h and lib/libtorch_cpu are looked for, version found: '$(torch_version "$DA3_TORCH_DIR")')"
    (cd "$DA3_TORCH_DIR" && pwd)
    return
  fi
  local entries=()
  IFS=: read -r -a entries <<<"${CMAKE_PREFIX_PATH:-}"
  for entry in ${entries[@]+"${entries[@]}"}; do
    # torch.utils.cmake_prefix_path ends in share/cmake.
    for folder in "$entry" "$entry/../.."; do
      if [ -n "$folder" ] && usable_torch "$folder"; then
        (cd "$folder" && pwd)
        return
      fi
    done
  done
}

find_or_get_libtorch() {
  torch_dir=$(chosen_torch)
  if [ -n "$torch_dir" ]; then
    say "    using $torch_dir ($(torch_version "$torch_dir")), nothing to download"
    return
  fi
  torch_dir="$DA3_ROOT/.deps/libtorch"
  if usable_torch "$torch_dir" && { [ "${DA3_CUDA:-}" != 1 ] || [ -e "$torch_dir/lib/libtorch_cuda.so" ]; }; then
    say "    $torch_dir ($(torch_version "$torch_dir"), $(size_of "$torch_dir/"))"
    return
  fi
  # Remains of a set-up that was ended; the lock says that nobody works in them.
  rm -rf "$torch_dir".tmp.*
  mkdir -p "$kDownloads"
  local unpacked="$torch_dir.tmp.$$"
  if command -v python3 >/dev/null 2>&1 && python3 -m pip --version >/dev/null 2>&1; then
    get_wheel
    unpack_wheel "$unpacked"
  else
    get_zip
    unpack_zip "$unpacked"
  fi
  usable_torch "$unpacked" || fail "what was unpacked in $unpacked is no LibTorch $kTorchOldest or later; remove $kDownloads and try again"
  rm -rf "$torch_dir"
  mv "$unpacked" "$torch_dir"
  rm -rf "$kDownloads"
  say "    $torch_dir ($(torch_version "$torch_dir"), $(size_of "$torch_dir/"))"
}

# get_wheel: the torch wheel (with DA3_CUDA=1 also NVIDIA's) in kDownloads. pip itself moves a file there only when it
# is whole; a wheel of an earlier call is used again.
get_wheel() {
  local wanted="torch==$kTorchVersion" index=() dependencies=(--no-deps) python=()
  if [ "$(uname -s)" = Linux ]; then
    wanted="torch==$kTorchVersion+cpu"
    index=(--index-url "$kTorchIndex/cpu")
  fi
  if [ "${DA3_CUDA:-}" = 1 ]; then
    [ "$(uname -s)" = Linux ] || fail "DA3_CUDA=1 is for Linux; a Mac's LibTorch has MPS built in"
    wanted="torch==$kTorchVersion" index=() dependencies=()
  fi
  local have
  have=$(find "$kDownloads" -name "torch-$kTorchVersion*.whl" | head -n 1)
  if [ -n "$have" ] && [ "${DA3_CUDA:-}" != 1 ]; then
    say "    wheel of an earlier call: ${have##*/} ($(size_of "$have"))"
    return
  fi
  local attempt source
  # First with this Python, then with one that surely has a wheel: only the C++ part is used.
  for attempt in configured index other-python other-python-index; do
    source=() python=()
    case $attempt in
      *index) source=(${index[@]+"${index[@]}"}); [ ${#source[@]} -gt 0 ] || continue ;;
    esac
    case $attempt in
      other-python*) python=(--only-binary=:all: --python-version 3.12) ;;
    esac
    say "    pip download $wanted (${attempt//-/ }; about $([ "${DA3_CUDA:-}" = 1 ] && echo 3 GB || echo 190 MB))"
    if python3 -m pip download --quiet --dest "$kDownloads" ${dependencies[@]+"${dependencies[@]}"} ${python[@]+"${python[@]}"} \
      ${source[@]+"${source[@]}"} "$wanted" >"$kDownloads/pip.log" 2>&1; then
      return
    fi
    say "    not there: $(grep -m 1 -i error "$kDownloads/pip.log" || tail -n 1 "$kDownloads/pip.log")"
  done
  fail "no torch $kTorchVersion wheel could be downloaded. Check the network or pip's configuration (pip config list), or name
    a LibTorch $kTorchOldest or later that you have: DA3_TORCH_DIR=FOLDER. pip's last messages: $kDownloads/pip.log"
}

# unpack_wheel FOLDER: the C++ part of the wheels, each file checked against the wheel's own list of SHA-256 sums.
unpack_wheel() {
  local wheel
  wheel=$(find "$kDownloads" -name "torch-$kTorchVersion*.whl" | head -n 1)
  say "    unpacking the C++ part of ${wheel##*/} ($(size_of "$wheel"))"
  if ! python3 "$DA3_ROOT/scripts/lib/unpack_wheel.py" "$kDownloads" "$1" >&2; then
    rm -rf "$1" "$wheel"
    fail "the wheel ${wheel##*/} was damaged (reason above) and is removed; run the same command again"
  fi
}

# get_zip: the official LibTorch archive, for machines without pip. A cut download goes on where it stopped.
get_zip() {
  command -v curl >/dev/null 2>&1 || fail "neither pip (python3 -m pip) nor curl is there to download LibTorch; install one of them"
  local url
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) url="$kTorchZips/cpu/libtorch-shared-with-deps-$kTorchVersion%2Bcpu.zip" ;;
    Darwin-arm64) url="$kTorchZips/cpu/libtorch-macos-arm64-$kTorchVersion.zip" ;;
    *) fail "for $(uname -s) on $(uname -m) LibTorch comes by pip only; install python3 with pip, then run the same command again" ;;
  esac
  [ "${DA3_CUDA:-}" != 1 ] || fail "DA3_CUDA=1 needs pip: install python3 with pip, then run the same command again"
  if [ ! -s "$kDownloads/libtorch.zip" ]; then
    say "    downloading $url (about 200 MB)"
    curl --fail --location --retry 5 --continue-at - --output "$kDownloads/libtorch.zip.part" "$url" >&2 ||
      fail "the download did not end; run the same command again, it goes on where it stopped, or name a LibTorch that you have: DA3_TORCH_DIR=FOLDER"
    mv "$kDownloads/libtorch.zip.part" "$kDownloads/libtorch.zip"
  fi
}

# unpack_zip FOLDER: the archive holds one folder, libtorch/. The zip's own CRC sums are checked by cmake.
unpack_zip() {
  say "    unpacking libtorch.zip ($(size_of "$kDownloads/libtorch.zip"))"
  rm -rf "$kDownloads/unpacked"
  mkdir -p "$kDownloads/unpacked"
  if ! (cd "$kDownloads/unpacked" && cmake -E tar xf ../libtorch.zip) >&2; then
    rm -f "$kDownloads/libtorch.zip"
    fail "libtorch.zip is damaged and was removed; run the same command again"
  fi
  mv "$kDownloads/unpacked/libtorch" "$1"
}
