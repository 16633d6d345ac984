// The latest readings, the newest first, each with its crop, and what a person makes of it.
import { lengthOf } from "./formats.js";
import { ask } from "./server.js";
import { language, say, why } from "./words.js";

const list = document.getElementById("list");
const none = document.getElementById("none");
const older = document.getElementById("older");
const find = document.getElementById("find");
const show = document.getElementById("show");
const MOST = 200;

const items = new Map(); // id → its element
let more = false, stores = true, asked = 0; // more: older ones than the last of the list are kept

export async function loadReadings() {
  const turn = ++asked;
  const [page, state] = await Promise.all([ask(`/api/readings?${query()}`), ask("/api/state")]);
  if (turn !== asked) return; // something else was asked for meanwhile
  stores = state.stores;
  if (stores) {
    list.replaceChildren();
    items.clear();
  }
  append(page);
}

function query() {
  const wanted = new URLSearchParams();
  if (show.value) wanted.set("event", show.value);
  if (find.value.trim()) wanted.set("code", find.value);
  return wanted;
}

function append(page) {
  for (const reading of page.readings) {
    if (items.has(reading.id)) continue;
    list.append(build(reading));
  }
  more = page.next !== null;
  tell();
}

function tell() {
  older.hidden = !more;
  const text = !stores ? "readings.not-kept" : [...query()].length ? "readings.none-found" : "readings.none";
  none.textContent = say(text);
  none.hidden = stores && list.childElementCount > 0;
}

export function addReading(reading) {
  const wanted = query();
  const fits = (!wanted.has("event") || wanted.get("event") === reading.event) && !wanted.has("code");
  if (!fits || items.has(reading.id)) return;
  const item = build(reading);
  item.classList.add("new");
  list.prepend(item);
  while (list.childElementCount > MOST && !list.lastElementChild.contains(document.activeElement)) {
    drop(list.lastElementChild);
    more = stores;
  }
  tell();
}

export function changeReading(reading) {
  const item = items.get(reading.id);
  if (item) fill(item, reading);
}

export function removeReading(id) {
  if (items.has(id)) drop(items.get(id));
  tell();
}

function drop(item) {
  items.delete(item.dataset.id);
  item.remove();
}

function build(reading) {
  const item = document.getElementById("reading").content.firstElementChild.cloneNode(true);
  const part = name => item.querySelector(name);
  item.dataset.id = reading.id;
  items.set(reading.id, item);
  part(".right").addEventListener("click", () => correct(item, item.dataset.code));
  part(".correct").addEventListener("click", () => edit(item, part("form").hidden));
  part(".cancel").addEventListener("click", () => edit(item, false));
  part(".undo").addEventListener("click", () => correct(item, null));
  part(".erase").addEventListener("click", () => erase(item));
  part("form").addEventListener("submit", event => { event.preventDefault(); correct(item, part("input").value); });
  part("input").addEventListener("keydown", event => { if (event.key === "Escape") edit(item, false); });
  fill(item, reading);
  return item;
}

function fill(item, reading) {
  const part = name => item.querySelector(name), { code, confidence } = reading.reading;
  const looked = reading.corrected !== null, same = reading.corrected === code;
  item.dataset.code = code;
  item.dataset.format = reading.reading.format;
  item.className = looked ? "corrected" : reading.event;
  const crop = part(".crop");
  if (reading.crop && !crop.src) crop.src = `/api/readings/${reading.id}/crop`;
  part(".crop-place").hidden = !reading.crop;
  part(".code").textContent = looked ? reading.corrected : code;
  part(".badge").textContent = say(`badge.${looked ? (same ? "confirmed" : "corrected") : reading.event}`);
  part(".told").textContent = told(reading, looked && !same);
  part(".right").hidden = looked;
  part(".undo").hidden = !looked;
  part(".buttons").hidden = !stores;
  for (const name of [".right", ".correct"]) part(name).setAttribute("aria-label", `${part(name).textContent}: ${code}`);
}

function told({ event, time, why: slug, reading }, other) {
  const parts = [when(new Date(time))];
  if (event === "settled") parts.push(say("reading.sure", { n: Math.floor(100 * reading.confidence) }));
  else if (slug) parts.push(why(slug));
  if (other) parts.push(say("reading.was", { code: reading.code }));
  return parts.join(" · ");
}

function when(time) {
  const today = time.toDateString() === new Date().toDateString();
  return time.toLocaleString(language, today ? { timeStyle: "medium" } : { dateStyle: "medium", timeStyle: "short" });
}

function edit(item, open) {
  const form = item.querySelector("form"), input = form.querySelector("input"), opener = item.querySelector(".correct");
  form.hidden = !open;
  opener.setAttribute("aria-expanded", String(open));
  form.querySelector(".wrong").textContent = "";
  if (open) {
    input.value = item.querySelector(".code").textContent;
    input.select();
  } else opener.focus();
}

async function correct(item, code) {
  const path = `/api/readings/${item.dataset.id}/correction`;
  try {
    const fault = code === null ? "" : await faultOf(code, item.dataset.format);
    if (fault) {
      item.querySelector(".wrong").textContent = fault;
      return;
    }
    const reading = code === null ? await ask(path, "DELETE") : await ask(path, "PUT", { code });
    if (!item.querySelector("form").hidden) edit(item, false);
    fill(item, reading);
    if (code !== null) announce(say("reading.saved", { code: reading.corrected }));
  } catch (error) {
    if (item.querySelector("form").hidden) edit(item, true);
    item.querySelector(".wrong").textContent = say("failed", { error: error.message });
  }
}

// What is wrong with a code that was typed, or "".
async function faultOf(code, format) {
  const digits = code.replace(/[ .-]/g, ""), length = await lengthOf(format);
  if (!/^\d+$/.test(digits)) return say("reading.digits-only");
  return length === null || digits.length === length ? "" : say("reading.length", { n: digits.length, length });
}

async function erase(item) {
  if (!confirm(say("reading.erase-sure"))) return;
  try {
    await ask(`/api/readings/${item.dataset.id}`, "DELETE");
    removeReading(item.dataset.id);
  } catch (error) {
    item.querySelector(".wrong").textContent = say("failed", { error: error.message });
  }
}

function announce(text) {
  document.getElementById("said").textContent = text;
}

older.addEventListener("click", async () => {
  const wanted = query(), last = list.lastElementChild, turn = asked;
  if (last) wanted.set("before", last.dataset.id);
  try {
    const page = await ask(`/api/readings?${wanted}`);
    if (turn === asked) append(page); // else the list is another one by now
  } catch { // what was last has been erased elsewhere
    await loadReadings();
  }
});
show.addEventListener("change", loadReadings);
let typing;
find.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(loadReadings, 250); });
