# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the files of write_scene_files with programs that know nothing of da3, and compares what they find.

    read_scene_files.py WRITE_SCENE_FILES

Ends with 77 (skipped) where a reader is missing: numpy, trimesh, pygltflib, plyfile, pycolmap.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import numpy as np
    import plyfile
    import pycolmap
    import pygltflib
    import trimesh
except ImportError as missing:
    print(
        f"skipped: {missing}; pip install numpy trimesh pygltflib plyfile pycolmap, and give cmake its Python as"
        " -DDA3_TEST_PYTHON=FILE"
    )
    sys.exit(77)

TOLERANCE = 1e-5  # Of the distance to the point: float32 in three of the formats


def same(found, expected, what):
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    assert found.shape == expected.shape and found.size > 0, f"{what}: {found.shape} against {expected.shape}"
    error = np.abs(found - expected).max() / max(1.0, np.abs(expected).max())
    assert error < TOLERANCE, f"{what}: off by {error}"


def nerfstudio_cameras(folder):
    """What nerfstudio's reader takes from transforms.json, as camera_from_world and K."""
    meta = json.loads((folder / "transforms.json").read_text())
    poses, intrinsics = [], []
    for frame in meta["frames"]:
        pose = np.array(frame["transform_matrix"])
        pose[:3, 1:3] *= -1  # OpenGL to OpenCV
        poses.append(np.linalg.inv(pose)[:3])
        intrinsics.append([[frame["fl_x"], 0, frame["cx"]], [0, frame["fl_y"], frame["cy"]], [0, 0, 1]])
    return np.array(poses), np.array(intrinsics), meta


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([sys.argv[1], name], check=True, stdout=subprocess.DEVNULL)
        ours = json.loads((folder / "cameras.json").read_text())["views"]
        poses = np.array([view["camera_from_world"] for view in ours])
        intrinsics = np.array([view["intrinsics"] for view in ours])

        vertices = plyfile.PlyData.read(folder / "points.ply")["vertex"]
        points = np.stack([vertices[axis] for axis in "xyz"], 1).astype(float)
        colours = np.stack([vertices[name] for name in ("red", "green", "blue")], 1)
        assert vertices["confidence"].min() >= 1
        cloud = trimesh.load(folder / "points.ply")
        same(cloud.vertices, points, "trimesh, PLY")
        assert (np.asarray(cloud.colors)[:, :3] == colours).all()

        glb = trimesh.load(folder / "scene.glb")
        viewer = glb.graph.get("viewer")[0]
        transform, geometry = glb.graph.get("points")
        found = trimesh.transform_points(glb.geometry[geometry].vertices, transform)
        same(found, trimesh.transform_points(points, viewer), "trimesh, GLB in viewer axes")
        assert np.abs(np.median(found, 0)).max() < 1e-4
        transform, _ = glb.graph.get("view_photo0")
        world_from_camera = np.linalg.inv(viewer) @ transform @ np.diag([1, -1, -1, 1])
        same(np.linalg.inv(world_from_camera)[:3], poses[0], "trimesh, viewpoint")

        document = pygltflib.GLTF2().load(str(folder / "scene.glb"))
        accessor = document.accessors[document.meshes[0].primitives[0].attributes.POSITION]
        view = document.bufferViews[accessor.bufferView]
        data = document.binary_blob()[view.byteOffset : view.byteOffset + view.byteLength]
        same(np.frombuffer(data, "<f4").reshape(-1, 3), points, "pygltflib")
        tint = document.accessors[document.meshes[0].primitives[0].attributes.COLOR_0]
        view = document.bufferViews[tint.bufferView]
        data = document.binary_blob()[view.byteOffset : view.byteOffset + view.byteLength]
        linear = np.frombuffer(data, "<u2").reshape(-1, 4) / 65535
        srgb = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
        assert (np.rint(srgb[:, :3] * 255) == colours).all(), "GLB's colours"

        for model in ("sparse/0", "text"):
            reconstruction = pycolmap.Reconstruction(str(folder / model))
            assert len(reconstruction.points3D) == len(points)
            order = sorted(reconstruction.points3D)
            same([reconstruction.points3D[i].xyz for i in order], points, f"pycolmap, {model}")
            assert (np.array([reconstruction.points3D[i].color for i in order]) == colours).all()
            for number, image in sorted(reconstruction.images.items()):
                same(image.cam_from_world().matrix(), poses[number - 1], "pycolmap, pose")
                same(image.camera.calibration_matrix(), intrinsics[number - 1], "pycolmap, K")
                assert image.name == ours[number - 1]["photo"]
                for pixel in list(image.points2D)[:50]:
                    projected = image.project_point(reconstruction.points3D[pixel.point3D_id].xyz)
                    assert np.abs(projected - pixel.xy).max() < 1e-3, "a point does not fall on its pixel"

        read_poses, read_intrinsics, meta = nerfstudio_cameras(folder)
        same(read_poses, poses, "transforms.json, pose")
        same(read_intrinsics, intrinsics, "transforms.json, K")
        assert meta["ply_file_path"] == "points.ply" and meta["camera_model"] == "OPENCV"

        arrays = np.load(folder / "scene.npz")
        same(arrays["extrinsics"], poses, "scene.npz")
        assert arrays["depth"].dtype == np.float32 and arrays["image"].shape == (*arrays["depth"].shape, 3)
        assert list(arrays["photo"]) == [view["photo"] for view in ours]
        same(arrays["photo_size"], [[view["height"], view["width"]] for view in ours], "scene.npz, sizes")

        gaussians = plyfile.PlyData.read(folder / "gaussians.ply")["vertex"]
        assert len(gaussians) == 100
        same(1 / (1 + np.exp(-gaussians["opacity"])), 0.1 + 0.8 * np.arange(100) / 100, "Gaussians, opacity")
        same(np.exp(gaussians["scale_0"]), 0.1 + np.arange(100) / 100, "Gaussians, scale")
        same(gaussians["f_rest_8"], 21 * np.arange(100) / 100, "Gaussians, harmonics")


if __name__ == "__main__":
    main()
