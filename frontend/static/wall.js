/** The wall of windows: filling them, walking between them with the keyboard. */

import { drawing } from "./cats.js";
import { byId, text } from "./dom.js";

const buttons = [...byId("windows").querySelectorAll("button")];
const cats = new Map();
const nearby = new IntersectionObserver(drawNearby, { rootMargin: "300px" });

/** Put these cats into the windows, in order; a window keeps its place, its focus and its size. */
export function seat(list) {
  buttons.forEach((button, index) => (list[index] ? welcome(button, list[index]) : close(button)));
}

function welcome(button, cat) {
  cats.set(button, cat);
  button.disabled = false;
  button.setAttribute("aria-label", `${text("meet", { name: cat.name })}. ${cat.alt}`);
  button.querySelector(".name").textContent = cat.name;
  button.style.setProperty("--delay", `${-((buttons.indexOf(button) * 1.37) % 7)}s`);
  nearby.unobserve(button);
  nearby.observe(button);
}

function close(button) {
  if (button === document.activeElement) return;
  cats.delete(button);
  button.disabled = true;
  button.classList.remove("lit");
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

/** Return the next window with a cat, after this one, round and round. */
export function after(button) {
  const seated = buttons.filter((other) => cats.has(other));
  const next = seated[(seated.indexOf(button) + 1) % seated.length];
  return { button: next, cat: cats.get(next) };
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
