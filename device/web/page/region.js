// The region that is watched: drawn with a finger or a mouse, moved by arrow keys, or typed.
import { markRegion } from "./view.js";

const view = document.getElementById("view");
const frame = document.getElementById("frame");
const form = document.getElementById("region");
const opener = document.getElementById("edit-region");
const NAMES = ["left", "top", "width", "height"];
const LEAST = 0.05, STEP = 0.01;

let send = async () => false; // hands a region to the server; whether it was taken
let kept = null;
let now = [0, 0, 1, 1]; // left, top, width, height as shares of the picture
let drag = null; // what moves it: the corner that stays, or the frame as it was and where it was taken

export function whenKept(take) {
  send = take;
}

export function takeRegion(roi) {
  kept = roi;
  if (form.hidden) markRegion(kept);
}

function open() {
  now = kept ? [...kept] : [0, 0, 1, 1];
  for (const one of [form, frame]) one.hidden = false;
  view.classList.add("drawing");
  opener.setAttribute("aria-expanded", "true");
  markRegion(null);
  place();
  frame.focus({ preventScroll: true });
}

function close() {
  for (const one of [form, frame]) one.hidden = true;
  view.classList.remove("drawing");
  opener.setAttribute("aria-expanded", "false");
  markRegion(kept);
  opener.focus({ preventScroll: true });
}

async function keep(roi) {
  if (await send(roi)) close();
}

function place() {
  ["left", "top", "width", "height"].forEach((side, at) => { frame.style[side] = `${100 * now[at]}%`; });
  NAMES.forEach((name, at) => { form.elements[name].value = Math.round(1000 * now[at]) / 10; });
}

const within = (value, low, high) => Math.min(Math.max(value, low), high);

// Between two corners, each side long enough.
function span([x, y], [a, b]) {
  const width = Math.max(LEAST, Math.abs(a - x)), height = Math.max(LEAST, Math.abs(b - y));
  now = [within(Math.min(x, a), 0, 1 - width), within(Math.min(y, b), 0, 1 - height), width, height];
  place();
}

function at(event) {
  const box = view.getBoundingClientRect();
  return [within((event.clientX - box.left) / box.width, 0, 1), within((event.clientY - box.top) / box.height, 0, 1)];
}

function grab(event) {
  if (form.hidden || event.button > 0) return;
  const point = at(event), [x, y, width, height] = now, corner = [...frame.children].indexOf(event.target);
  if (corner >= 0) drag = { fixed: [corner === 0 || corner === 3 ? x + width : x, corner < 2 ? y + height : y] };
  else if (event.target === frame && (width < 1 || height < 1)) drag = { from: point, was: [...now] };
  else drag = { fixed: point };
  view.setPointerCapture(event.pointerId);
  event.preventDefault();
}

function pull(event) {
  if (!drag) return;
  const point = at(event);
  if (drag.fixed) span(drag.fixed, point);
  else shift(point[0] - drag.from[0], point[1] - drag.from[1], drag.was);
}

function shift(across, down, [x, y, width, height] = now) {
  now = [within(x + across, 0, 1 - width), within(y + down, 0, 1 - height), width, height];
  place();
}

function grow(across, down) {
  const [x, y, width, height] = now;
  now = [x, y, within(width + across, LEAST, 1 - x), within(height + down, LEAST, 1 - y)];
  place();
}

const ARROWS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

function key(event) {
  if (event.key in ARROWS) (event.shiftKey ? grow : shift)(...ARROWS[event.key]);
  else if (event.key === "Enter") keep(now);
  else if (event.key === "Escape") close();
  else return;
  event.preventDefault();
}

function typed() {
  if (!form.checkValidity()) return;
  const [x, y, width, height] = NAMES.map(name => Number(form.elements[name].value) / 100);
  now = [x, y, Math.min(width, 1 - x), Math.min(height, 1 - y)];
  ["left", "top", "width", "height"].forEach((side, at) => { frame.style[side] = `${100 * now[at]}%`; });
}

opener.addEventListener("click", () => (form.hidden ? open() : close()));
view.addEventListener("pointerdown", grab);
view.addEventListener("pointermove", pull);
for (const end of ["pointerup", "pointercancel"]) view.addEventListener(end, () => { drag = null; });
frame.addEventListener("keydown", key);
form.addEventListener("input", typed);
form.addEventListener("submit", event => { event.preventDefault(); keep(now); });
document.getElementById("region-all").addEventListener("click", () => keep(null));
document.getElementById("region-cancel").addEventListener("click", close);
