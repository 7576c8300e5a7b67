# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""Opens the pages of write_scene_files in a browser from file://, moves about in them and looks at what is drawn.

    pages.py WRITE_SCENE_FILES [FOLDER FOR SCREENSHOTS]

Ends with 77 (skipped) where something is missing: Playwright, axe-playwright-python, numpy, Pillow, Chromium.
"""

import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import numpy as np
    from axe_playwright_python.sync_playwright import Axe
    from PIL import Image
    from playwright.sync_api import sync_playwright
except ImportError as missing:
    print(
        f"skipped: {missing}; pip install numpy pillow playwright axe-playwright-python, and give cmake its Python as"
        " -DDA3_TEST_PYTHON=FILE"
    )
    sys.exit(77)

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SOFTWARE = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
SHOTS = Path(sys.argv[2]) if len(sys.argv) > 2 else None


class Pages:
    """A browser whose pages must neither fail nor ask the network for anything."""

    def __init__(self, playwright, arguments=SOFTWARE):
        self.browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        self.faults = []

    def open(self, path, width=1280, height=800):
        page = self.browser.new_page(viewport={"width": width, "height": height})
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on("console", lambda message: self.faults.append(message.text) if message.type == "error" else None)
        page.on("request", self.require_local)
        page.on("requestfailed", lambda request: self.faults.append(f"not loaded: {request.url}"))
        page.goto(path.as_uri())
        return page

    def require_local(self, request):
        if not request.url.startswith(("file:", "data:")):
            self.faults.append(f"request: {request.url}")

    def close(self):
        self.browser.close()
        assert not self.faults, self.faults


def shot(page, name, of=None):
    data = (page.locator(of) if of else page).screenshot()
    if SHOTS:
        SHOTS.mkdir(parents=True, exist_ok=True)
        (SHOTS / f"{name}.png").write_bytes(data)
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def wait(page, condition):
    """Playwright's own waiting needs eval, which the pages' security policy forbids."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"never: {condition}")


def settle(page):
    """Waits until the picture has stood still for half a second."""
    wait(page, "document.querySelector('#space').dataset.frames > 0")
    frames = -1
    while frames != (now := page.evaluate("document.querySelector('#space').dataset.frames")):
        frames = now
        page.wait_for_timeout(500)


def check_accessible(page, what):
    violations = Axe().run(page).response["violations"]
    assert not violations, (
        what,
        [(v["id"], v["help"], [n["html"][:120] for n in v["nodes"]][:3]) for v in violations],
    )


def check_scene(pages, path):
    page = pages.open(path)
    settle(page)
    assert page.title() == "Invented </script> scene & more"
    before = shot(page, "scene", "#space")
    drawn = np.abs(before - before[2, 2]).sum(2) > 60
    assert 0.02 < drawn.mean() < 0.9, f"{drawn.mean():.3f} of the picture is drawn"
    page.focus("#space")
    for key in ("ArrowLeft", "ArrowUp", "+", "w", "q"):
        page.keyboard.press(key)
        settle(page)
        after = shot(page, f"scene-{key}", "#space")
        assert (np.abs(after - before).sum(2) > 60).mean() > 0.005, f"key {key} moves nothing"
        before = after
    page.keyboard.press("n")
    settle(page)
    assert "View 2 of 3" in page.inner_text("#status")
    inside = shot(page, "scene-inside", "#space")
    covered = (np.abs(inside - inside[2, 2]).sum(2) > 60)[300:420, 300:420]
    assert covered.mean() > 0.9, f"from where the photo was taken {covered.mean():.2f} of the middle is filled"
    page.click("#cameras")
    assert page.get_attribute("#cameras", "aria-pressed") == "false"
    page.click("#cameras")
    page.keyboard.press("Tab")
    page.click("#reset")
    settle(page)
    # A camera is where the page says that it is: clicking it stands in it.
    page.mouse.move(5, 400)
    place = page.evaluate("""() => { const box = document.querySelector('#space').getBoundingClientRect();
        const seen = pageSpace.project(pageSpace.cameras[2].centre); return [box.x + seen[0], box.y + seen[1]]; }""")
    page.mouse.click(*place)
    settle(page)
    assert "View 3 of 3" in page.inner_text("#status"), page.inner_text("#status")
    slider = page.locator("#pair input")
    slider.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    assert slider.input_value() == "60"
    check_accessible(page, "scene")
    page.close()
    page = pages.open(path, 420, 800)
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 420, "the narrow page scrolls sideways"
    shot(page, "scene-narrow")
    page.close()


def check_without_webgl(playwright, path):
    pages = Pages(playwright, ["--no-sandbox", "--disable-gpu", "--disable-webgl", "--disable-3d-apis"])
    page = pages.open(path)
    alert = page.get_by_role("alert")
    alert.wait_for()
    assert "WebGL" in alert.inner_text()
    assert page.locator("#pair img").count() == 2, "photo and depth stay without WebGL"
    check_accessible(page, "scene without WebGL")
    shot(page, "scene-without-webgl")
    pages.faults = [fault for fault in pages.faults if "WebGL" not in fault]
    pages.close()


def check_gallery(pages, path):
    page = pages.open(path)
    first = page.locator("#photos img").first
    wait(page, "[...document.images].slice(0, 4).every((image) => image.complete && image.naturalWidth > 0)")
    assert page.inner_text("#summary") == "200 photos"
    half = shot(page, "gallery", "#photos li:first-child .compare")
    middle = half[half.shape[0] // 2]
    assert middle[10, 0] < 60 and middle[-10, 0] > 240, "photo on the left, depth on the right"
    assert abs(middle[-10, 1] - 127) < 30 and abs(middle[10, 1] - 127) < 30, "the two halves show the same rows"
    loaded = page.evaluate("document.querySelectorAll('#photos li').length")
    assert loaded < 200, "cards are made as the reader comes near them"
    for _ in range(20):
        page.keyboard.press("End")
        page.wait_for_timeout(100)
    assert page.locator("#photos li").count() == 200
    page.keyboard.press("Home")
    page.fill("#find", "<19")
    assert page.inner_text("#summary") == "11 of 200 photos"
    page.locator("#photos button").first.click()
    assert page.inner_text("#large-name") == "photo <19>.jpg"
    page.keyboard.press("PageDown")
    assert page.inner_text("#large-name") == "photo <190>.jpg"
    page.keyboard.press("End")
    page.wait_for_timeout(200)
    whole = shot(page, "gallery-large", "#large-picture .compare")
    assert (
        whole[whole.shape[0] // 2, -20, 0] > 200 and whole[whole.shape[0] // 2, 20, 0] < 60
    ), "only the photo is left"
    check_accessible(page, "gallery, enlarged")
    page.keyboard.press("Escape")
    assert not page.locator("#large").is_visible()
    check_accessible(page, "gallery")
    assert first.count() == 1
    page.close()


def main():
    if not CHROMIUM:
        print("skipped: no Chromium; apt-get install chromium")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        subprocess.run([sys.argv[1], name, "90", "120", "3"], check=True, stdout=subprocess.DEVNULL)
        pages = Pages(playwright)
        check_scene(pages, folder / "index.html")
        check_gallery(pages, folder / "gallery" / "index.html")
        pages.close()
        check_without_webgl(playwright, folder / "index.html")


if __name__ == "__main__":
    main()
