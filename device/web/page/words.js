// The texts of the page in its language.
export const language = document.documentElement.lang;

const texts = await (await fetch(`/page/${language}.json`)).json();

// A text by its key, {name} in it replaced; the key itself where there is none.
export function say(key, values = {}) {
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// Why help is needed or a reading was refused.
export function why(slug) {
  return slug ? say(`why.${slug}`) : "";
}
