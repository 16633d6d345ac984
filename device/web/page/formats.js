// The formats that there are, asked for once.
import { ask } from "./server.js";

let asked = null;

export function allFormats() {
  asked ??= ask("/api/formats").then(({ formats }) => formats, error => { asked = null; throw error; });
  return asked;
}

// How many digits a code has; null: any number.
export async function lengthOf(format) {
  const [name, number] = format.split(":");
  if (name === "digits") return number ? Number(number) : null;
  return (await allFormats()).find(one => one.name === name)?.length ?? null;
}
