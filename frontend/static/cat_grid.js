/** The wall of windows: filling them, changing who sits there, walking between them with the keyboard. */

import { drawing, portraitOf } from "./cats.js";
import { byId, make, text } from "./dom.js";
import { nextSeat } from "./placement.js";

const SHUTTERS = 700;

const buttons = [...byId("windows").querySelectorAll("button")];
const cats = new Map();
const nearby = new IntersectionObserver(drawNearby, { rootMargin: "60px" });
let base = [];
let waiting = [];
let moving = 0;

/** Put these cats into the windows, in order; a window keeps its place, its focus and its size. */
export function seat(list) {
  base = list;
  buttons.forEach((button, index) => (list[index] ? welcome(button, list[index]) : close(button)));
}

/** Bring these to the first windows, and light a lamp there: somebody waits. One window changes at a time. */
export function lightFor(seeds) {
  waiting = seeds;
  buttons.forEach(lamp);
  if (!moving && base.length) change();
}

function change() {
  moving = 0;
  const seedAt = (index) => cats.get(buttons[index])?.seed ?? null;
  const now = buttons.map((_, index) => seedAt(index));
  const step = nextSeat(now, now.map((_, index) => base[index]?.seed ?? null), waiting, (index) => busy(buttons[index]));
  if (!step) return;
  const button = buttons[step.index];
  const known = base.find((cat) => cat.seed === step.seed);
  cats.delete(button);
  button.classList.remove("lit");
  moving = setTimeout(() => {
    welcome(button, known ?? { seed: step.seed, url: portraitOf(step.seed), name: "", alt: "" });
    moving = setTimeout(change, SHUTTERS);
  }, SHUTTERS);
}

/** A window that somebody points at, or has the focus on, does not change under the hand. */
const busy = (button) => button.matches(":focus, :hover");

function lamp(button) {
  const cat = cats.get(button);
  const waits = Boolean(cat) && waiting.includes(cat.seed);
  if (button.classList.toggle("waits", waits) && !button.querySelector(".lamp")) button.append(make("span.lamp"));
  if (cat) label(button, cat, waits);
}

function label(button, cat, waits) {
  const what = waits ? [text("waits")] : [];
  if (cat.alt) what.push(cat.alt);
  button.setAttribute("aria-label", [text("meet", { name: cat.name || text("a_cat") }), ...what].join(". "));
}

function welcome(button, cat) {
  cats.set(button, cat);
  button.disabled = false;
  named(button, cat);
  nearby.unobserve(button);
  nearby.observe(button);
}

function named(button, cat) {
  button.querySelector(".name").textContent = cat.name || "\u00a0";
  lamp(button);
}

function close(button) {
  if (button === document.activeElement) return;
  cats.delete(button);
  button.disabled = true;
  button.classList.remove("lit", "waits");
  button.setAttribute("aria-label", text("empty"));
  button.querySelector(".name").textContent = "\u00a0";
}

function drawNearby(entries) {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    nearby.unobserve(target);
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
    if (!cat.name) named(button, Object.assign(cat, { name: svg.dataset.name }));
  } catch {
    button.classList.remove("lit");
  }
}

/** Try again for the windows whose cat could not be drawn. */
export function redraw() {
  for (const button of cats.keys()) if (!button.classList.contains("lit")) nearby.observe(button);
}

/** Call `open(cat, button)` for a chosen window, by pointer or key. */
export function onKnock(open) {
  byId("windows").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (cats.has(button)) open(cats.get(button), button);
  });
}

function columns() {
  return getComputedStyle(byId("windows")).gridTemplateColumns.split(" ").length;
}

byId("windows").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns(), ArrowUp: -columns() }[event.key];
  const seated = buttons.filter((button) => !button.disabled);
  const here = seated.indexOf(event.target.closest("button"));
  const edge = { Home: 0, End: seated.length - 1 }[event.key];
  const target = seated[edge ?? here + step];
  if (here < 0 || !target) return;
  event.preventDefault();
  target.focus();
});
