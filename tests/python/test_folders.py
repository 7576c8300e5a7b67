# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Folder runs: the program's results, resuming, failures, stopping."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import da3

Program = Callable[..., subprocess.CompletedProcess[str]]


def test_writes_what_the_program_writes_and_resumes(
    model: da3.Model, program: Program, photos: list[Path], tmp_path: Path
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for photo in photos:
        shutil.copy(photo, folder)
    (folder / "broken.jpg").write_bytes(photos[0].read_bytes()[:5000])
    # The bundled network's last bits depend on the batch (its convolutions are LibTorch's own).
    run = da3.infer(folder, tmp_path / "python", model, formats=["png16", "vis"], batch=1)
    results = {Path(result.path).name: result for result in run}
    assert run.summary is not None and (run.summary.done, run.summary.failed) == (3, 1)
    assert run.progress is None or run.progress.failed <= 1
    broken = results.pop("broken.jpg")
    assert broken.status == "failed" and isinstance(broken.error, da3.InputError)
    assert broken.error.code == broken.record["error"]["code"] == "image.truncated"
    for result in results.values():
        assert result.status == "done" and result.error is None and result.record["depth"]["unit"] == "m"

    with pytest.raises(subprocess.CalledProcessError) as ended:
        program("infer", folder, "--device", "cpu", "--batch", 1, "-o", tmp_path / "program")
    assert ended.value.returncode == 1
    names = sorted(path.name for path in (tmp_path / "program").glob("*.png"))
    assert len(names) == 6
    for name in names:
        assert (tmp_path / "python" / name).read_bytes() == (tmp_path / "program" / name).read_bytes()

    again = da3.infer([str(folder)], tmp_path / "python", model, formats=["png16", "vis"]).wait()
    assert (again.done, again.skipped, again.failed) == (0, 3, 1)
    with pytest.raises(da3.UsageError, match="overwrite"):
        da3.infer(folder, tmp_path / "python", model, formats=["exr"]).wait()


def test_nothing_runs_before_it_is_asked_for_and_the_rest_runs_later(
    model: da3.Model, photos: list[Path], tmp_path: Path
) -> None:
    da3.infer(photos, tmp_path, model)
    assert list(tmp_path.iterdir()) == []
    with da3.infer(photos, tmp_path, model) as run:
        first = next(run)
    assert first.status == "done"
    rest = da3.infer(photos, tmp_path, model).wait()
    assert rest.done + rest.skipped == 3 and rest.skipped >= 1
    run = da3.infer(photos, tmp_path, model)
    run.stop()
    assert list(run) == []


def test_the_same_call_goes_on_after_a_loop_that_was_left(
    model: da3.Model, photos: list[Path], tmp_path: Path
) -> None:
    for _ in da3.infer(photos, tmp_path, model, batch=1):
        break
    rest = da3.infer(photos, tmp_path / "." / "", model, batch=1).wait()
    assert rest.done + rest.skipped == 3 and rest.skipped >= 1


@pytest.fixture
def many(photo: Path, tmp_path: Path) -> Path:
    """A folder of more photos than a run does before its results are taken."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(400):
        os.link(photo, folder / f"{number}.png") if number else shutil.copy(photo, folder / "0.png")
    return folder


def test_a_run_that_is_held_in_a_variable_is_left_by_the_same_call(
    model: da3.Model, many: Path, photos: list[Path], tmp_path: Path
) -> None:
    held = da3.infer(many, tmp_path / "depth", model, batch=1, formats=["npy"])
    for _ in held:
        break
    assert da3.infer(photos, tmp_path / "depth", model, batch=1, formats=["npy"]).wait().done == 3
    with pytest.raises(da3.Interrupted, match="took the folder over"):
        list(held)


def test_a_loop_that_goes_on_after_another_took_its_folder_says_so(
    model: da3.Model, many: Path, photos: list[Path], tmp_path: Path
) -> None:
    seen = 0
    with pytest.raises(da3.Interrupted, match="took the folder over"):
        for _ in da3.infer(many, tmp_path / "depth", model, batch=1, formats=["npy"]):
            seen += 1
            if seen == 2:
                da3.infer(photos, tmp_path / "depth", model, batch=1, formats=["npy"]).wait()
    assert 2 <= seen < 400
    # All is done: nothing was lost, whoever calls in between.
    whole = da3.infer(photos, tmp_path / "whole", model, batch=1)
    first = next(whole)
    whole._work.thread.join()
    da3.infer(photos, tmp_path / "whole", model, batch=1).wait()
    assert len([first, *whole]) == len(photos)


def test_waiting_for_a_run_that_is_stopped_is_interrupted(
    model: da3.Model, many: Path, photos: list[Path], tmp_path: Path
) -> None:
    run = da3.infer(many, tmp_path / "depth", model, batch=1, formats=["npy"])
    next(run)
    run.stop()
    with pytest.raises(da3.Interrupted):
        run.wait()
    assert run.summary is not None and run.summary.interrupted
    whole = da3.infer(photos, tmp_path / "whole", model, batch=1)
    assert whole.wait().done == len(photos)
    whole.stop()
    assert whole.wait().done == len(photos)


def test_options_are_checked(model: da3.Model, photos: list[Path], tmp_path: Path) -> None:
    for wrong in ({"formats": ["gif"]}, {"confidence": True}, {"shard": (3, 2)}, {"colormap": "none"}):
        with pytest.raises(da3.UsageError):
            da3.infer(photos, tmp_path, model, **wrong).wait()
    for wrong in ({"size": "huge"}, {"batch": 0}, {"limit": -1}, {"vis_range": (2, 1)}):
        with pytest.raises(da3.UsageError):
            da3.infer(photos, tmp_path, model, **wrong)
    with pytest.raises(da3.UsageError):
        da3.infer("-", tmp_path, model).wait()
    with pytest.raises(da3.Error) as none:
        da3.infer([], tmp_path, model).wait()
    assert none.value.code == "input.none"
    assert da3.infer(photos, tmp_path, model, formats=[], limit=2).wait().done == 2


def test_shards_divide_the_inputs(model: da3.Model, photos: list[Path], tmp_path: Path) -> None:
    done = [da3.infer(photos, tmp_path, model, shard=(index, 2)).wait().done for index in (1, 2)]
    assert sum(done) == 3


def run_slurm_task(photos: Path, out: Path, task: int, array: str, **more: str) -> subprocess.CompletedProcess[str]:
    """A task as Slurm starts it; `array`: the smallest and the largest of the tasks that were submitted."""
    script = Path(__file__).resolve().parents[2] / "examples/scaling/slurm.sh"
    first, last = array.split("-")
    environment = {
        **os.environ,
        "SLURM_ARRAY_TASK_ID": str(task),
        "SLURM_ARRAY_TASK_MIN": first,
        "SLURM_ARRAY_TASK_MAX": last,
        "DA3": str(da3.prefix() / "bin/da3"),
        **more,
    }
    return subprocess.run(
        ["bash", script, photos, out, "-f", "npy"],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.parametrize("first", [0, 5])
def test_the_script_for_slurm_gives_every_task_its_shard(photos: list[Path], tmp_path: Path, first: int) -> None:
    for task in range(first, first + 3):
        run_slurm_task(photos[0].parent, tmp_path, task, f"{first}-{first + 2}").check_returncode()
    assert len(list(tmp_path.glob("*.npy"))) == len(photos)
    assert len(list(tmp_path.glob("manifest*.jsonl"))) == 3


def test_tasks_for_slurm_that_are_submitted_again_keep_their_shard(photos: list[Path], tmp_path: Path) -> None:
    folder = photos[0].parent
    run_slurm_task(folder, tmp_path, 1, "1-4").check_returncode()
    gaps = run_slurm_task(folder, tmp_path / "new", 2, "2-4", SLURM_ARRAY_TASK_COUNT="2")
    assert gaps.returncode == 2 and "gaps" in gaps.stderr
    other = run_slurm_task(folder, tmp_path, 2, "2-3", SLURM_ARRAY_TASK_COUNT="2")
    assert other.returncode == 2 and "another division" in other.stderr
    for task in (2, 3, 4):
        again = run_slurm_task(folder, tmp_path, task, "2-4", SLURM_ARRAY_TASK_COUNT="3", DA3_ARRAY="1-4")
        again.check_returncode()
    assert len(list(tmp_path.glob("*.npy"))) == len(photos)
    assert len(list(tmp_path.glob("manifest.*-of-4.jsonl"))) == 4


@pytest.mark.parametrize("array", ["1-4,7", "1-9:2", "4", "a-b"])
def test_the_script_for_slurm_takes_no_array_with_gaps(photos: list[Path], tmp_path: Path, array: str) -> None:
    refused = run_slurm_task(photos[0].parent, tmp_path, 1, "1-7", DA3_ARRAY=array)
    assert refused.returncode == 2 and "FIRST-LAST" in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_script_for_slurm_takes_a_limit_of_tasks_at_once(photos: list[Path], tmp_path: Path) -> None:
    run_slurm_task(photos[0].parent, tmp_path, 2, "2-2", DA3_ARRAY="1-2%1").check_returncode()
    assert (tmp_path / "manifest.2-of-2.jsonl").exists()


def test_what_a_callback_raises_ends_the_run(model: da3.Model, photos: list[Path], tmp_path: Path) -> None:
    def progress(_: da3.Progress) -> None:
        raise LookupError("of the caller")

    with pytest.raises(LookupError, match="of the caller"):
        da3.infer(photos, tmp_path, model, progress=progress).wait()


def test_synthetic_models_are_refused_unless_allowed(
    synthetic_model: da3.Model, photos: list[Path], tmp_path: Path
) -> None:
    with pytest.raises(da3.ModelError) as refused:
        da3.infer(photos[:1], tmp_path, synthetic_model).wait()
    assert refused.value.code == "model.synthetic"
    assert da3.infer(photos[:1], tmp_path, synthetic_model, process_res=56, allow_synthetic=True).wait().done == 1


@pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes")
def test_names_need_not_be_utf8(model: da3.Model, photo: Path, tmp_path: Path) -> None:
    strange = os.fsencode(tmp_path) + b"/gr\xfcn \xc3\xa4.png"
    shutil.copy(photo, strange)
    result = next(da3.infer(os.fsdecode(strange), tmp_path / "depth", model, formats=["npy"]))
    assert os.fsencode(result.path) == strange
    assert b"gr\xfcn \xc3\xa4.npy" in os.listdir(os.fsencode(tmp_path / "depth"))
    assert da3.read(os.fsdecode(strange)).pixels.size > 0


_INTERRUPTED = """
import os, signal, sys, da3
signal.signal(signal.SIGINT, signal.default_int_handler)  # Shells ignore it in the background
photos, output = sys.argv[1], sys.argv[2]
seen = 0
try:
    for result in da3.infer(photos, output, device="cpu", formats=["npy"]):
        seen += 1
        if seen == 3:
            os.kill(os.getpid(), signal.SIGINT)
except KeyboardInterrupt:
    print("interrupted", seen)
"""


def test_keyboard_interrupt_stops_a_run_as_sigint_does(many: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", _INTERRUPTED, str(many), str(tmp_path / "depth")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert ended.stdout.startswith("interrupted"), ended.stderr
    assert ended.returncode != -signal.SIGINT
    records = [json.loads(line) for line in (tmp_path / "depth" / "manifest.jsonl").read_text().splitlines()]
    done = [record for record in records if record.get("status") == "done"]
    assert 3 <= len(done) < 400
    assert len(list((tmp_path / "depth").glob("*.npy"))) == len(done)
    assert list((tmp_path / "depth").glob("*.tmp")) == []
