// Format, threshold and region: changed at once, kept by the server.
import { allFormats } from "./formats.js";
import { takeRegion, whenKept } from "./region.js";
import { ask } from "./server.js";
import { language, say } from "./words.js";

const format = document.getElementById("format");
const count = document.getElementById("count");
const least = document.getElementById("least");
const reset = document.getElementById("reset");
const kept = document.getElementById("kept");
const COUNTRY = { cep: "br", zip: "us", "zip+4": "us" };
const FIRST = ["cep", "zip", "zip+4"];
let turn = Promise.resolve();
let waiting = 0;

export async function loadSettings() {
  const [formats, settings] = await Promise.all([allFormats(), ask("/api/settings")]);
  if (!format.length) listFormats(formats);
  takeSettings(settings);
}

function listFormats(formats) {
  const names = new Intl.DisplayNames([language], { type: "region" });
  const label = one => `${names.of((COUNTRY[one.name] ?? one.name).toUpperCase())} (${shape(one)})`;
  const rest = formats.filter(one => !FIRST.includes(one.name))
    .sort((a, b) => label(a).localeCompare(label(b), language));
  for (const one of [...formats.filter(one => FIRST.includes(one.name)), ...rest])
    format.append(new Option(label(one), one.name));
  format.append(new Option(say("settings.digits"), "digits"));
}

// CEP 00000-000, or how many digits
function shape({ name, example }) {
  return `${FIRST.includes(name) ? `${name.toUpperCase()} ` : ""}${example.replaceAll("1", "0")}`;
}

function takeSettings(settings) {
  const [name, number] = settings.format.split(":");
  format.value = name;
  count.value = number ?? "";
  document.getElementById("count-field").hidden = name !== "digits";
  least.value = Math.round(100 * settings.min_confidence);
  sayLeast();
  reset.hidden = settings.changed.length === 0;
  takeRegion(settings.roi);
}

function sayLeast() {
  document.getElementById("least-now").textContent = `${least.value} %`;
  least.setAttribute("aria-valuetext", `${least.value} %`);
}

// Settings made here or on another page; not while a change of ours is on its way: those are older than it.
export function hearSettings(settings) {
  if (waiting === 0) takeSettings(settings);
}

// One change after the other: two answers on their way at once may arrive in the other order.
function change(wanted) {
  waiting += 1;
  turn = turn.then(() => send(wanted));
  return turn;
}

async function send(wanted) {
  try {
    const sent = wanted === null ? ask("/api/settings", "DELETE") : ask("/api/settings", "PATCH", wanted);
    hearSettings(await sent.finally(() => { waiting -= 1; }));
    kept.textContent = `✓ ${say("settings.kept")}`;
    setTimeout(() => { kept.textContent = ""; }, 3000);
    return true;
  } catch (error) {
    kept.textContent = say("failed", { error: error.message });
    return false;
  }
}

function changeFormat() {
  const number = format.value === "digits" && count.checkValidity() && count.value;
  change({ format: number ? `digits:${number}` : format.value });
}

whenKept(roi => change({ roi }));
format.addEventListener("change", () => { count.value = ""; changeFormat(); });
count.addEventListener("change", changeFormat);
least.addEventListener("input", sayLeast);
least.addEventListener("change", () => change({ min_confidence: least.value / 100 }));
reset.addEventListener("click", () => change(null));
document.querySelector("#settings form").addEventListener("submit", event => event.preventDefault());
