// What is going on, in words, and whether the server is there.
import { say, why } from "./words.js";

const box = document.getElementById("state");
const connection = document.getElementById("connection");
const view = document.getElementById("view");
let lost = false, sourceLost = false;

export function showState({ state, why: slug }) {
  box.className = state;
  box.querySelector("strong").textContent = say(`state.${state}`);
  box.querySelector("span").textContent = slug ? why(slug) : say(`state.${state}.more`);
  sourceLost = slug === "source-lost";
  fade();
}

export function showSource({ source }) {
  document.getElementById("source").textContent = source;
}

export function connected(there) {
  lost = !there;
  connection.className = there ? "live" : "lost";
  connection.firstElementChild.textContent = say(there ? "connection.live" : "connection.lost");
  fade();
}

// A picture that is not of now looks like it.
function fade() {
  view.classList.toggle("stale", lost || sourceLost);
}
