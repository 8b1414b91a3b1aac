/** The open window: who is there, and how the focus comes and goes. */

import { drawing, portraitOf } from "../cats.js";
import { byId, data, say, text } from "../dom.js";
import { drawPlate } from "../identicon.js";
import { leave, lines, onChange, seek, state } from "../chat_store.js";
import { draw, trouble } from "../status_banner.js";
import { field } from "./message_field.js";
import { hear, showLines, showTyping } from "./message_log.js";
import { facesOf, local, phaseOf, statusOf, title } from "./view_state.js";

const dialog = byId("chat");
const outside = document.querySelectorAll("body > .sign, body > .house, body > .skip");
let touched = false;
let knocked = null;
let clicked = null;
let context = null;

/** Prepare the window; `found` tells of the way to the backend: `{hop(), why(), retry()}`. */
export function prepare(found) {
  context = found;
  onChange(render);
  byId("chat-next").addEventListener("click", knockAgain);
  byId("chat-close").addEventListener("click", close);
  dialog.addEventListener("keydown", (event) => event.key === "Escape" && !event.isComposing && close());
}

/** After a touch the field does not take the focus by itself: it would bring up the keyboard over the cat. */
addEventListener("pointerdown", (event) => (touched = event.pointerType === "touch"), true);

/** Knock: open the window and ask for a cat. `button` gets the focus back. */
export function openWindow(cat, button) {
  show(cat, button);
  byId("chat-name").focus();
  knockAgain();
}

/** Show the window of a chat that goes on, after the page was loaded again. */
export function reopen(button) {
  show(null, button);
  byId("chat-name").focus();
}

function show(cat, button) {
  [clicked, knocked] = [cat, button];
  byId("veil").hidden = false;
  outside.forEach((element) => (element.inert = true));
  if (!dialog.open) dialog.show();
  render(state);
}

function knockAgain() {
  if (state.link === "replaced") return render(state);
  if (!local(state, context.hop())) seek();
  else context.retry();
  return render(state);
}

function close() {
  dialog.close();
  byId("veil").hidden = true;
  outside.forEach((element) => (element.inert = false));
  knocked?.focus();
  if (state.link !== "replaced") leave();
}

/** Draw the window for this state; called again when the way to the backend changed. */
export function render(now = state, news = null, facts = null) {
  if (!dialog.open) return;
  const phase = phaseOf(now, context.hop(), clicked);
  const card = trouble(now, context.hop(), context);
  const cat = facesOf(now, phase, clicked);
  dialog.dataset.phase = phase;
  say(byId("chat-name"), title(phase, cat));
  say(byId("chat-alt"), phase === "waiting" ? "" : (cat?.alt ?? ""));
  say(byId("chat-status"), statusOf(now, phase, clicked, cat));
  hang(phase === "waiting" ? null : cat);
  hangOwn(now.cat);
  const mine = now.link !== "replaced";
  showLines(phase === "local" ? spoken(cat) : phase === "waiting" ? [] : lines(), now.cat, cat, mine && phase === "chat");
  showTyping(mine && now.typing && phase === "chat" ? cat : null);
  draw(byId("chat-state"), card ?? scenes(phase, now, cat));
  const kept = phase === "local";
  carrier(kept && cat.greeting ? data.served_by : kept ? null : now.from, kept);
  byId("chat-next").disabled = phase === "waiting" || !mine;
  field.allow(mine && phase === "chat", byId("chat-next"));
  if (news) react(news, facts, now, cat);
}

function scenes(phase, now, cat) {
  if (phase === "waiting") return { scene: "waiting", words: text("waiting") };
  if (phase === "left") return { scene: now.talk.why === "fresh" ? "fresh" : "left", words: text(`left_${now.talk.why}`, { name: cat?.name }) };
  if (phase === "chat" && !lines().length) return { scene: "empty", words: text("say_hello") };
  return null;
}

const spoken = (cat) => [cat?.greeting ?? text("no_greeting"), cat?.fact].filter(Boolean)
  .map((words, index) => ({ id: `local-${cat.seed}-${index}`, mine: false, text: words, at: null }));

function react(news, facts, now, cat) {
  if (news === "paired") {
    if (!touched) field.focus();
    hear([facts.greeting, facts.fact].filter(Boolean).join(" "), cat);
  }
  if (news === "message" && !facts.mine) hear(facts.text, cat);
}

let hung = null;
let own = null;

/** One's own cat waits before the closed shutters. */
async function hangOwn(cat) {
  if (!cat || own === cat.seed) return;
  own = cat.seed;
  const svg = await drawing(portraitOf(cat.seed)).catch(() => null);
  if (svg && own === cat.seed) byId("chat-own").replaceChildren(svg);
}

/** Show the drawing; the room behind it takes the colour of the cat's own backdrop. */
async function hang(cat) {
  if (hung === (cat?.url ?? null)) return;
  hung = cat?.url ?? null;
  if (!hung) return;
  const svg = await drawing(cat.url).catch(() => null);
  if (!svg || hung !== cat.url) return;
  byId("chat-cat").replaceChildren(svg);
  dialog.style.setProperty("--room", svg.querySelector(".cat-backdrop")?.getAttribute("fill") ?? "");
}

function carrier(from, kept) {
  byId("chat-carrier").hidden = !from;
  if (!from) return;
  say(byId("chat-by"), text(kept ? "kept_by" : "carried_by"));
  say(byId("chat-pod"), from.pod);
  say(byId("chat-version"), text("version", { version: from.version }));
  byId("chat-colour").style.backgroundColor = from.colour || "transparent";
  drawPlate(byId("chat-plate"), from.pod);
}
