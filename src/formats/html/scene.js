// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
// The page of a scene. #scene-data says what there is, #point-data holds the points: base64 of N x 3 float32 (relative
// to `origin`), then N x 3 bytes of colour.
"use strict";

const byId = (id) => document.getElementById(id);
const scene = JSON.parse(byId("scene-data").textContent);
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
const kFov = 50 * Math.PI / 180;

function readPoints() {
  const holder = byId("point-data");
  const text = atob(holder.textContent.trim());
  holder.remove();
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return {positions: new Float32Array(bytes.buffer, 0, scene.points * 3), colours: bytes.subarray(scene.points * 12)};
}

function hue(share) {
  return [0, 4, 2].map((shift) => {
    const ramp = Math.abs(((share * 6 + shift) % 6) - 3) - 1;
    return 0.95 * (1 - 0.85 * (1 - Math.max(0, Math.min(1, ramp))));
  });
}
const colours = scene.views.map((_, i) => hue((i + 0.5) / scene.views.length));
const css = (colour) => `rgb(${colour.map((value) => Math.round(value * 255)).join(" ")})`;

/**
   Diagonal of the box between the 5th and the 95th percentile of the points, and that box with the cameras in it, both
    in viewer axes.
 */
function measure(positions, viewer, centres) {
  const step = Math.max(1, Math.floor(scene.points / 20000));
  const seen = [[], [], []];
  for (let i = 0; i < scene.points; i += step) {
    transform(viewer, positions.subarray(i * 3, i * 3 + 3)).forEach((value, k) => seen[k].push(value));
  }
  const at = (values, share) => values[Math.floor(share * (values.length - 1))];
  seen.forEach((values) => values.sort((a, b) => a - b));
  const box = seen.map((values) => (values.length > 0 ? [at(values, 0.05), at(values, 0.95)] : [0, 0]));
  const diagonal = Math.hypot(...box.map(([low, high]) => high - low)) || 1;
  const whole = box.map(
      ([low, high], k) =>
          centres.reduce(([a, b], centre) => [Math.min(a, centre[k]), Math.max(b, centre[k])], [low, high]));
  return {diagonal, whole};
}

/** An eye that sees all of a box, from the right and above. */
function overviewOf(box) {
  const eye = new Eye(box.map(([low, high]) => (low + high) / 2), 1, 0.5, 0.35, 0, kFov);
  const {right, up, back} = eye.axes(), opening = Math.tan(kFov / 2);
  eye.distance = 1e-6;
  for (let corner = 0; corner < 8; corner++) {
    const away = box.map(([low, high], k) => ((corner >> k) & 1 ? high - low : low - high) / 2);
    eye.distance = Math.max(
        eye.distance, dot(back, away) + Math.max(Math.abs(dot(right, away)), Math.abs(dot(up, away))) * 0.88 / opening);
  }
  return eye;
}

/** The camera in the axes of the points (OpenCV axes in, world minus origin out), and the corners of its picture. */
function placeCamera(view, depth) {
  const pose = invertRigid(fromRows(view.camera_from_world));
  for (let k = 0; k < 3; k++) pose[12 + k] -= scene.origin[k];
  const [fx, , cx, , fy, cy] = view.intrinsics;
  const corner = (u, v) => transform(pose, [(u - cx) / fx * depth, (v - cy) / fy * depth, depth]);
  return {
    pose,
    centre: pose.slice(12, 15),
    corners: [corner(0, 0), corner(view.width, 0), corner(view.width, view.height), corner(0, view.height)],
  };
}

function outlineOf({centre, corners}) {
  return corners.flatMap((corner, i) => [...centre, ...corner, ...corner, ...corners[(i + 1) % 4]]);
}

class Space {
  constructor(canvas, points) {
    this.canvas = canvas;
    this.positions = points.positions;
    this.viewer = multiply(fromRows(scene.viewer), [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, ...scene.origin, 1]);
    const centres = scene.views.map((view) => transform(this.viewer, placeCamera(view, 1).centre));
    const {diagonal, whole} = measure(points.positions, this.viewer, centres);
    this.diagonal = diagonal;
    this.cameras = scene.views.map((view) => placeCamera(view, 0.03 * diagonal));
    this.cloud = new Cloud(
        canvas, points, new Float32Array(this.cameras.flatMap(outlineOf)),
        new Float32Array(colours.flatMap((colour) => new Array(16).fill(colour).flat())),
        this.cameras.map(({corners}, i) => ({corners, picture: scene.views[i].photo})));
    this.cloud.onPhoto = () => this.redraw();
    this.overview = overviewOf(whole);
    this.eye = this.overview.changed({});
    this.spacing = this.pointSpacing();
    Object.assign(
        this,
        {scale: 1, share: 1, showCameras: true, showPhotos: true, standing: null, frames: 0, moved: 0, waiting: false});
    new ResizeObserver(() => this.redraw()).observe(canvas);
  }

  /** Between neighbouring points, as a share of nothing but the scene's own units: depth over focal length. */
  pointSpacing() {
    const each = scene.views.filter((view) => view.depth)
                     .map((view) => view.depth.median * view.width / (view.processed_width * view.intrinsics[0]));
    return each.length > 0 ? each.sort((a, b) => a - b)[Math.floor(each.length / 2)] : 0.003 * this.diagonal;
  }

  redraw() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame((now) => this.frame(now));
  }

  frame(now) {
    this.waiting = false;
    if (this.flight) {
      const share = Math.min(1, (now - this.flight.begin) / 600);
      this.eye = this.flight.from.towards(this.flight.to, share * share * (3 - 2 * share));
      this.moved = now;
      if (share === 1) {
        this.eye = this.flight.to;
        this.flight = null;
      }
    }
    const moving = now - this.moved < 200;
    if (moving && this.last && now - this.last < 1000) {
      // Fewer points while the picture moves, where a whole frame takes longer than the eye forgives.
      if (now - this.last > 40)
        this.share = Math.max(0.04, this.share * 0.75);
      else if (now - this.last < 20)
        this.share = Math.min(1, this.share * 1.1);
    }
    this.last = moving ? now : 0;
    this.paint(moving ? this.share : 1);
    if (moving || this.flight) this.redraw();
  }

  paint(share) {
    const sharpness = Math.min(2, window.devicePixelRatio || 1);
    const width = Math.max(1, Math.round(this.canvas.clientWidth * sharpness));
    const height = Math.max(1, Math.round(this.canvas.clientHeight * sharpness));
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, {width, height});
    const vertical = this.verticalFov(width / height);
    const far = 40 * this.diagonal + 2 * this.eye.distance;
    const clip = multiply(
        perspective(vertical, width / height, Math.max(1e-3 * this.diagonal, far * 1e-5), far), this.eye.matrix());
    this.matrix = multiply(clip, this.viewer);
    const focal = height / 2 / Math.tan(vertical / 2);
    this.cloud.draw({
      matrix: new Float32Array(this.matrix),
      size: 1.15 * this.spacing * this.scale * focal / Math.sqrt(Math.min(1, share * 1.0001)),
      share,
      cameras: this.showCameras,
      photos: this.showPhotos,
      without: this.standing,
    });
    this.frames++;
    this.canvas.dataset.frames = this.frames;
  }

  verticalFov(aspect) { return 2 * Math.atan(Math.tan(this.eye.fov / 2) * Math.max(1, this.eye.aspect / aspect)); }

  touch() {
    this.moved = performance.now();
    this.redraw();
  }

  leave() {
    this.flight = null;
    this.standing = null;
  }

  fly(to) {
    if (calm)
      this.eye = to;
    else
      this.flight = {from: this.eye, to, begin: performance.now()};
    this.touch();
  }

  standIn(index) {
    const view = scene.views[index];
    const flip = [1, 0, 0, 0, 0, -1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1];
    const distance = view.depth ? view.depth.median : 0.5 * this.diagonal;
    const pose = multiply(multiply(this.viewer, this.cameras[index].pose), flip);
    const [fx, , , , fy] = view.intrinsics;
    this.leave();
    this.standing = index;
    this.fly(Eye.ofPose(pose, distance, 2 * Math.atan(view.height / 2 / fy), view.width * fy / (view.height * fx)));
  }

  turn(yaw, pitch) {
    this.leave();
    const eye = this.eye;
    eye.yaw += yaw;
    eye.pitch = Math.max(-1.55, Math.min(1.55, eye.pitch + pitch));
    this.touch();
  }

  /** `right`, `up`, `back` in parts of the distance to the point about which the eye turns. */
  move(right, up, back) {
    this.leave();
    const axes = this.eye.axes();
    for (const [axis, amount] of [[axes.right, right], [axes.up, up], [axes.back, back]]) {
      this.eye.target = add(this.eye.target, axis, amount * this.eye.distance);
    }
    this.touch();
  }

  zoom(factor) {
    this.leave();
    this.eye.distance = Math.max(1e-3 * this.diagonal, Math.min(20 * this.diagonal, this.eye.distance * factor));
    this.touch();
  }

  /** Where a point of the cloud's axes lies in the canvas, in CSS pixels; none behind the eye. */
  project([x, y, z]) {
    const m = this.matrix;
    const w = m[3] * x + m[7] * y + m[11] * z + m[15];
    if (w <= 0) return null;
    const across = (m[0] * x + m[4] * y + m[8] * z + m[12]) / w, down = (m[1] * x + m[5] * y + m[9] * z + m[13]) / w;
    return [(across + 1) / 2 * this.canvas.clientWidth, (1 - down) / 2 * this.canvas.clientHeight, w];
  }

  cameraAt(x, y) {
    let best = null;
    this.cameras.forEach(({centre, corners}, index) => {
      const seen = [centre, ...corners].map((point) => this.project(point));
      if (index === this.standing || seen.some((point) => point === null)) return;
      const middle = [0, 1].map((k) => seen.reduce((sum, point) => sum + point[k], 0) / seen.length);
      const reach = Math.max(14, 0.7 * Math.hypot(seen[1][0] - seen[3][0], seen[1][1] - seen[3][1]));
      const away = Math.hypot(middle[0] - x, middle[1] - y) / reach;
      if (away < 1 && (!best || away < best.away)) best = {index, away};
    });
    return this.showCameras && best ? best.index : null;
  }

  /** The nearest point to the eye within 5 pixels of that place, in viewer axes. */
  pointAt(x, y) {
    let best = null, depth = Infinity;
    for (let i = 0; i < this.positions.length; i += 3) {
      const seen = this.project([this.positions[i], this.positions[i + 1], this.positions[i + 2]]);
      if (seen && seen[2] < depth && Math.hypot(seen[0] - x, seen[1] - y) < 5) [best, depth] = [i, seen[2]];
    }
    return best === null ? null : transform(this.viewer, this.positions.subarray(best, best + 3));
  }

  turnAbout(x, y) {
    const target = this.pointAt(x, y);
    if (!target) return;
    const eye = this.eye, back = eye.axes().back;
    const distance = dot(add(eye.position(), target, -1), back);
    this.leave();
    this.fly(eye.changed({target, distance: Math.max(distance, 1e-3 * this.diagonal)}));
  }
}

function row(name, value, cssClass = null) {
  return element("tr", {}, element("th", {scope: "row"}, name), element("td", {class: cssClass}, value));
}

function showView(index) {
  const view = scene.views[index];
  byId("pair").replaceChildren(
      compare({name: view.name, width: view.width, height: view.height, photo: view.photo, depth: view.depth_picture}));
  const unit = scene.unit === "m" ? " m" : "";
  const centre = invertRigid(fromRows(view.camera_from_world)).slice(12, 15);
  const fov = (side, focal) => number(2 * Math.atan(side / 2 / focal) * 180 / Math.PI);
  const rows = [
    row("Photo", view.name, "name"),
    row("Size", `${view.width} × ${view.height}`),
    row("Field of view", `${fov(view.width, view.intrinsics[0])}° × ${fov(view.height, view.intrinsics[4])}°`),
    row("Focal length", `${number(view.intrinsics[0])}, ${number(view.intrinsics[4])} px`),
    row("Stands at", centre.map(number).join(", ") + unit),
  ];
  if (view.depth)
    rows.push(
        row("Depth, 2 / 50 / 98 %", [view.depth.p2, view.depth.median, view.depth.p98].map(number).join(" / ") + unit));
  rows.push(row("Points", view.points.toLocaleString("en")));
  byId("numbers").tBodies[0].replaceChildren(...rows);
  document.querySelectorAll("#views button")
      .forEach((button, i) => button.setAttribute("aria-pressed", String(i === index)));
  byId("status").textContent =
      `View ${index + 1} of ${scene.views.length}${view.reference ? ", the reference view" : ""}`;
}

function fillPage(choose) {
  document.title = scene.title;
  byId("title").textContent = scene.title;
  byId("summary").textContent = `${scene.views.length} ${scene.views.length === 1 ? "view" : "views"}, ${
      scene.points.toLocaleString("en")} points`;
  byId("facts").tBodies[0].append(
      ...scene.facts.map(([name, value]) => row(name, typeof value === "number" ? number(value) : value)));
  byId("warnings").append(...scene.warnings.map((text) => element("p", {class: "problem"}, text)));
  byId("views").append(...scene.views.map((view, index) => {
    const mark = element("span", {class: "mark"});
    mark.style.background = css(colours[index]);
    const button = element(
        "button", {
          type: "button",
          "aria-pressed": "false",
          title: view.name,
          "aria-label": `Stand in view ${index + 1}, ${view.name}`
        },
        element("img", {src: view.photo, alt: "", decoding: "async"}),
        element("span", {}, mark, view.name.split("/").pop()));
    button.addEventListener("click", () => choose(index));
    return element("li", {}, button);
  }));
}

function connectPointer(space, choose) {
  const canvas = space.canvas, fingers = new Map();
  let pressed = null, gap = 0;
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, event);
    pressed = fingers.size === 1 ? {x: event.offsetX, y: event.offsetY, moved: false} : null;
    gap = 0;
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const dx = event.clientX - before.clientX, dy = event.clientY - before.clientY;
    fingers.set(event.pointerId, event);
    if (pressed && !pressed.moved && Math.hypot(event.offsetX - pressed.x, event.offsetY - pressed.y) < 4) return;
    if (pressed) pressed.moved = true;
    const part = 2 * Math.tan(space.verticalFov(canvas.clientWidth / canvas.clientHeight) / 2) / canvas.clientHeight;
    if (fingers.size === 2) {
      const [a, b] = [...fingers.values()];
      const now = Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
      if (gap > 0 && now > 0) space.zoom(gap / now);
      gap = now;
      space.move(-dx * part / 2, dy * part / 2, 0);
    } else if (event.shiftKey || (event.buttons & 6) !== 0) {
      space.move(-dx * part, dy * part, 0);
    } else {
      space.turn(-dx * 0.006, dy * 0.006);
    }
  });
  const release = (event) => {
    fingers.delete(event.pointerId);
    gap = 0;
    if (event.type === "pointerup" && pressed && !pressed.moved && event.button === 0) {
      const index = space.cameraAt(event.offsetX, event.offsetY);
      if (index !== null) choose(index);
    }
    pressed = null;
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("dblclick", (event) => space.turnAbout(event.offsetX, event.offsetY));
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    space.zoom(Math.exp(Math.max(-100, Math.min(100, event.deltaY * lines)) * 0.002));
  }, {passive: false});
}

function connectKeys(space, actions) {
  const keys = {
    ArrowLeft: () => space.turn(-0.08, 0),
    ArrowRight: () => space.turn(0.08, 0),
    ArrowUp: () => space.turn(0, 0.08),
    ArrowDown: () => space.turn(0, -0.08),
    w: () => space.move(0, 0, -0.05),
    s: () => space.move(0, 0, 0.05),
    a: () => space.move(-0.05, 0, 0),
    d: () => space.move(0.05, 0, 0),
    q: () => space.move(0, -0.05, 0),
    e: () => space.move(0, 0.05, 0),
    "+": () => space.zoom(0.9),
    "=": () => space.zoom(0.9),
    "-": () => space.zoom(1 / 0.9),
    n: actions.next,
    p: actions.previous,
    c: actions.cameras,
    t: actions.photos,
    r: actions.reset,
    Home: actions.reset,
    ",": () => actions.size(-2),
    ".": () => actions.size(2),
  };
  space.canvas.addEventListener("keydown", (event) => {
    const action = keys[event.key] || keys[event.key.toLowerCase()];
    if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action();
  });
}

function complain(reason) {
  const message = `The points cannot be drawn: ${
      reason} The photos and numbers are still here, and scene.glb opens in other viewers.`;
  byId("stage").replaceChildren(element("p", {class: "problem", role: "alert"}, message));
}

function openPage() {
  let space = null, chosen = 0;
  const choose = (index) => {
    chosen = index;
    showView(index);
    if (space) space.standIn(index);
  };
  fillPage(choose);
  showView(0);
  const step = (by) => () => choose((chosen + by + scene.views.length) % scene.views.length);
  const toggle = (button, field) => () => {
    space[field] = !space[field];
    byId(button).setAttribute("aria-pressed", String(space[field]));
    space.redraw();
  };
  const size = byId("size");
  const resize = () => {
    space.scale = Math.exp(size.value / 10);
    space.redraw();
  };
  const actions = {
    next: step(1),
    previous: step(-1),
    cameras: toggle("cameras", "showCameras"),
    photos: toggle("photos", "showPhotos"),
    reset: () => {
      space.leave();
      space.fly(space.overview.changed({}));
    },
    size: (by) => {
      size.value = Number(size.value) + by;
      resize();
    },
  };
  try {
    space = new Space(byId("space"), readPoints());
  } catch (error) {
    complain(error.message);
    return null;
  }
  for (const name of ["reset", "previous", "next", "cameras", "photos"])
    byId(name).addEventListener("click", actions[name]);
  size.addEventListener("input", resize);
  connectPointer(space, choose);
  connectKeys(space, actions);
  space.canvas.addEventListener(
      "webglcontextlost", () => complain("the graphics driver stopped. Load the page again."));
  space.redraw();
  return space;
}

const pageSpace = openPage();  // For tests, which ask it where things are
