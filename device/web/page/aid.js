// Focus and light: figures as bars, and what to do first.
import { language, say } from "./words.js";

const panel = document.getElementById("aid");
const advice = document.getElementById("advice");

// name, the end of its bar, how its value is said
const METERS = [
  ["sharpness", 0.4, value => `${Math.min(100, Math.round(100 * value / 0.4))} %`, aid => [aid.sharpness, aid.sharp_from]],
  ["brightness", 255, value => `${Math.round(100 * value / 255)} %`, aid => [aid.brightness, aid.bright_from]],
  ["digits", 60, value => say("aid.pixels", { n: Math.round(value).toLocaleString(language) }),
    aid => [aid.digit_height, aid.digits_from]],
];

export function showAid(aid) {
  if (!panel.open) return;
  const text = say(`advice.${aid.advice}`);
  if (advice.textContent !== text) advice.textContent = text; // read out once
  for (const [name, most, written, of] of METERS) showMeter(name, most, written, ...of(aid));
}

function showMeter(name, most, written, value, from) {
  const row = document.getElementById(`aid-${name}`).parentElement, scale = row.querySelector(".scale");
  const text = value === null ? say("aid.nothing") : written(value);
  row.querySelector("output").textContent = text;
  scale.classList.toggle("enough", value >= from);
  scale.querySelector("b").style.width = `${100 * Math.min(1, (value ?? 0) / most)}%`;
  scale.querySelector("i").style.left = `${100 * from / most}%`;
  for (const [key, now] of [["valuemin", 0], ["valuemax", most], ["valuenow", Math.min(most, value ?? 0)], ["valuetext", text]])
    scale.setAttribute(`aria-${key}`, now);
}
