# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""The parts of da3.ray that need no cluster: names, lists, blocks, manifests, puts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

arrow = pytest.importorskip("pyarrow")

import da3  # noqa: E402
from da3.ray import __main__, _blocks, _inputs, _photos, _places, _worker  # noqa: E402

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes")


def test_blocks_change_around_a_change_alone() -> None:
    entries = [_places.Entry(f"{i:06d}.jpg", "", "1") for i in range(5000)]
    before = list(_blocks.blocks(entries, 64))
    assert sum(len(block.entries) for block in before) == 5000
    assert max(len(block.entries) for block in before) <= 256
    after = list(_blocks.blocks([*entries[:2000], _places.Entry("002000-new.jpg", "", "1"), *entries[2000:]], 64))
    changed = {block.key for block in after} - {block.key for block in before}
    same = {(block.key, block.entries) for block in before} & {(block.key, block.entries) for block in after}
    assert len(changed) <= 1 and len(same) >= len(before) - 2


def test_a_manifest_that_another_worker_replaces_meanwhile_is_passed_over(tmp_path: Path) -> None:
    place = _places.Place.of(str(tmp_path))
    manifests = _blocks.Manifests(place, {"model": "m"})
    first = _blocks.Block("key", (_places.Entry("a.jpg", "", "1"),))
    both = _blocks.Block("key", (*first.entries, _places.Entry("b.jpg", "", "1")))
    rows = [_blocks.Row(entry.name, entry.identity, "done", None, None, "{}") for entry in both.entries]
    manifests.commit(first, rows[:1], [])
    _, before = manifests.known(first)
    manifests.commit(both, rows, before)

    class Late(_places.Place):
        def names(self, folder: str) -> list[str]:
            return [Path(before[0]).name, *super().names(folder)]

    late = _blocks.Manifests(Late(place.filesystem, place.root), {"model": "m"})
    found, files = late.known(both)
    assert list(found.values()) == rows and len(files) == 1
    assert _blocks.Manifests(place, {"model": "another"}).known(both) == ({}, [])


def test_leftovers_of_killed_writers_are_swept(tmp_path: Path) -> None:
    mine, other, old = (_places.Place(_places.Place.of(".").filesystem, str(tmp_path), job) for job in ("m", "o", "x"))
    for place in (mine, other, old):
        place.put(f"{place.job}.png", b"content")
        (tmp_path / _places.STAGING / place.job / "half").write_bytes(b"con")
    os.utime(tmp_path / _places.STAGING / "x", (1, 1))
    mine.sweep()
    assert [each.name for each in (tmp_path / _places.STAGING).iterdir()] == ["o"]
    other.sweep()
    assert sorted(each.name for each in tmp_path.iterdir()) == [".da3", "m.png", "o.png", "x.png"]
    assert list((tmp_path / ".da3").iterdir()) == []


def test_listing_many_names_holds_few_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tracemalloc

    peaks = []
    # Both far more than what is read of the list at a time.
    monkeypatch.setattr(_inputs, "PIECE_BYTES", 1 << 14)
    for count in (10_000, 100_000):
        file = tmp_path / f"{count}.txt"
        with open(file, "w", encoding="utf-8") as out:
            out.writelines(f"/photos/{i:09d}.jpg\n" for i in range(count))
        tracemalloc.start()
        _, entries = _inputs.inputs(str(file))
        assert sum(len(block.entries) for block in _blocks.blocks(entries, 64)) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # A name that is kept takes 70 bytes and more.
    assert peaks[1] - peaks[0] < 90_000


def test_puts_are_whole_and_retried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    place = _places.Place.of(str(tmp_path))
    attempts = 0
    real = os.replace

    def failing(*args: Any) -> None:
        nonlocal attempts
        attempts += 1
        if attempts < 4:
            raise ConnectionResetError("cut")
        real(*args)

    monkeypatch.setattr(os, "replace", failing)
    place.put("a/b.png", b"content")
    assert attempts == 4 and place.read("a/b.png") == b"content"
    assert [file.name for file in (tmp_path / "a").iterdir()] == ["b.png"]
    attempts = -1000
    with pytest.raises(OSError, match="given up after"):
        place.put("a/c.png", b"content")
    assert [file.name for file in (tmp_path / "a").iterdir()] == ["b.png"]


def test_a_full_disk_is_told_at_once_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = _places.Place.of(str(tmp_path))
    attempts = 0

    def full(*args: Any) -> None:
        nonlocal attempts
        attempts += 1
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        place.put("a/b.png", b"content")
    assert attempts == 1 and list((tmp_path / "a").iterdir()) == []
    assert list((tmp_path / _places.STAGING / place.job).iterdir()) == []


def test_a_clock_that_is_wrong_sweeps_no_living_job_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, living = (_places.Place(_places.Place.of(".").filesystem, str(tmp_path), job) for job in ("mine", "living"))
    for place in (mine, living):
        place.put(f"{place.job}.png", b"content")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 5 * 3600)
    mine.sweep()
    assert [each.name for each in (tmp_path / _places.STAGING).iterdir()] == ["living"]


def names_of(url: object) -> list[str]:
    return [entry.name for entry in _inputs.inputs(str(url))[1]]


def test_folders_have_names_of_any_kind(tmp_path: Path) -> None:
    odd = [
        "\u00e4.jpg",
        "a\u0308.jpg",
        "\u65e5\u672c \U0001f3d4.jpg",
        "a b%20c+d#e?.jpg",
        "-dash.JPG",
        "back\\slash.jpg",
    ]
    for name in [*odd, "line\nbreak.jpg", ".hidden.jpg", "text.txt"]:
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "brackets [1]").mkdir()
    (tmp_path / "brackets [1]" / "x.jpg").write_bytes(b"")
    os.close(os.open(os.fsencode(tmp_path) + b"/gr\xfcn.jpg", os.O_CREAT))
    os.symlink(tmp_path, tmp_path / "loop")
    os.symlink(tmp_path / "nothing", tmp_path / "nothing.jpg")
    assert sorted(names_of(tmp_path)) == sorted([*odd, "line\nbreak.jpg", "brackets [1]/x.jpg", "gr\udcfcn.jpg"])
    # A name that exists means itself, although a glob looks like it.
    assert names_of(tmp_path / "brackets [1]") == ["x.jpg"]
    assert names_of(f"{tmp_path}/brackets*/*.jpg") == ["brackets [1]/x.jpg"]
    with pytest.raises(da3.UsageError, match="UTF-8"):
        _places.Place.of(os.fsdecode(b"/tmp/gr\xfcn"))


def test_names_that_results_cannot_have_are_said_so() -> None:
    for name in ("a//b.jpg", "../b.jpg", "a/../../b.jpg", "a/./b.jpg", "gr\udcfcn.jpg"):
        assert _places.flaw_of(name), name
    for name in ("a.jpg", "a/..b.jpg", "\u00e4/b..jpg", "a\nb.jpg"):
        assert _places.flaw_of(name) is None, name
    store = _places.Place(_places.arrow.S3FileSystem(anonymous=True, region="us-east-1"), "bucket/out")
    assert store.takes("n" * 1020) and not store.takes("n" * 1021) and not store.takes("\u00e4" * 511)


def test_lists_are_read_as_people_write_them(tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_bytes(b"\xef\xbb\xbf/a/1.jpg\r\n\r\n  /a/two words?.jpg  \n/a/gr\xfcn.jpg\n/a/../b/3.jpg\n/a/last.jpg")
    assert names_of(file) == ["a/1.jpg", "a/two words?.jpg", "a/gr\udcfcn.jpg", "b/3.jpg", "a/last.jpg"]
    file.write_text("s3://bucket/a%20b.jpg?region=x\ns3://bucket/c/../../d.jpg\n")
    assert names_of(file) == ["bucket/a b.jpg", "bucket/c/../../d.jpg"]
    file.write_text("")
    assert names_of(file) == []
    for content in ("/a/1.jpg\ns3://bucket/2.jpg\n", "s3://bucket/2.jpg\n/a/1.jpg\n"):
        file.write_text(content)
        with pytest.raises(OSError, match="names of one store"):
            names_of(file)


def test_lists_of_parquet_hold_names(tmp_path: Path) -> None:
    import pyarrow.parquet as parquet

    file = tmp_path / "list.parquet"
    parquet.write_table(arrow.table({"url": ["/a/1.jpg", "/a/2.jpg"], "more": [1, 2]}), file)
    assert names_of(file) == ["a/1.jpg", "a/2.jpg"]
    for table in (arrow.table({"number": [1, 2]}), arrow.table({"url": ["/a/1.jpg", None]})):
        parquet.write_table(table, file)
        with pytest.raises(OSError, match="names of photos"):
            names_of(file)
    file.write_bytes(b"PAR1 no")
    with pytest.raises(OSError, match="Parquet"):
        names_of(file)


def test_a_name_that_comes_twice_counts_once() -> None:
    entries = [_places.Entry(f"{number // 2}.jpg", "", "1") for number in range(400)]
    found = [entry.name for block in _blocks.blocks(entries, 16) for entry in block.entries]
    assert found == [f"{number}.jpg" for number in range(200)]
    mixed = [_places.Entry(name, "", "1") for name in ("a.jpg", "b.jpg", "a.jpg", "c.jpg")]
    (block,) = _blocks.blocks(mixed, 1 << 30)
    assert [entry.name for entry in block.entries] == ["a.jpg", "b.jpg", "c.jpg"]


def test_a_listing_that_never_ends_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    boto3 = pytest.importorskip("boto3")

    class Client:
        def __init__(self, token: str | None) -> None:
            self.token = token

        def list_objects_v2(self, **_: Any) -> Any:
            content = [{"Key": "in/a.jpg", "Size": 1, "ETag": "x"}]
            return {"Contents": content, "IsTruncated": True, "NextContinuationToken": self.token}

    place = _places.Place(None, "bucket/in")
    for token in (None, "the same"):
        monkeypatch.setattr(boto3, "client", lambda *_, token=token, **__: Client(token))
        entries = _inputs._walk_s3("s3://bucket/in", place)
        assert entries is not None
        with pytest.raises(OSError, match="how to go on"):
            list(entries)


def test_globs_begin_where_they_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.png").write_bytes(b"")
    assert names_of("*.png") == ["a.png"]
    assert _inputs.inputs("/no-such-photo-*.png")[0].root == "/"
    with pytest.raises(da3.UsageError, match="bucket"):
        _inputs.inputs("s3://*/a.png")


def test_folders_of_results_are_known_by_what_is_in_their_manifests(tmp_path: Path) -> None:
    for name, beginning in {
        "results/manifest.jsonl": '{"type":"run","schema":1}',
        "shards/manifest.2-of-3.jsonl": '{"type":"run","schema":1}',
        "scene/manifest.jsonl": '{"attention":"sdpa","command":"scene","device":"cpu"}',
        "video/manifest.jsonl": '{"bits":8,"codec":"ffv1","da3":"0.1.0","encoder":{"vis":"libx264"}}',
        "data/manifest.jsonl": '{"file":"a.png","caption":"cup"}',
        "empty/manifest.jsonl": "",
    }.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(beginning)
        (tmp_path / name).with_name("a.png").write_bytes(b"")
    assert names_of(tmp_path) == ["data/a.png", "empty/a.png"]


def test_numbers_that_are_none_are_errors_of_usage() -> None:
    for wrong in (["--limit", "-1"], ["--limit", "0"], ["--batch", "\u00b2"], ["--workers", "0"]):
        options = __main__.parser().parse_args(["in", "out", *wrong])
        with pytest.raises(da3.UsageError, match=wrong[0]):
            __main__.work_of(options, 0)


def test_manifests_of_a_time_before_other_options_never_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = _places.Place.of(str(tmp_path))
    one, two = {"model": "one"}, {"model": "two"}
    block = _blocks.Block("key", (_places.Entry("a.jpg", "", "1"),))
    rows = [_blocks.Row("a.jpg", "1", "done", None, None, "{}")]

    def ends(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", lambda _: None)
    assert _blocks.agree(place, one, False) is None
    _blocks.Manifests(place, one).commit(block, rows, [])
    monkeypatch.setattr(time, "sleep", ends)
    with pytest.raises(KeyboardInterrupt):
        _blocks.agree(place, two, True)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    # It replaces results; the command of the first ones begins anew, and ends early.
    assert _blocks.agree(place, two, False) is None
    _blocks.Manifests(place, two).commit(block, rows, [])
    assert _blocks.agree(place, one, True) is None
    for run in (one, two):
        assert _blocks.Manifests(place, run).known(block) == ({}, [])


class Pretended:
    """In a network's place: the bytes of a file are its result."""

    batch = 1
    spec = {"name": "pretended", "weights": {"sha256": "0"}}  # noqa: RUF012

    def decode(self, data: bytes) -> Any:
        return data

    def predict(self, photos: list[Any]) -> list[Any]:
        return photos

    def outcome(self, photo: Any, found: Any) -> _photos.Outcome:
        return _photos.Outcome(files={"png16": photo})


def job(source: Path, output: Path, overwrite: bool = False, predictor: Any = None) -> _worker.Report:
    place, entries = _inputs.inputs(str(source))
    results = _places.Place.of(str(output))
    worker = _worker.Worker(_photos.Work(), place, results, predictor or Pretended())
    assert _blocks.agree(results, worker.run(), overwrite) is None
    return worker.process(_blocks.Block("key", tuple(entries)), overwrite)


def test_files_that_were_there_before_are_never_replaced(tmp_path: Path) -> None:
    photos, out = tmp_path / "photos", tmp_path / "out"
    for folder in (photos, out):
        folder.mkdir()
    for name in ("a.jpg", "b.jpg"):
        (photos / name).write_bytes(b"result")
    (out / "a.jpg.png").write_bytes(b"precious")
    for overwrite in (False, True):
        report = job(photos, out, overwrite)
        assert report.done == 1 and [(name, code) for name, code, _ in report.failed] == [("a.jpg", "output.exists")]
        assert (out / "a.jpg.png").read_bytes() == b"precious" and (out / "b.jpg.png").read_bytes() == b"result"
    (out / "a.jpg.png").unlink()
    assert job(photos, out).done == 1
    assert job(photos, out, True).done == 2


def test_pictures_of_a_folder_are_those_of_da3_infer(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    others = (".JPG", ".Heic", ".GIF", ".txt", ".mp4", ".jp2", ".psd", ".npy", ".pfm", ".json", "", ".")
    for i, ending in enumerate((*_inputs.READ, *_inputs.UNREAD, *others)):
        (photos / f"{i}{ending}").touch()
    command = [da3.prefix() / "bin" / "da3", "infer", photos, "-o", tmp_path / "out", "--device", "cpu", "--json"]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    of_infer = {Path(json.loads(line)["path"]).name for line in said.stdout.splitlines()}
    assert {".heic", ".avif", ".gif", ".dng", ".JPG"} <= {Path(name).suffix for name in of_infer}
    _, entries = _inputs.inputs(str(photos))
    assert {entry.name for entry in entries} == of_infer


def test_raw_files_fail_instead_of_being_taken_for_tiff_files(tmp_path: Path) -> None:
    class Telling(Pretended):
        def outcome(self, photo: Any, found: Any) -> _photos.Outcome:
            return _photos.Outcome(error=found) if isinstance(found, da3.Error) else super().outcome(photo, found)

    photos = tmp_path / "photos"
    photos.mkdir()
    for name in ("a.dng", "b.NEF", "c.tif"):
        (photos / name).write_bytes(b"MM\0*" if name == "b.NEF" else b"II*\0")
    (photos / "d.gif").write_bytes(b"the content decides")
    report = job(photos, tmp_path / "out", predictor=Telling())
    assert [(name, code) for name, code, _ in sorted(report.failed)] == [
        ("a.dng", "image.unsupported"),
        ("b.NEF", "image.unsupported"),
    ]
    assert report.done == 2


def test_no_result_lies_among_the_photos(tmp_path: Path) -> None:
    photos = tmp_path / "a"
    (photos / "a").mkdir(parents=True)
    (photos / "a" / "x.jpg").write_bytes(b"result")
    (photos / "y.jpg").write_bytes(b"result")
    report = job(photos, tmp_path)
    assert report.done == 1 and [(name, code) for name, code, _ in report.failed] == [("a/x.jpg", "output.exists")]
    assert sorted(each.name for each in photos.iterdir()) == ["a", "y.jpg"]
    # Below them, in a folder of their own, is a place like any other.
    assert job(photos, photos / "out").done == 2


def test_another_model_at_a_url_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(_photos.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0))
    model = tmp_path / "m.pt"
    for content in (b"first", b"another"):
        model.write_bytes(content)
        for _ in range(2):
            file = _photos.model_file(f"file://{model}")
            assert file is not None and Path(file).read_bytes() == content
    assert len(list((tmp_path / "cache/da3/fetched").glob("*.pt"))) == 1
    model.unlink()
    with pytest.raises(da3.ModelError, match="not found"):
        _photos.model_file(f"file://{model}")
