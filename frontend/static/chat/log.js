/** The conversation as bubbles, in the log's order; a bubble is made once and stays. */

import { portraitOf } from "../cats.js";
import { byId, clock, make, say, text } from "../dom.js";

const log = byId("chat-log");
const bubbles = new Map();
let low = true;

/** Whoever reads the end goes on reading the end, whatever grows beside it. */
const sink = () => low && (log.scrollTop = log.scrollHeight);
log.addEventListener("scroll", () => (low = log.scrollHeight - log.scrollTop - log.clientHeight < 80));
new ResizeObserver(sink).observe(log);

/** Show these lines; those that are new come in at their place. */
export function showLines(lines, own, other) {
  const wanted = new Set(lines.map((line) => line.id));
  for (const [id, bubble] of bubbles) {
    if (wanted.has(id)) continue;
    bubble.remove();
    bubbles.delete(id);
  }
  lines.forEach((line, index) => place(line, index, lines[index - 1], line.mine ? own : other));
  log.hidden = !lines.length;
  if (lines.at(-1)?.state === "pending") low = true;
  sink();
}

function place(line, index, before, cat) {
  if (!bubbles.has(line.id)) bubbles.set(line.id, bubble(line, cat));
  const element = bubbles.get(line.id);
  element.classList.toggle("follows", before?.mine === line.mine);
  element.classList.toggle("pending", line.state === "pending" || line.state === "accepted");
  element.classList.toggle("failed", line.state === "failed");
  say(element.querySelector("small"), foot(line));
  if (log.children[index] !== element) log.insertBefore(element, log.children[index] ?? null);
}

function bubble(line, cat) {
  const who = line.mine ? text("you") : (cat?.name ?? "");
  const face = make("img.face", { src: cat?.url ?? portraitOf(cat?.seed ?? "x"), alt: "", width: 36, height: 36 });
  const words = make("p", {}, make("span.unseen", {}, text("says", { who })), line.text);
  return make(line.mine ? "div.line.mine" : "div.line", {}, face, make("div.bubble", {}, words, make("small")));
}

function foot(line) {
  if (line.state === "failed") return text("not_delivered");
  if (line.state) return text("sending");
  return line.at ? clock(line.at) : "";
}

/** Show that the other one types; null hides it. */
export function showTyping(cat) {
  byId("chat-typing").classList.toggle("on", Boolean(cat));
  say(byId("chat-typing-words"), cat ? text("typing", { name: cat.name }) : "");
}

/** Say the other's words to a screen reader; the log itself is silent, so that a replay is. */
export function hear(words, cat) {
  if (!words) return;
  byId("chat-heard").append(make("p", {}, text("says", { who: cat?.name ?? "" }), words));
  while (byId("chat-heard").children.length > 5) byId("chat-heard").firstChild.remove();
  const frame = byId("chat-cat");
  frame.classList.remove("perks");
  requestAnimationFrame(() => frame.classList.add("perks"));
}
