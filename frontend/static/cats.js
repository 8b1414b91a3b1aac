/** The cats' drawings: fetched once each, sanitized, ready to be put into the page. */

import { lruSet } from "./lru.js";

const IDLE_TIMEOUT = 100;

const drawings = new Map();
let lastParse = Promise.resolve();

/** Return a promise of an <svg> of the cat, a new copy each time; its `data-name` is the cat's name. */
export async function drawing(url) {
  const svg = lruSet(drawings, url, drawings.get(url) ?? fetchDrawing(url));
  svg.catch(() => drawings.delete(url));
  return (await svg).cloneNode(true);
}

export const drawingUrl = (seed) => `/cats/${encodeURIComponent(seed)}.svg`;

async function fetchDrawing(url) {
  const response = await fetch(url, { signal: AbortSignal.timeout(15000) });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  const source = await response.text();
  lastParse = lastParse.then(idle);
  await lastParse;
  const svg = new DOMParser().parseFromString(source, "image/svg+xml").documentElement;
  if (svg.localName !== "svg") throw new Error(`${url}: not a drawing`);
  return sanitize(svg);
}

/** One drawing at a time, when the browser is idle: a phone that parses them all at once does not answer a touch. */
const idle = () => new Promise((resolve) => {
  if (window.requestIdleCallback) requestIdleCallback(resolve, { timeout: IDLE_TIMEOUT });
  else setTimeout(resolve);
});

/** Keep shapes only: nothing that could run, load or style the page. Ids may stay: they carry the cat's own hash. */
function sanitize(svg) {
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
