// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
// Matrices are 4 x 4, column-major, as WebGL takes them. Axes are glTF's: x right, y up, z towards the eye.
"use strict";

function multiply(a, b) {
  const product = new Array(16).fill(0);
  for (let column = 0; column < 4; column++) {
    for (let row = 0; row < 4; row++) {
      for (let k = 0; k < 4; k++) product[column * 4 + row] += a[k * 4 + row] * b[column * 4 + k];
    }
  }
  return product;
}

/** Of 12 or 16 numbers, row after row. */
function fromRows(rows) {
  const full = rows.length === 12 ? [...rows, 0, 0, 0, 1] : rows;
  return full.map((_, i) => full[(i % 4) * 4 + Math.floor(i / 4)]);
}

/** The inverse of a rotation with a translation. */
function invertRigid(m) {
  const inverse = [m[0], m[4], m[8], 0, m[1], m[5], m[9], 0, m[2], m[6], m[10], 0, 0, 0, 0, 1];
  for (let row = 0; row < 3; row++) {
    inverse[12 + row] = -(inverse[row] * m[12] + inverse[4 + row] * m[13] + inverse[8 + row] * m[14]);
  }
  return inverse;
}

function transform(m, [x, y, z]) {
  return [0, 1, 2].map((row) => m[row] * x + m[4 + row] * y + m[8 + row] * z + m[12 + row]);
}

/** `vertical`: angle in radians. */
function perspective(vertical, aspect, near, far) {
  const f = 1 / Math.tan(vertical / 2);
  return [
    f / aspect, 0, 0, 0, 0, f, 0, 0, 0, 0, (far + near) / (near - far), -1, 0, 0, (2 * far * near) / (near - far), 0
  ];
}

const add = (a, b, factor = 1) => a.map((value, i) => value + factor * b[i]);
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];

/**
   The eye turns about a point: `yaw` about the vertical, `pitch` above the horizon, `roll` about the line of sight. It
    sees at least a picture of the vertical angle `fov` that is `aspect` times as wide as high.
 */
class Eye {
  constructor(target, distance, yaw, pitch, roll, fov, aspect = 1) {
    Object.assign(this, {target, distance, yaw, pitch, roll, fov, aspect});
  }

  changed(values) { return Object.assign(Object.create(Eye.prototype), this, values); }

  /** The eye of a camera whose pose has the columns right, up, back, centre. */
  static ofPose(pose, distance, fov, aspect) {
    const right = pose.slice(0, 3), back = pose.slice(8, 11), centre = pose.slice(12, 15);
    const yaw = Math.atan2(back[0], back[2]);
    const pitch = Math.asin(Math.max(-1, Math.min(1, back[1])));
    const level = [Math.cos(yaw), 0, -Math.sin(yaw)];
    const roll = Math.atan2(dot(right, cross(back, level)), dot(right, level));
    return new Eye(add(centre, back, -distance), distance, yaw, pitch, roll, fov, aspect);
  }

  axes() {
    const {yaw, pitch, roll} = this;
    const back = [Math.sin(yaw) * Math.cos(pitch), Math.sin(pitch), Math.cos(yaw) * Math.cos(pitch)];
    const level = [Math.cos(yaw), 0, -Math.sin(yaw)];
    const upright = cross(back, level);
    const right = add(level.map((value) => value * Math.cos(roll)), upright, Math.sin(roll));
    return {right, up: cross(back, right), back};
  }

  position() { return add(this.target, this.axes().back, this.distance); }

  /** Eye from viewer axes. */
  matrix() {
    const {right, up, back} = this.axes();
    return invertRigid([...right, 0, ...up, 0, ...back, 0, ...this.position(), 1]);
  }

  /** Between this eye (0) and `other` (1), along the shorter turns. */
  towards(other, share) {
    const mix = (a, b) => a + (b - a) * share;
    const turn = (a, b) =>
        a + (((((b - a + Math.PI) % (2 * Math.PI)) + 2 * Math.PI) % (2 * Math.PI)) - Math.PI) * share;
    return new Eye(
        this.target.map((value, i) => mix(value, other.target[i])), mix(this.distance, other.distance),
        turn(this.yaw, other.yaw), mix(this.pitch, other.pitch), turn(this.roll, other.roll), mix(this.fov, other.fov),
        mix(this.aspect, other.aspect));
  }
}
