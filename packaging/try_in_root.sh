#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
#
# try_in_root.sh ROOT PACKAGE PHOTO [DA3-VIDEO.deb VIDEO]: runs a package in a bare root (debootstrap --variant=minbase),
# as an ordinary user without network. The archive is unpacked into a folder with a blank and an umlaut in its name and
# made read-only; a .deb, with that of da3-video if it is named, is installed before the network goes, and removed
# again; a wheel is installed in a fresh venv, with torch from the folder of wheels that DA3_WHEELS names, else from the
# index. Needs root.
set -euo pipefail
root=$(CDPATH='' cd "$1" && pwd) package=$2 photo=$3 video_package=${4:-} video=${5:-}
fail() { printf 'try_in_root: %s\n' "$*" >&2; exit 1; }
[ -x "$root/bin/sh" ] || fail "$root: expected an unpacked system, found no bin/sh"
work="$root/var/tmp/da3 Prüfung"
finish() {
  umount -l "$root/proc" "$root/dev" || true
  chmod -R u+w "$work" && rm -rf "$work"
}
mkdir -p "$work"
trap finish EXIT
for point in proc dev; do
  mount --rbind "/$point" "$root/$point"
  mount --make-rslave "$root/$point"
done
cp "$photo" "$work/Foto ä.${photo##*.}"
[ -z "$video" ] || cp "$video" "$work/Film ü.${video##*.}"
for name in c++ g++ gcc cc clang; do
  ! chroot "$root" sh -c "command -v $name" || fail "$root has a compiler"
done

user() { # as an ordinary user, without network, in the folder of the photo
  unshare --net chroot --userspec=65534:65534 "$root" env -i PATH=/usr/bin:/bin HOME=/var/tmp/da3-home LANG=C.UTF-8 \
    sh -c 'cd "/var/tmp/da3 Prüfung" && "$@"' sh "$@"
}
mkdir -p "$work/out" "$root/var/tmp/da3-home"
chown 65534:65534 "$work/out" "$root/var/tmp/da3-home"

case $package in
  *.tar.zst)
    zstd -dc "$package" | tar -x -C "$work"
    prefix="/var/tmp/da3 Prüfung/$(basename "$package" .tar.zst)"
    chmod -R a-w "$root$prefix"
    program=("$prefix/bin/da3")
    ! chroot "$root" sh -c 'command -v python3' || fail "$root has Python"
    ;;
  *.deb)
    cp "$package" "$work/package.deb"
    packages=("/var/tmp/da3 Prüfung/package.deb")
    if [ -n "$video_package" ]; then
      cp "$video_package" "$work/video.deb"
      packages+=("/var/tmp/da3 Prüfung/video.deb")
    fi
    chroot "$root" apt-get update -qq
    chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >"$work/apt.log" 2>&1 ||
      { tail -n 5 "$work/apt.log" >&2; fail "$package could not be installed"; }
    program=(da3)
    ;;
  *.whl)
    cp "$package" "$work/"
    chroot "$root" sh -c 'command -v python3 >/dev/null && python3 -m venv --help >/dev/null' || fail "$root has no python3-venv"
    mkdir "$work/wheels"
    [ -z "${DA3_WHEELS:-}" ] || cp "$DA3_WHEELS"/*.whl "$work/wheels/"
    # shellcheck disable=SC2016
    chroot "$root" sh -c 'cd "/var/tmp/da3 Prüfung" && python3 -m venv venv && index= && [ -z "$(ls wheels)" ] || index=--no-index
      venv/bin/pip install -q $index --find-links wheels ./*.whl' >&2
    program=("/var/tmp/da3 Prüfung/venv/bin/da3")
    user "/var/tmp/da3 Prüfung/venv/bin/python" -c '
import glob, da3
prediction = da3.load(device="cpu").predict(glob.glob("Foto*")[0])
print("Python:", prediction)'
    ;;
  *) fail "$package: expected a .tar.zst, a .deb or a .whl" ;;
esac

# Whose work is in it.
case $package in
  *.tar.zst) installed="$root$prefix" ;;
  *.deb) installed="$root/usr" ;;
  *) installed="" ;;
esac
if [ -n "$installed" ]; then
  notices="$installed/share/doc/da3/notices"
  [ -s "$notices/libtorch/LICENSE" ] || fail "LibTorch's licence is missing"
  for library in "$installed/lib/da3"/*.so*; do
    name=${library##*/}
    case $name in libtorch* | libc10* | libgomp*) continue ;; esac
    owner=$(sed -n "s/^$name: \([^ ]*\) .*/\1/p" "$notices/libraries.txt")
    [ -s "$notices/${owner:-none}/copyright" ] || fail "$name has no notice"
  done
fi

user "${program[@]}" --version
user "${program[@]}" infer "Foto ä.${photo##*.}" -o "out/Tiefe ö" -f png16,exr,npz,vis,side
[ "$(find "$work/out/Tiefe ö" -name '*.png' -o -name '*.exr' -o -name '*.npz' | wc -l)" -eq 5 ] || fail "results are missing"
user "${program[@]}" render "out/Tiefe ö" -o "out/bunt" -f vis --colormap turbo
[ "$(find "$work/out/bunt" -name '*.png' | wc -l)" -eq 1 ] || fail "da3 render wrote nothing"
if [ -n "$video" ]; then
  user "${program[@]}" video "Film ü.${video##*.}" -o "out/Film ö"
  [ "$(find "$work/out/Film ö" -name '*.png' | wc -l)" -gt 1 ] || fail "da3 video wrote no frames"
  [ "$(find "$work/out/Film ö" -name '*.vis.mp4' -size +0 | wc -l)" -eq 1 ] || fail "da3 video wrote no video"
fi
user "${program[@]}" doctor >"$work/doctor.txt"
user "${program[@]}" model list >/dev/null
sha256sum "$work/out/Tiefe ö"/*.png | sed "s|$work/||"

if [ "${package##*.}" = deb ]; then
  [ -z "$video_package" ] || chroot "$root" dpkg --remove da3-video >/dev/null
  chroot "$root" dpkg --remove da3 >/dev/null
  for left in "$root/usr/bin/da3" "$root/usr/lib/da3"; do
    [ ! -e "$left" ] || fail "$left is left over after dpkg --remove"
  done
  chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get autoremove -y -qq >/dev/null 2>&1
fi
echo "try_in_root: good"
