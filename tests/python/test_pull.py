# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Published models, from a server that plays the hub with the reduced network of the golden fixtures."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import da3

GOLDEN = Path(__file__).parents[1] / "data/golden/tiny"
REPOSITORY = "somebody/DA3-TINY"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        self.licence = "apache-2.0"
        self.asked: list[str] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:  # noqa: N802
                hub: Hub = self.server  # type: ignore[assignment]
                hub.asked.append(self.path)
                content = hub.content(self.path)
                self.send_response(404 if content is None else 200)
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write(content or b"")

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def content(self, path: str) -> bytes | None:
        if path.startswith(f"/api/models/{REPOSITORY}"):
            weights = (GOLDEN / "model.safetensors").read_bytes()
            sha256 = hashlib.sha256(weights).hexdigest()
            lfs = {"sha256": sha256, "size": len(weights)}
            files = [
                {"rfilename": "config.json", "size": (GOLDEN / "config.json").stat().st_size},
                {"rfilename": "model.safetensors", "size": len(weights), "lfs": lfs},
            ]
            return json.dumps({"sha": COMMIT, "cardData": {"license": self.licence}, "siblings": files}).encode()
        resolve = f"/{REPOSITORY}/resolve/{COMMIT}/"
        if path.startswith(resolve) and "/" not in path.removeprefix(resolve):
            return (GOLDEN / path.removeprefix(resolve)).read_bytes()
        return None


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    server = Hub()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("DA3_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    for name in ("HF_HUB_CACHE", "HF_HUB_OFFLINE", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    yield server
    server.shutdown()


def test_a_pulled_model_loads_by_its_path_and_by_its_name(hub: Hub, photo: Path) -> None:
    file = da3.pull(REPOSITORY)
    assert file == Path(os.environ["DA3_HOME"]) / "models/da3-tiny.pt" and file.exists()
    model = da3.load(file, device="cpu")
    assert model.spec["weights"]["source"] == f"{REPOSITORY}@{COMMIT}/model.safetensors"
    assert da3.load("da3-tiny", device="cpu").predict(photo, process_res=56, raw=True).depth.size > 0


def test_a_licence_that_forbids_commercial_use_has_to_be_accepted(hub: Hub) -> None:
    hub.licence = "cc-by-nc-4.0"
    with pytest.raises(da3.ModelError, match="CC-BY-NC") as refused:
        da3.pull(REPOSITORY)
    assert refused.value.code == "model.licence"
    assert not any(path.endswith("model.safetensors") for path in hub.asked)
    assert da3.pull(REPOSITORY, accept_license=True).exists()


def test_a_failed_download_is_a_model_error_with_its_code(hub: Hub, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(da3.ModelError, match="404") as failed:
        da3.pull("somebody/nothing")
    assert failed.value.code == "model.fetch"
    with pytest.raises(da3.Error):
        da3.pull("--help")
    assert capfd.readouterr().err == ""


def test_progress_is_told_on_standard_error_if_asked_for(hub: Hub, capfd: pytest.CaptureFixture[str]) -> None:
    da3.pull(REPOSITORY, progress=True)
    told = capfd.readouterr()
    assert "Apache-2.0" in told.err and told.out == ""
