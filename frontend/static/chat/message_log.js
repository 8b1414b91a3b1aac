/** The conversation as bubbles, in the log's order; a bubble is made once and stays. */

import { portraitOf } from "../cats.js";
import { byId, clock, make, say, text } from "../dom.js";
import { dropLine, sendAgain } from "../chat_store.js";
import { redraw } from "../panel/rerender.js";
import { keyOf } from "../chat_reducer.js";

const log = byId("chat-log");
const bubbles = new Map();
let low = true;

/** Whoever reads the end goes on reading the end, whatever grows beside it. */
const sink = () => low && (log.scrollTop = log.scrollHeight);
log.addEventListener("scroll", () => (low = log.scrollHeight - log.scrollTop - log.clientHeight < 80));
new ResizeObserver(sink).observe(log);

/** Show these lines; those that are new come in at their place. `open`: what was not delivered may be sent again. */
export function showLines(lines, own, other, open) {
  const wanted = new Set(lines.map(keyOf));
  for (const [id, bubble] of bubbles) {
    if (wanted.has(id)) continue;
    bubble.remove();
    bubbles.delete(id);
  }
  lines.forEach((line, index) => place(line, index, lines[index - 1], line.mine ? own : other, open));
  log.hidden = !lines.length;
  if (lines.at(-1)?.state === "pending") low = true;
  sink();
}

function place(line, index, before, cat, open) {
  if (!bubbles.has(keyOf(line))) bubbles.set(keyOf(line), bubble(line, cat));
  const element = bubbles.get(keyOf(line));
  element.classList.toggle("follows", before?.mine === line.mine);
  element.classList.toggle("pending", line.state === "pending" || line.state === "accepted");
  element.classList.toggle("failed", line.state === "failed");
  say(element.querySelector("small"), foot(line));
  offer(element.querySelector(".bubble"), line, open);
  if (log.children[index] !== element) log.insertBefore(element, log.children[index] ?? null);
}

function bubble(line, cat) {
  const who = line.mine ? text("you") : (cat?.name ?? "");
  const face = make("img.face", { src: cat?.url ?? portraitOf(cat?.seed ?? "x"), alt: "", width: 36, height: 36 });
  const words = make("p", {}, make("span.unseen", {}, text("says", { who })), line.text);
  return make(line.mine ? "div.line.mine" : "div.line", {}, face, make("div.bubble", {}, words, make("small")));
}

/** What was not delivered can be sent again while the chat is open, or taken away; its words stay until then. */
function offer(element, line, open) {
  redraw(element.querySelector(".retry") ?? element.appendChild(make("div.retry")), [line.state === "failed", open], () =>
    (line.state === "failed" ? [open && button("send_again", () => sendAgain(line.id)), button("remove", () => dropLine(line.id))] : []));
}

function button(key, act) {
  const made = make("button", { type: "button" }, text(key));
  made.addEventListener("click", () => {
    log.focus();
    act();
  });
  return made;
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
