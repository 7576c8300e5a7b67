# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""unpack_wheel.py FOLDER OUT: the C++ part of the torch wheel in FOLDER as a LibTorch folder OUT.

Only include/, share/cmake/, the libraries that C++ programs load, and the licences are taken (about 480 of 640 MB).
Every file's SHA-256 is compared with the wheel's RECORD. NVIDIA wheels next to it are unpacked to OUT/../nvidia, where
LibTorch's run path ($ORIGIN/../../nvidia/*/lib) looks for them.
"""
import base64
import csv
import hashlib
import io
import os
import pathlib
import sys
import zipfile

# Python's binding and test libraries; C++ programs do not load them.
LEFT_OUT = ("libtorch_python", "libjitbackend_test", "libtorchbind_test", "libbackend_with_compiler",
            "libaoti_custom_ops", "libshm")


def wanted_of_torch(name):
    """The path below the LibTorch folder, or None for a file that is not needed."""
    if ".dist-info/" in name and ("LICENSE" in name or "NOTICE" in name):
        return "licences/" + name.split("/", 1)[1]
    parts = name.split("/")
    if parts[0] != "torch" or len(parts) < 3:
        return None
    if parts[1] in ("include", "share"):
        return "/".join(parts[1:])
    if parts[1] == "lib" and len(parts) == 3 and not parts[2].startswith(LEFT_OUT):
        return "/".join(parts[1:])
    return None


def unpack(wheel, out, wanted):
    """Writes the wanted files of a wheel below `out`; returns their number and bytes."""
    count = total = 0
    with zipfile.ZipFile(wheel) as archive:
        record = next(n for n in archive.namelist() if n.endswith(".dist-info/RECORD"))
        sums = {row[0]: row[1] for row in csv.reader(io.TextIOWrapper(archive.open(record), "utf-8")) if len(row) > 1}
        for info in archive.infolist():
            target = None if info.is_dir() else wanted(info.filename)
            if target is None:
                continue
            if ".." in pathlib.PurePosixPath(target).parts:
                raise ValueError(f"{info.filename}: a name that leaves the folder")
            path = out / target
            path.parent.mkdir(parents=True, exist_ok=True)
            digest = hashlib.sha256()
            with archive.open(info) as source, open(path, "wb") as sink:
                while chunk := source.read(1 << 22):
                    digest.update(chunk)
                    sink.write(chunk)
            expected = sums.get(info.filename, "")
            found = "sha256=" + base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
            if expected and expected != found:
                raise ValueError(f"{info.filename}: {found}, the wheel's list says {expected}")
            if (info.external_attr >> 16) & 0o111:
                os.chmod(path, 0o755)
            count, total = count + 1, total + info.file_size
    return count, total


def main():
    folder, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    torch = sorted(folder.glob("torch-*.whl"))[0]
    count, total = unpack(torch, out, wanted_of_torch)
    print(f"    {count} files, {total / 1e6:.0f} MB, all sums right")
    nvidia = out.parent / "nvidia"
    for wheel in sorted(folder.glob("nvidia_*.whl")):
        count, total = unpack(wheel, nvidia.parent, lambda n: n if n.startswith("nvidia/") else None)
        print(f"    {wheel.name}: {count} files, {total / 1e6:.0f} MB")


if __name__ == "__main__":
    try:
        main()
    except (OSError, ValueError, IndexError, StopIteration, zipfile.BadZipFile) as error:
        print(f"    {error}", file=sys.stderr)
        sys.exit(1)
