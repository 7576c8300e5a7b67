# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""da3.ray on a real Ray: the bytes of the program, resuming, failures of photos, models and options."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest

ray = pytest.importorskip("ray")

import da3  # noqa: E402
import da3.ray  # noqa: E402
from da3.ray import _places  # noqa: E402
from ray_cluster import (  # noqa: E402
    Cluster,
    Faults,
    check,
    manifest_rows,
    results,
    run,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Ray's test cluster")


def test_bytes_of_one_machine_then_only_what_is_missing(
    cluster: Cluster, folder: tuple[Path, int], expected: dict[str, str], tmp_path: Path
) -> None:
    photos, broken = folder
    ended = run(photos, tmp_path, address=cluster.address)
    assert ended.returncode == 1, ended.stderr
    assert ended.stderr.count("[image.truncated]") == broken
    check(_places.Place.of(str(tmp_path)), expected, broken)

    # The same again does nothing; a result that changed its photo is done again, and nothing else.
    before = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.png")}
    ended = run(photos, tmp_path, address=cluster.address)
    assert f"0 images done, {len(expected)} done before, {broken} failed" in ended.stderr, ended.stderr
    changed = photos / "1" / "00001.jpg"
    content = changed.read_bytes()
    try:
        changed.write_bytes((photos / "2" / "00002.jpg").read_bytes())
        (photos / "1" / "new.jpg").write_bytes(content)
        ended = run(photos, tmp_path, address=cluster.address)
        assert f"2 images done, {len(expected) - 1} done before" in ended.stderr, ended.stderr
        touched = {str(file.relative_to(tmp_path)) for file, when in before.items() if file.stat().st_mtime_ns != when}
        assert touched == {"1/00001.jpg.png"}
        assert results(_places.Place.of(str(tmp_path)))["1/new.jpg.png"] == expected["1/00001.jpg.png"]
    finally:
        changed.write_bytes(content)
        (photos / "1" / "new.jpg").unlink()

    # Other options are refused, with the way out.
    ended = run(photos, tmp_path, "-f", "exr", address=cluster.address)
    assert ended.returncode == 2 and "formats was ['png16'], now ['exr']" in ended.stderr
    assert "--overwrite" in ended.stderr


def test_usage_errors_have_the_exit_codes_of_the_program(cluster: Cluster, tmp_path: Path, photo: Path) -> None:
    (tmp_path / "empty").mkdir()
    for arguments, code in (
        ((tmp_path / "no", tmp_path / "out"), 2),
        ((tmp_path / "empty", tmp_path / "out"), 2),
        ((photo, tmp_path / "out", "-f", "gif"), 2),
        ((photo, tmp_path / "out", "--workers", "many"), 2),
        ((photo, tmp_path / "out", "-m", "no-such-model"), 3),
        ((photo, tmp_path / "out", "-m", tmp_path / "no.pt"), 3),
        ((photo, tmp_path / "out", "--precision", "fp16"), 4),
        ((photo, tmp_path / "out", "--resize-method", "stretch"), 2),
        ((photo, tmp_path / "out", "-f", "vis", "--colormap", "mud"), 2),
        ((photo, tmp_path / "out", "-f", "vis", "--range", "3,2"), 2),
        ((photo.parent, photo.parent), 2),
        ((photo, "/proc/out"), 6),
    ):
        ended = run(*arguments, address=cluster.address)
        assert ended.returncode == code, (arguments, ended.stderr)
        assert len(ended.stderr.strip().splitlines()) == 1, ended.stderr
    assert not (tmp_path / "out").exists()


def test_what_ails_one_name_fails_that_photo_alone(cluster: Cluster, photo: Path, tmp_path: Path) -> None:
    photos, out = tmp_path / "photos", tmp_path / "photos" / "depth"
    (photos / "sub").mkdir(parents=True)
    for name in ("a.jpg", "in the way.jpg", "n" * 251 + ".jpg", "sub/b.jpg"):
        (photos / name).write_bytes(photo.read_bytes())
    (out / "in the way.jpg.png").mkdir(parents=True)
    (out / "sub").write_text("a file")
    # The output is below the input, and its results are no inputs: neither its own nor those of another run.
    other = photos / "other"
    assert run(photos / "a.jpg", other, address=cluster.address).returncode == 0
    for _ in range(2):
        ended = run(photos, out, address=cluster.address)
        assert ended.returncode == 1, ended.stderr
        assert (ended.stderr.count("[output.exists]"), ended.stderr.count("[output.name]")) == (2, 1), ended.stderr
        assert "3 failed" in ended.stderr and "Traceback" not in ended.stderr, ended.stderr
    rows = {row["name"]: row["code"] for row in manifest_rows(_places.Place.of(str(out)))}
    assert rows == {
        "a.jpg": None,
        "in the way.jpg": "output.exists",
        "n" * 251 + ".jpg": "output.name",
        "sub/b.jpg": "output.exists",
    }
    assert (out / "a.jpg.png").exists()


def test_map_is_a_stage_of_ray_data(
    cluster: Cluster, folder: tuple[Path, int], expected: dict[str, str], photo: Path, model: da3.Model
) -> None:
    ray.init(address=cluster.address, log_to_driver=False, ignore_reinit_error=True)
    try:
        names = sorted(str(file.relative_to(folder[0])) for file in (folder[0] / "0").iterdir())[:20]
        rows = [{"name": name, "bytes": (folder[0] / name).read_bytes()} for name in names]
        encoded = da3.ray.map(ray.data.from_items(rows), formats=["png16"], num_cpus=1, device="cpu", rows=4).take_all()
        assert sorted(row["name"] for row in encoded) == names
        for row in encoded:
            if row["error"] is None:
                assert hashlib.sha256(row["png16"]).hexdigest() == expected[row["name"] + ".png"]
            else:
                assert json.loads(row["error"])["code"] == "image.truncated"
                assert row["name"] + ".png" not in expected
        depth = da3.ray.map(ray.data.from_items(rows[2:5]), num_cpus=1, device="cpu").take_all()
        single = da3.load(device="cpu", threads=1)
        for row in depth:
            assert np.array_equal(row["depth"], single.predict(folder[0] / row["name"]).depth)
        with pytest.raises(da3.UsageError):
            da3.ray.map(ray.data.from_items(rows), formats=["gif"])
    finally:
        ray.shutdown()


def test_a_model_is_fetched_from_a_url_and_verified(
    cluster: Cluster, store: tuple[str, Faults], photo: Path, tmp_path: Path
) -> None:
    import boto3

    query, front = store
    client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{front.target}")
    starter = da3.prefix() / "share/da3/models/starter/fastdepth.pt"
    client.upload_file(str(starter), "photos", "models/good.pt")
    damaged = bytearray(starter.read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    client.put_object(Bucket="photos", Key="models/bad.pt", Body=bytes(damaged))
    ended = run(photo, tmp_path / "good", "-m", f"s3://photos/models/good.pt{query}", address=cluster.address)
    assert ended.returncode == 0, ended.stderr
    for name in ("bad", "no"):
        ended = run(photo, tmp_path / name, "-m", f"s3://photos/models/{name}.pt{query}", address=cluster.address)
        assert ended.returncode == 3, ended.stderr
        assert f"models/{name}.pt" in ended.stderr and len(ended.stderr.strip().splitlines()) == 1, ended.stderr


def test_lists_and_globs_name_inputs(
    cluster: Cluster, folder: tuple[Path, int], expected: dict[str, str], tmp_path: Path
) -> None:
    names = [f"{folder[0]}/2/00002.jpg", f"{folder[0]}/3/00003.jpg", f"{folder[0]}/no.jpg"]
    (tmp_path / "list.txt").write_text("\n".join(names) + "\n")
    ended = run(tmp_path / "list.txt", tmp_path / "out", address=cluster.address)
    assert ended.returncode == 1 and "[input.not_found]" in ended.stderr, ended.stderr
    found = sorted(file.name for file in (tmp_path / "out").rglob("*.png"))
    assert found == ["00002.jpg.png", "00003.jpg.png"]
    ended = run(f"{folder[0]}/2/*2.jpg", tmp_path / "globbed", address=cluster.address)
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "globbed" / "00002.jpg.png").exists()


def test_photos_with_names_of_any_kind_have_their_results(
    cluster: Cluster, store: tuple[str, Faults], photo: Path, tmp_path: Path
) -> None:
    import boto3

    query, front = store
    names = ["\u00e4.png", "a\u0308.png", "\u65e5\u672c \U0001f3d4.png", "a b%20c+d#e?.png", "sub \u00fc/-x.png"]
    photos = tmp_path / "\u00fcber"
    client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{front.target}")
    for name in names:
        (photos / name).parent.mkdir(parents=True, exist_ok=True)
        (photos / name).write_bytes(photo.read_bytes())
        client.upload_file(str(photo), "photos", f"named/{name}")
    client.upload_file(str(photo), "photos", "named/a//b.png")
    (photos / "empty.png").write_bytes(b"")
    (photos / "line\nbreak.png").write_bytes(photo.read_bytes())
    with open(os.fsencode(photos) + b"/gr\xfcn.png", "wb") as file:
        file.write(photo.read_bytes())

    for source, out, done, failures in (
        (photos, tmp_path / "tief \u00f6", 6, ("[output.name]", "[image.truncated]")),
        (f"s3://photos/named{query}", f"s3://depth/named \u00f6{query}", 5, ("[output.name]",)),
    ):
        for again in (False, True):
            ended = run(source, out, address=cluster.address)
            told = f"{0 if again else done} images done, {done if again else 0} done before, {len(failures)} failed"
            assert ended.returncode == 1 and told in ended.stderr, ended.stderr
            assert all(ended.stderr.count(each) == 1 for each in failures), ended.stderr
        found = results(_places.Place.of(str(out)))
        assert {f"{name}.png" for name in names} <= found.keys() and len(found) == done
        assert len(set(found.values())) == 1
