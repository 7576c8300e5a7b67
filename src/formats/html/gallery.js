// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
// The gallery of a result folder. #gallery-data is a list of { name, picture, width, height, near, far, unit }:
// `picture` is a file below this page's folder that has the photo in its left half and depth in its right half.
"use strict";

const byId = (id) => document.getElementById(id);
const photos = JSON.parse(byId("gallery-data").textContent);
const kAtOnce = 60;
let shown = photos, made = 0, open = 0;

const pictureOf = (photo) => compare({...photo, photo: photo.picture, depth: photo.picture, halves: true, lazy: true});

function numbers({width, height, near, far, unit}) {
  const range =
      near === null || far === null ? "no depth" : `depth ${number(near)} to ${number(far)}${unit ? ` ${unit}` : ""}`;
  return `${width} × ${height}, ${range}`;
}

function setEdge(box, value) {
  const slider = box.querySelector("input");
  slider.value = value;
  slider.dispatchEvent(new Event("input"));
}

function card(photo, index) {
  const larger = element("button", {type: "button", "aria-label": `Enlarge ${photo.name}`}, "Enlarge");
  larger.addEventListener("click", () => enlarge(index));
  const picture = pictureOf(photo);
  if (byId("all").value !== "50") setEdge(picture, byId("all").value);
  return element(
      "li", {},
      element(
          "figure", {}, picture,
          element(
              "figcaption", {}, element("span", {class: "name"}, photo.name), larger,
              element("span", {class: "quiet"}, numbers(photo)))));
}

/** Cards are made as the reader comes near them. */
function makeMore() {
  const next = shown.slice(made, made + kAtOnce);
  byId("photos").append(...next.map((photo, i) => card(photo, made + i)));
  made += next.length;
  byId("more").textContent = made < shown.length ? "More below" : "";
}

function show(list) {
  shown = list;
  made = 0;
  byId("photos").replaceChildren();
  byId("summary").textContent = shown.length === photos.length ?
      `${photos.length} ${photos.length === 1 ? "photo" : "photos"}` :
      `${shown.length} of ${photos.length} photos`;
  makeMore();
}

function enlarge(index) {
  open = (index + shown.length) % shown.length;
  const photo = shown[open], picture = pictureOf(photo);
  picture.style.width = `min(100%, ${(78 * photo.width / photo.height).toFixed(2)}vh)`;
  byId("large-picture").replaceChildren(picture);
  byId("large-name").textContent = photo.name;
  byId("large-numbers").textContent = numbers(photo);
  if (!byId("large").open) byId("large").showModal();
  picture.querySelector("input").focus();
}

byId("find").addEventListener("input", (event) => {
  const text = event.target.value.toLowerCase();
  show(photos.filter((photo) => photo.name.toLowerCase().includes(text)));
});
byId("all").addEventListener("input", (event) => {
  document.querySelectorAll("#photos .compare").forEach((box) => setEdge(box, event.target.value));
});
byId("previous").addEventListener("click", () => enlarge(open - 1));
byId("next").addEventListener("click", () => enlarge(open + 1));
byId("close").addEventListener("click", () => byId("large").close());
byId("large").addEventListener("keydown", (event) => {
  const step = {PageUp: -1, PageDown: 1}[event.key];
  if (!step) return;
  event.preventDefault();
  enlarge(open + step);
});
new IntersectionObserver((entries) => {
  if (entries.some((entry) => entry.isIntersecting) && made < shown.length) makeMore();
}, {rootMargin: "1500px"}).observe(byId("more"));
show(photos);
