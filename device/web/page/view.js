// The live picture, one after the other as they come, and what is read drawn on it.
const picture = document.getElementById("picture");
const boxes = document.getElementById("boxes");
const labels = document.getElementById("labels");
const PAUSE = 2000;
const LOW = 0.88; // of the picture's height: below there is no room for a label
const SVG = "http://www.w3.org/2000/svg";

let size = [16, 9], region = null, seen = [];

const pause = time => new Promise(done => setTimeout(done, time));
const shown = () => new Promise(done => document.addEventListener("visibilitychange", done, { once: true }));

// As long as the page is looked at; one request at a time, so that a slow network gets fewer pictures and no queue.
export async function playPicture() {
  for (let shot = ""; ;) {
    if (document.hidden) await shown();
    try {
      const answer = await fetch(`/api/picture?after=${shot}`);
      if (answer.status === 200) {
        shot = answer.headers.get("Postread-Shot");
        await show(await answer.blob());
      } else if (answer.status !== 204) await pause(PAUSE);
    } catch { await pause(PAUSE); }
  }
}

async function show(jpeg) {
  const before = picture.src;
  picture.src = URL.createObjectURL(jpeg);
  await picture.decode().catch(() => {});
  picture.hidden = false;
  if (before) URL.revokeObjectURL(before);
}

export function markReadings(look) {
  ({ size, readings: seen } = look);
  draw();
}

// What lay there has gone.
export function clearReadings() {
  seen = [];
  draw();
}

export function markRegion(roi) {
  region = roi;
  draw();
}

function draw() {
  const [width, height] = size;
  boxes.setAttribute("viewBox", `0 0 ${width} ${height}`);
  boxes.replaceChildren();
  labels.replaceChildren();
  if (region) drawRegion(...region.map((share, side) => share * (side % 2 ? height : width)), width, height);
  seen.forEach((reading, rank) => {
    const unsure = reading.confidence < 0.5 ? "unsure" : "";
    boxes.append(shape("polygon", { points: reading.quad.join(" "), class: unsure }));
    if (rank > 0) return;
    labels.append(label(reading, unsure, width, height));
  });
}

// The code under its box, or above it where there is no room.
function label(reading, className, width, height) {
  const made = document.createElement("span"), [xs, ys] = [0, 1].map(axis => reading.quad.map(point => point[axis]));
  const above = Math.max(...ys) > LOW * height;
  made.textContent = reading.code;
  made.className = `${className} ${above ? "above" : ""}`;
  made.style.left = `${100 * Math.min(...xs) / width}%`;
  made.style.top = above ? `calc(${100 * Math.min(...ys) / height}% - 4px)` : `calc(${100 * Math.max(...ys) / height}% + 4px)`;
  return made;
}

function drawRegion(x, y, across, down, width, height) {
  const beyond = `M0 0H${width}V${height}H0Z M${x} ${y}V${y + down}H${x + across}V${y}Z`;
  boxes.append(shape("path", { d: beyond, class: "beyond" }));
  boxes.append(shape("rect", { x, y, width: across, height: down, class: "edge" }));
}

function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
