/** Cats: their drawings, fetched once each, cleaned, ready to be put into the page. */

import { keep } from "./lru.js";

const PATIENCE = 100;

const drawings = new Map();
let last = Promise.resolve();

/** Return a promise of an <svg> of the cat, a new copy each time; its `data-name` is the cat's name. */
export async function drawing(url) {
  const drawn = keep(drawings, url, drawings.get(url) ?? fetchDrawing(url));
  drawn.catch(() => drawings.delete(url));
  return (await drawn).cloneNode(true);
}

/** Return where the cat of a seed is drawn. */
export const portraitOf = (seed) => `/cats/${encodeURIComponent(seed)}.svg`;

async function fetchDrawing(url) {
  const response = await fetch(url, { signal: AbortSignal.timeout(15000) });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  const source = await response.text();
  last = last.then(idle);
  await last;
  const svg = new DOMParser().parseFromString(source, "image/svg+xml").documentElement;
  if (svg.localName !== "svg") throw new Error(`${url}: not a drawing`);
  return cleaned(svg);
}

/** One drawing at a time, when there is time: a telephone that parses them all at once does not answer a finger. */
const idle = () => new Promise((go) => {
  if (window.requestIdleCallback) requestIdleCallback(go, { timeout: PATIENCE });
  else setTimeout(go);
});

/** Keep shapes only: nothing that could run, load or style the page. Ids may stay: they carry the cat's own hash. */
function cleaned(svg) {
  svg.querySelectorAll("script, style, foreignObject, image, a").forEach((node) => node.remove());
  for (const node of [svg, ...svg.querySelectorAll("*")]) {
    for (const { name } of [...node.attributes]) {
      if (/^on|^style$/i.test(name)) node.removeAttribute(name);
    }
  }
  svg.dataset.name = svg.querySelector("title")?.textContent.split(". ")[0] ?? "";
  svg.querySelectorAll("title, desc").forEach((node) => node.remove());
  for (const name of ["width", "height", "role", "aria-label", "aria-labelledby"]) svg.removeAttribute(name);
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("focusable", "false");
  svg.classList.add("cat");
  return document.adoptNode(svg);
}
