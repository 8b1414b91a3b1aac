/** The grid of cats: which cat is in which cell, drawings on demand, arrow keys between the cells. */

import { drawing, drawingUrl } from "./cats.js";
import { byId, make } from "./dom.js";
import { gettext } from "./i18n.js";
import { nextPlacement } from "./placement.js";

const SHUTTERS_DURATION = 700;
const REDRAW_DELAY = 5000;

const buttons = [...byId("windows").querySelectorAll("button")];
const cats = new Map();
const visibility = new IntersectionObserver(drawVisible, { rootMargin: "60px" });
let base = [];
let waiting = [];
let moveTimer = 0;

/** Put these cats into the cells, in order; a cell keeps its place, its focus and its size. */
export function setCats(list) {
  base = list;
  buttons.forEach((button, index) => (list[index] ? place(button, list[index]) : clear(button)));
}

/** Bring the waiting cats to the first cells, and light a lamp there. One cell changes at a time. */
export function setWaiting(seeds) {
  waiting = seeds;
  buttons.forEach(updateLamp);
  if (!moveTimer && base.length) moveNext();
}

function moveNext() {
  moveTimer = 0;
  const current = buttons.map((button) => cats.get(button)?.seed ?? null);
  const step = nextPlacement(current, current.map((_, index) => base[index]?.seed ?? null), waiting, (index) => isBusy(buttons[index]));
  if (!step) return;
  const button = buttons[step.index];
  const known = base.find((cat) => cat.seed === step.seed);
  cats.delete(button);
  button.classList.remove("lit");
  moveTimer = setTimeout(() => {
    place(button, known ?? { seed: step.seed, url: drawingUrl(step.seed), name: "", alt: "" });
    moveTimer = setTimeout(moveNext, SHUTTERS_DURATION);
  }, SHUTTERS_DURATION);
}

/** A cell under the pointer, or with the focus, does not change. */
const isBusy = (button) => button.matches(":focus, :hover");

function updateLamp(button) {
  const cat = cats.get(button);
  const waits = Boolean(cat) && waiting.includes(cat.seed);
  if (button.classList.toggle("waits", waits) && !button.querySelector(".lamp")) button.append(make("span.lamp"));
  if (cat) updateLabel(button, cat, waits);
}

function updateLabel(button, cat, waits) {
  const details = waits ? [gettext("Somebody waits at this window")] : [];
  if (cat.alt) details.push(cat.alt);
  const name = cat.name || gettext("a cat");
  button.setAttribute("aria-label", [gettext("Meet {name}", { name }), ...details].join(". "));
}

function place(button, cat) {
  cats.set(button, cat);
  button.disabled = false;
  updateName(button, cat);
  visibility.unobserve(button);
  visibility.observe(button);
}

function updateName(button, cat) {
  button.querySelector(".name").textContent = cat.name || "\u00a0";
  updateLamp(button);
}

function clear(button) {
  if (button === document.activeElement) return;
  cats.delete(button);
  button.disabled = true;
  button.classList.remove("lit", "waits");
  button.setAttribute("aria-label", gettext("Nobody at this window yet"));
  button.querySelector(".name").textContent = "\u00a0";
}

function drawVisible(entries) {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    visibility.unobserve(target);
    draw(target);
  }
}

async function draw(button) {
  const cat = cats.get(button);
  try {
    const svg = await drawing(cat.url);
    if (cats.get(button) !== cat) return;
    button.querySelector(".glass").replaceChildren(svg);
    button.classList.add("lit");
    if (!cat.name) updateName(button, Object.assign(cat, { name: svg.dataset.name }));
  } catch {
    button.classList.remove("lit");
    setTimeout(() => cats.get(button) === cat && visibility.observe(button), REDRAW_DELAY);
  }
}

/** Draw again the cats whose drawing failed. */
export function retryDrawings() {
  for (const button of cats.keys()) if (!button.classList.contains("lit")) visibility.observe(button);
}

/** Call `listener(cat, button)` for a chosen cell, by pointer or key. */
export function onSelect(listener) {
  byId("windows").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (cats.has(button)) listener(cats.get(button), button);
  });
}

function columns() {
  return getComputedStyle(byId("windows")).gridTemplateColumns.split(" ").length;
}

byId("windows").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns(), ArrowUp: -columns() }[event.key];
  const enabled = buttons.filter((button) => !button.disabled);
  const index = enabled.indexOf(event.target.closest("button"));
  const edge = { Home: 0, End: enabled.length - 1 }[event.key];
  const target = enabled[edge ?? index + step];
  if (index < 0 || !target) return;
  event.preventDefault();
  target.focus();
});
