/** What the chat dialog shows: decisions on the store's state, no document. */

import { drawingUrl } from "../cats.js";
import { isHealthy, isOwnLack } from "../connectivity.js";
import { data } from "../dom.js";
import { format, gettext } from "../i18n.js";

/** Tell whether only the fallback cats can speak: there is neither an event stream nor a healthy backend. */
export const isLocal = (state, connectivity) => state.connection !== "open" && Boolean(connectivity) && !isHealthy(connectivity) && !isOwnLack(connectivity);

/** Return `waiting`, `chat`, `left`, or `local` when the chosen cat must speak for itself. */
export function phaseOf(state, connectivity, chosenCat) {
  if (["chat", "left"].includes(state.chat.phase) && !state.seeking) return state.chat.phase;
  return chosenCat && isLocal(state, connectivity) ? "local" : "waiting";
}

/** Return the cat that is shown as `{seed, name, alt, url, …}`, null when there is none. */
export function catOf(state, phase, chosenCat) {
  if (phase === "local") return chosenCat;
  const cat = phase === "waiting" ? null : state.chat.cat;
  return cat && { ...cat, alt: cat.alt[data.language], url: drawingUrl(cat.seed) };
}

export const titleOf = (phase, cat) => (phase === "waiting" ? gettext("Knocking at the window…") : (cat?.name ?? gettext("Nobody at this window yet")));

const LEFT = {
  you: gettext("You have closed this window."),
  next: gettext("{name} went on to another window."),
  left: gettext("{name} has left."),
  gone: gettext("{name} vanished: the line went silent for too long."),
  refused: gettext("Nobody will come to this window."),
  fresh: gettext("The café has forgotten this conversation, and a new visit has begun."),
};

/** Return why the chat has ended, in one sentence. */
const leftText = (chat, cat) => format(LEFT[chat.reason], { name: cat?.name });

/** Return the one sentence that a screen reader announces when the state changes. */
export function statusOf(state, phase, chosenCat, cat) {
  if (state.connection === "replaced") return gettext("Your cat sits in another tab now.");
  if (phase === "waiting") return gettext("Waiting for somebody.");
  if (phase === "left") return leftText(state.chat, cat);
  if (phase === "chat" && !state.chat.isWithBot) return gettext("You are talking with a visitor.");
  if (phase === "chat") return gettext("You are talking with a house cat; it steps aside when a visitor comes.");
  if (chosenCat.greeting) return gettext("A house cat of the frontend: it keeps the café while the backend is away.");
  return gettext("The backend that speaks for this cat is away.");
}

/** Return the illustrated state of the conversation, null when there are messages to show. */
export function illustratedState(state, phase, cat, hasMessages) {
  if (phase === "waiting") return { illustration: "waiting", text: gettext("Somebody will open; if all are busy, a house cat comes in a moment.") };
  if (phase === "left") return { illustration: state.chat.reason === "fresh" ? "fresh" : "left", text: leftText(state.chat, cat) };
  if (phase === "chat" && !hasMessages) return { illustration: "empty", text: gettext("The window is open: say hello to each other.") };
  return null;
}

/** Return what a cat says where no backend speaks for it. */
export function localMessages(cat) {
  const greeting = cat?.greeting ?? gettext("I would say hello, but the backend that speaks for me does not answer.");
  return [greeting, cat?.fact].filter(Boolean).map((text, index) => ({ id: `local-${cat.seed}-${index}`, mine: false, text, at: null }));
}
