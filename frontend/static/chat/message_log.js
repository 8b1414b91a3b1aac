/** The messages of a chat as bubbles, in the log's order; a bubble is made once and kept. */

import { drawingUrl } from "../cats.js";
import { messageKey } from "../chat_reducer.js";
import { discard, resend } from "../chat_store.js";
import { byId, make, setText } from "../dom.js";
import { formatTime, gettext } from "../i18n.js";
import { rerender } from "../panel/rerender.js";

const MAX_ANNOUNCEMENTS = 5;

const log = byId("chat-log");
const bubbles = new Map();
let isAtEnd = true;

/** Stay at the end while the reader is there, whatever grows beside it. */
const scrollToEnd = () => isAtEnd && (log.scrollTop = log.scrollHeight);
log.addEventListener("scroll", () => (isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80));
new ResizeObserver(scrollToEnd).observe(log);

/** Render these messages; new ones are inserted at their place. While `isOpen`, failed ones may be sent again. */
export function renderMessages(messages, ownCat, otherCat, isOpen) {
  const keys = new Set(messages.map(messageKey));
  for (const [key, element] of bubbles) {
    if (keys.has(key)) continue;
    element.remove();
    bubbles.delete(key);
  }
  messages.forEach((message, index) => renderMessage(message, index, messages[index - 1], message.mine ? ownCat : otherCat, isOpen));
  log.hidden = !messages.length;
  if (messages.at(-1)?.state === "pending") isAtEnd = true;
  scrollToEnd();
}

function renderMessage(message, index, previous, cat, isOpen) {
  const key = messageKey(message);
  if (!bubbles.has(key)) bubbles.set(key, bubble(message, cat));
  const element = bubbles.get(key);
  element.classList.toggle("follows", previous?.mine === message.mine);
  element.classList.toggle("pending", message.state === "pending" || message.state === "accepted");
  element.classList.toggle("failed", message.state === "failed");
  setText(element.querySelector("small"), footer(message));
  renderActions(element.querySelector(".bubble"), message, isOpen);
  if (log.children[index] !== element) log.insertBefore(element, log.children[index] ?? null);
}

/** Who speaks; a <bdi> has no say in the direction of the text behind it. */
const prefix = (name) => make("bdi.unseen", {}, gettext("{who}: ", { who: name }));

function bubble(message, cat) {
  const name = message.mine ? gettext("You") : (cat?.name ?? "");
  const face = make("img.face", { src: cat?.url ?? drawingUrl(cat?.seed ?? "x"), alt: "", width: 36, height: 36 });
  const text = make("p", { dir: "auto" }, prefix(name), message.text);
  return make(message.mine ? "div.line.mine" : "div.line", {}, face, make("div.bubble", {}, text, make("small")));
}

/** A failed message can be sent again while the chat is open, or removed. */
function renderActions(element, message, isOpen) {
  const isFailed = message.state === "failed";
  rerender(element.querySelector(".retry") ?? element.appendChild(make("div.retry")), [isFailed, isOpen], () => {
    if (!isFailed) return [];
    const remove = button(gettext("Remove"), () => discard(message.id));
    return isOpen ? [button(gettext("Send again"), () => resend(message.id)), remove] : [remove];
  });
}

function button(label, action) {
  const element = make("button", { type: "button" }, label);
  element.addEventListener("click", () => {
    log.focus();
    action();
  });
  return element;
}

function footer(message) {
  if (message.state === "failed") return gettext("not delivered");
  if (message.state) return gettext("on its way…");
  return message.at ? formatTime(message.at) : "";
}

/** Show that the other one types; null hides it. */
export function renderTyping(cat) {
  byId("chat-typing").classList.toggle("on", Boolean(cat));
  setText(byId("chat-typing-words"), cat ? gettext("{name} is typing…", { name: cat.name }) : "");
}

/** Announce the other's words to a screen reader; the log itself is not live, so a replay is silent. */
export function announce(text, cat) {
  if (!text) return;
  const region = byId("chat-heard");
  region.append(make("p", { dir: "auto" }, prefix(cat?.name ?? ""), text));
  while (region.children.length > MAX_ANNOUNCEMENTS) region.firstChild.remove();
  const frame = byId("chat-cat");
  frame.classList.remove("perks");
  requestAnimationFrame(() => frame.classList.add("perks"));
}
