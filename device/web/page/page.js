// The page: what the server tells goes to its parts.
import { showAid } from "./aid.js";
import { addReading, changeReading, loadReadings, removeReading } from "./readings.js";
import { ask } from "./server.js";
import { hearSettings, loadSettings } from "./settings.js";
import { connected, showSource, showState } from "./state.js";
import { clearReadings, markReadings, playPicture } from "./view.js";
import { language } from "./words.js";

const AGAIN = 5000;

for (const link of document.querySelectorAll(".languages a"))
  if (link.lang === language) link.setAttribute("aria-current", "true");
if (new URLSearchParams(location.hash.slice(1)).has("token")) history.replaceState(null, "", location.pathname);

async function loadEverything() {
  try {
    const state = await ask("/api/state");
    showState(state);
    showSource(state);
    await Promise.all([loadSettings(), loadReadings()]);
  } catch {
    setTimeout(loadEverything, AGAIN);
  }
}

function follow() {
  const events = new EventSource("/api/events");
  const on = (kind, take) => events.addEventListener(kind, event => take(JSON.parse(event.data)));
  on("reset", loadEverything);
  on("state", state => { showState(state); if (state.state === "searching") clearReadings(); });
  on("look", look => { markReadings(look); showAid(look.aid); });
  on("reading", addReading);
  on("corrected", changeReading);
  on("forgotten", ({ id }) => removeReading(id));
  on("settings", hearSettings);
  events.onopen = () => connected(true);
  events.onerror = () => {
    connected(false);
    if (events.readyState !== EventSource.CLOSED) return;
    ask("/api/state").catch(() => {});
    setTimeout(follow, AGAIN);
  };
}

follow();
playPicture();
