# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Scenes: cameras, points, files."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import da3


@pytest.fixture(scope="module")
def pictures(photos: list[Path]) -> list[npt.NDArray[np.uint8]]:
    return [np.ascontiguousarray(da3.read(each).pixels[:280, :280]) for each in photos]


@pytest.fixture(scope="module")
def scene(pose_model: da3.Model, pictures: list[npt.NDArray[np.uint8]]) -> da3.Scene:
    return pose_model.predict_scene(pictures, process_res=112)


def test_every_view_has_depth_and_a_camera(scene: da3.Scene) -> None:
    assert len(scene.views) == 3 and scene.unit is None and scene.reference in (0, 1, 2)
    for view in scene.views:
        assert view.depth.shape == view.confidence.shape == (112, 112)
        assert view.pixels.shape == (112, 112, 3)
        assert view.photo_size == (280, 280) and view.photo_depth().shape == (280, 280)
        rotation = view.camera.camera_from_world[:, :3]
        assert view.camera.camera_from_world.dtype == np.float64
        assert np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-4)
        assert view.photo_camera.intrinsics[0, 0] == pytest.approx(2.5 * view.camera.intrinsics[0, 0])
        assert view.predicted is None


def test_points_lie_where_their_pixels_see_them(scene: da3.Scene) -> None:
    assert scene.points.shape == scene.colors.shape and len(scene.points) > 1000
    view, row, column = (int(each) for each in scene.point_pixels[500])
    of = scene.views[view]
    seen = of.camera.camera_from_world @ np.append(scene.points[500], 1)
    assert seen[2] == pytest.approx(of.depth[row, column], rel=1e-5)
    where = of.camera.intrinsics @ seen / seen[2]
    assert where[:2] == pytest.approx([column + 0.5, row + 0.5], abs=1e-3)
    assert scene.colors[500].tolist() == of.pixels[row, column].tolist()
    assert scene.point_confidence[500] == of.confidence[row, column]


def test_what_files_would_not_have_cannot_be_written(scene: da3.Scene) -> None:
    camera = scene.views[0].camera
    for fixed in (scene.points, scene.colors, camera.intrinsics, camera.camera_from_world):
        with pytest.raises(ValueError, match="read-only"):
            fixed[0] = 0


def test_points_can_be_chosen_again(pose_model: da3.Model, pictures: list[npt.NDArray[np.uint8]]) -> None:
    scene = pose_model.predict_scene(pictures[:2], process_res=56)
    scene.choose_points(max_points=100)
    assert scene.points.shape == (100, 3) and scene.record["points"]["kept"] == 100
    scene.choose_points(keep=100, max_points=None)
    every = len(scene.points)
    assert every > 100
    scene.choose_points(max_points=None)
    assert len(scene.points) < every
    scene.choose_points(min_confidence=0, max_points=None)
    assert len(scene.points) == every
    infinite = float("inf")
    for wrong in (
        {"keep": 0},
        {"max_points": 0},
        {"edges": 0},
        {"edges": infinite},
        {"min_confidence": -1},
        {"min_confidence": infinite},
    ):
        with pytest.raises(da3.UsageError):
            scene.choose_points(**wrong)


def test_views_outlive_their_scene(pose_model: da3.Model, pictures: list[npt.NDArray[np.uint8]]) -> None:
    scene = pose_model.predict_scene(pictures[:2], process_res=56)
    depth = scene.views[1].depth
    before = depth.copy()
    del scene
    gc.collect()
    pose_model.predict_scene(pictures, process_res=56)
    assert np.array_equal(depth, before) and not depth.flags.writeable


def test_a_transposed_camera_is_refused(pose_model: da3.Model, pictures: list[npt.NDArray[np.uint8]]) -> None:
    matrix = np.eye(4)
    matrix[3, :3] = (1, 2, 3)
    cameras = [da3.Camera(np.diag((100.0, 100.0, 1.0)), matrix)] * len(pictures)
    with pytest.raises(da3.UsageError, match="last row"):
        pose_model.predict_scene(pictures, process_res=112, cameras=cameras)


def test_cameras_that_are_none_are_an_error_of_usage(
    pose_model: da3.Model, pictures: list[npt.NDArray[np.uint8]]
) -> None:
    mirrored = da3.Camera(np.diag((100.0, 100.0, 1.0)), np.diag((-1.0, 1.0, 1.0, 1.0))[:3])
    with pytest.raises(da3.UsageError) as refused:
        pose_model.predict_scene(pictures, process_res=112, cameras=[mirrored] * len(pictures))
    assert refused.value.code == "scene.cameras"


def test_known_cameras_give_the_unit(
    pose_model: da3.Model, pictures: list[npt.NDArray[np.uint8]], scene: da3.Scene
) -> None:
    known = []
    for view in scene.views:
        matrix = view.camera.camera_from_world.copy()
        matrix[:, 3] *= 40
        known.append(da3.Camera(view.photo_camera.intrinsics, matrix))
    given = pose_model.predict_scene(pictures, process_res=112, cameras=known)
    assert given.unit == "given" and given.views[0].predicted is not None
    # The network's rotations are float32, known ones the nearest in double; translations are some 40.
    assert np.allclose(given.views[2].camera.camera_from_world, known[2].camera_from_world, rtol=0, atol=1e-6 * 40)
    assert given.record["similarity"]["scale"] > 0
    with pytest.raises(da3.UsageError):
        pose_model.predict_scene(pictures, process_res=112, cameras=known[:2])


def test_files_are_those_of_the_program(
    pose_model: da3.Model, photos: list[Path], program: Callable[..., object], tmp_path: Path
) -> None:
    model = tmp_path / "tiny.pt"
    program("model", "export", Path(__file__).parents[1] / "data/golden/tiny", "-o", model)
    inputs = photos[:2]
    formats = "glb,ply,npz,colmap"
    # fmt: off
    program("scene", *inputs, "-m", model, "--allow-synthetic", "-o", tmp_path / "program", "-f", formats,
            "--depth-format", "none", "--device", "cpu", "--process-res", 112)
    # fmt: on
    scene = da3.load(model, device="cpu").predict_scene(inputs, process_res=112)
    for name in ("scene.glb", "points.ply", "scene.npz"):
        scene.save(tmp_path / name)
    scene.save(tmp_path / "sparse", "colmap")
    ours, theirs = np.load(tmp_path / "scene.npz"), np.load(tmp_path / "program/scene.npz")
    for name in ("depth", "conf", "extrinsics", "intrinsics", "image", "crop"):
        assert np.array_equal(ours[name], theirs[name]), name
    assert (tmp_path / "points.ply").read_bytes() == (tmp_path / "program/points.ply").read_bytes()
    points = (tmp_path / "sparse/points3D.bin").read_bytes()
    assert points == (tmp_path / "program/sparse/0/points3D.bin").read_bytes()
    scene.save(tmp_path / "cameras.json")
    assert json.loads((tmp_path / "cameras.json").read_text())["views"][1]["width"] == scene.views[1].photo_size[1]


def test_what_cannot_be_is_a_usage_error(
    model: da3.Model, pose_model: da3.Model, pictures: list[npt.NDArray[np.uint8]], scene: da3.Scene, tmp_path: Path
) -> None:
    for wrong in (
        lambda: model.predict_scene(pictures),
        lambda: pose_model.predict_scene([]),
        lambda: pose_model.predict_scene(pictures, reference="best"),
        lambda: pose_model.predict_scene(pictures, reference=3),
        lambda: pose_model.predict_scene(pictures, mixed="pad"),
        lambda: pose_model.predict_scene(pictures, window=3),
        lambda: scene.save(tmp_path / "scene.obj"),
        lambda: scene.save(tmp_path / "scene", "stl"),
    ):
        with pytest.raises(da3.UsageError):
            wrong()
    with pytest.raises(da3.OutputError):
        scene.save("/proc/nothing/scene.glb")
