// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
// Draws points, the cameras' outlines and the photos in them.
"use strict";

const POINT_SHADER = `
  attribute vec3 position; attribute vec3 colour; uniform mat4 matrix; uniform float size; uniform float largest;
  varying vec3 tint;
  void main() {
    gl_Position = matrix * vec4(position, 1.0);
    gl_PointSize = clamp(size / max(gl_Position.w, 1e-9), 1.0, largest);
    tint = colour;
  }`;
const TINT_SHADER = "precision mediump float; varying vec3 tint; void main() { gl_FragColor = vec4(tint, 1.0); }";
const PHOTO_SHADER = `
  attribute vec3 position; attribute vec2 place; uniform mat4 matrix; varying vec2 at;
  void main() { gl_Position = matrix * vec4(position, 1.0); at = place; }`;
const TEXTURE_SHADER = `
  precision mediump float; varying vec2 at; uniform sampler2D photo;
  void main() { gl_FragColor = texture2D(photo, at); }`;

function buildProgram(gl, vertexSource, fragmentSource) {
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, vertexSource], [gl.FRAGMENT_SHADER, fragmentSource]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program));
  return program;
}

/**
   An order in which every beginning is spread over all points: steps of the golden section. Fewer can then be drawn
    while the picture moves on a slow machine.
 */
function spreadOrder(count) {
  const divisor = (a, b) => (b === 0 ? a : divisor(b, a % b));
  let step = Math.max(1, Math.floor(count * 0.6180339887));
  while (divisor(step, count) !== 1) step++;
  const order = new Uint32Array(count);
  for (let i = 0, at = 0; i < count; i++, at = (at + step) % count) order[i] = at;
  return order;
}

class Cloud {
  /**
     `points`: { positions: Float32Array (N x 3), colours: Uint8Array (N x 3) }; `outlines`: Float32Array of line ends,
      `outlineColours`: 0..1; `photos`: [{ corners: four points, picture }]. Throws where WebGL is missing.
   */
  constructor(canvas, points, outlines, outlineColours, photos) {
    const wishes = {antialias: false, alpha: false, powerPreference: "high-performance"};
    const gl = canvas.getContext("webgl2", wishes) || canvas.getContext("webgl", wishes);
    if (!gl) throw new Error("this browser has no WebGL, or it is switched off.");
    this.gl = gl;
    this.count = points.positions.length / 3;
    this.points = buildProgram(gl, POINT_SHADER, TINT_SHADER);
    this.photo = buildProgram(gl, PHOTO_SHADER, TEXTURE_SHADER);
    this.largest = Math.min(24, gl.getParameter(gl.ALIASED_POINT_SIZE_RANGE)[1]);
    this.vertices = this.upload(this.interleave(points));
    this.outlines = this.upload(outlines);
    this.outlineColours = this.upload(outlineColours);
    this.outlineCount = outlines.length / 3;
    this.photos = photos.map(({corners, picture}) => this.addPhoto(corners, picture));
    gl.clearColor(0.055, 0.063, 0.078, 1);
    gl.enable(gl.DEPTH_TEST);
  }

  upload(data) {
    const buffer = this.gl.createBuffer();
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, buffer);
    this.gl.bufferData(this.gl.ARRAY_BUFFER, data, this.gl.STATIC_DRAW);
    return buffer;
  }

  /** 16 bytes a point: x, y, z float32, then red, green, blue and a byte of padding. */
  interleave({positions, colours}) {
    const packed = new ArrayBuffer(this.count * 16);
    const floats = new Float32Array(packed), bytes = new Uint8Array(packed);
    spreadOrder(this.count).forEach((from, to) => {
      for (let k = 0; k < 3; k++) {
        floats[to * 4 + k] = positions[from * 3 + k];
        bytes[to * 16 + 12 + k] = colours[from * 3 + k];
      }
    });
    return packed;
  }

  addPhoto(corners, picture) {
    const gl = this.gl;
    const [a, b, c, d] = corners;
    const places = [[a, 0, 0], [b, 1, 0], [d, 0, 1], [d, 0, 1], [b, 1, 0], [c, 1, 1]];
    const entry = {
      buffer: this.upload(new Float32Array(places.flatMap(([corner, u, v]) => [...corner, u, v]))),
      texture: null
    };
    const image = new Image();
    image.onload = () => {
      entry.texture = gl.createTexture();
      gl.bindTexture(gl.TEXTURE_2D, entry.texture);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGB, gl.RGB, gl.UNSIGNED_BYTE, image);
      for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T])
        gl.texParameteri(gl.TEXTURE_2D, side, gl.CLAMP_TO_EDGE);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
      if (this.onPhoto) this.onPhoto();
    };
    image.src = picture;
    return entry;
  }

  attribute(program, name, buffer, width, type, normalised, stride, offset) {
    const gl = this.gl;
    const place = gl.getAttribLocation(program, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, width, type, normalised, stride, offset);
  }

  /**
     `matrix`: clip from world; `size`: pixels of a point at distance 1; `share`: of the points; `cameras`, `photos`:
      whether to draw them; `without`: the view whose outline and photo would hide the scene.
   */
  draw({matrix, size, share, cameras, photos, without}) {
    const gl = this.gl;
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.useProgram(this.points);
    gl.uniformMatrix4fv(gl.getUniformLocation(this.points, "matrix"), false, matrix);
    gl.uniform1f(gl.getUniformLocation(this.points, "size"), size);
    gl.uniform1f(gl.getUniformLocation(this.points, "largest"), this.largest);
    this.attribute(this.points, "position", this.vertices, 3, gl.FLOAT, false, 16, 0);
    this.attribute(this.points, "colour", this.vertices, 3, gl.UNSIGNED_BYTE, true, 16, 12);
    gl.drawArrays(gl.POINTS, 0, Math.ceil(this.count * share));
    if (cameras) {
      this.attribute(this.points, "position", this.outlines, 3, gl.FLOAT, false, 0, 0);
      this.attribute(this.points, "colour", this.outlineColours, 3, gl.FLOAT, false, 0, 0);
      const each = this.outlineCount / Math.max(1, this.photos.length);
      this.photos.forEach((_, view) => view !== without && gl.drawArrays(gl.LINES, view * each, each));
    }
    if (cameras && photos) this.drawPhotos(matrix, without);
  }

  drawPhotos(matrix, without) {
    const gl = this.gl;
    gl.useProgram(this.photo);
    gl.uniformMatrix4fv(gl.getUniformLocation(this.photo, "matrix"), false, matrix);
    this.photos.forEach(({buffer, texture}, view) => {
      if (!texture || view === without) return;
      gl.bindTexture(gl.TEXTURE_2D, texture);
      this.attribute(this.photo, "position", buffer, 3, gl.FLOAT, false, 20, 0);
      this.attribute(this.photo, "place", buffer, 2, gl.FLOAT, false, 20, 12);
      gl.drawArrays(gl.TRIANGLES, 0, 6);
    });
  }
}
