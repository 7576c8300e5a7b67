// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
"use strict";

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** Four digits at most, as a person reads them; a dash for no number. */
function number(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e6)) return value.toExponential(2);
  return value.toLocaleString("en", {maximumSignificantDigits: 4});
}

/**
   A photo and its depth with an edge between them that the pointer and the arrow keys move. With `halves` both
    pictures are one file: the photo in its left half, depth in its right half.
 */
function compare({name, width, height, photo, depth, halves = false, lazy = false}) {
  const loading = lazy ? "lazy" : null;
  const slider = element(
      "input", {type: "range", min: 0, max: 100, value: 50, "aria-label": `Edge between photo and depth, ${name}`});
  const box = element(
      "div", {class: halves ? "compare halves" : "compare"},
      element("img", {src: photo, alt: `Photo ${name}`, loading, decoding: "async", draggable: "false"}),
      element(
          "img", {src: depth, alt: `Depth of ${name}`, class: "depth", loading, decoding: "async", draggable: "false"}),
      element("div", {class: "edge"}), slider);
  box.style.aspectRatio = `${width} / ${height}`;
  slider.addEventListener("input", () => box.style.setProperty("--edge", `${slider.value}%`));
  return box;
}
