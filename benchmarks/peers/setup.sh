#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
#
# benchmarks/peers/setup.sh [openvino] [onnxruntime]
# Makes a Python environment with the original depth-anything-3 package in .deps/peers (about 1 GB), and with the named
# runtimes (0.3 GB more each), for the programs of benchmarks/peers alone: da3 needs none of it. Remove the folder to undo it.
# shellcheck source=scripts/lib/base.sh
. "${BASH_SOURCE[0]%/*}/../../scripts/lib/base.sh"
# shellcheck source=scripts/lib/libtorch.sh
. "$DA3_ROOT/scripts/lib/libtorch.sh"

kPackage=depth-anything-3==0.1.1
kTorchvision=0.28.0 # of the same release as kTorchVersion
# What the network and its input processor import; the package's own list has many more, and for another numpy.
kNeeded=(addict einops imageio numpy omegaconf opencv-python-headless pillow safetensors tqdm)

runtimes=()
for name in "$@"; do
  case $name in
    openvino) runtimes+=(openvino==2026.4.1 nncf==3.4.0) ;;
    onnxruntime) runtimes+=(onnxruntime==1.32.0 onnx==1.23.2) ;;
    *)
      sed -n '5,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
      case $name in -h | --help) exit 0 ;; *) exit 2 ;; esac
      ;;
  esac
done
lock peers
home="$DA3_ROOT/.deps/peers"
peer_python="$home/bin/python"

# pip_install WORD...: into the environment, its messages in a file that is shown when it fails.
pip_install() {
  "$peer_python" -m pip install --quiet --disable-pip-version-check "$@" >"$home/pip.log" 2>&1
}

steps=$((4 + (${#runtimes[@]} > 0)))
say "1/$steps Python environment in $home"
[ -x "$peer_python" ] || python3 -m venv "$home" || fail "python3 -m venv failed; install python3 with venv"

say "2/$steps torch $kTorchVersion for the CPU (about 190 MB)"
if ! "$peer_python" -c 'import torch' 2>/dev/null; then
  wanted="torch==$kTorchVersion"
  local_index=()
  if [ "$(uname -s)" = Linux ]; then
    wanted="$wanted+cpu"
    local_index=(--index-url "$kTorchIndex/cpu")
  fi
  # torch's own needs first, from the configured index; then torch alone, wherever it is found.
  pip_install filelock fsspec jinja2 networkx setuptools sympy typing-extensions ||
    fail "the packages that torch needs could not be installed: $(tail -n 1 "$home/pip.log")"
  wheel=$(find "$kDownloads" -name "torch-$kTorchVersion*.whl" 2>/dev/null | head -n 1 || true) # the folder may be gone
  { [ -n "$wheel" ] && pip_install --no-deps "$wheel"; } || pip_install --no-deps "$wanted" ||
    pip_install --no-deps ${local_index[@]+"${local_index[@]}"} "$wanted" ||
    fail "torch $kTorchVersion could not be installed: $(tail -n 1 "$home/pip.log")"
fi

say "3/$steps torchvision $kTorchvision, ${kNeeded[*]}"
pip_install "${kNeeded[@]}" || fail "not installed: $(tail -n 1 "$home/pip.log")"
# For its transforms in Python; its compiled part may be for another torch and is not used.
pip_install --no-deps "torchvision==$kTorchvision" || fail "not installed: $(tail -n 1 "$home/pip.log")"

say "4/$steps $kPackage, without its long list of needs"
pip_install --no-deps "$kPackage" || fail "not installed: $(tail -n 1 "$home/pip.log")"
# Decodes and resizes one small photo, which imports all of it.
"$DA3_ROOT/benchmarks/peers/original" --suite preprocess --image-size 64x48 --runs 1 --warmup 0 >/dev/null 2>"$home/try.log" ||
  fail "the environment does not work: $(tail -n 1 "$home/try.log")"
if [ ${#runtimes[@]} -gt 0 ]; then
  say "5/$steps ${runtimes[*]}"
  pip_install "${runtimes[@]}" || fail "not installed: $(tail -n 1 "$home/pip.log")"
fi
say "ready: benchmarks/peers/original --help"
