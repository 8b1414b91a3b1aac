/** What the open window shows: decisions on the session's state, no document. */

import { portraitOf } from "../cats.js";
import { data, text } from "../dom.js";

/** Tell whether only the house cats of this very page can speak: there is no line, and no way to the backend. */
export const local = (now, hop) => now.link !== "open" && Boolean(hop) && hop.hop !== "ok" && hop.hop !== "redis_away";

/** Return `waiting`, `chat`, `left`, or `local` when the window that was clicked must speak for itself. */
export function phaseOf(now, hop, clicked) {
  if (now.talk.phase === "chat" && !now.seeking) return "chat";
  if (now.talk.phase === "left" && !now.seeking) return "left";
  return clicked && local(now, hop) ? "local" : "waiting";
}

/** Return the cat at the window as `{seed, name, alt, url, …}`, null when nobody is there. */
export function facesOf(now, phase, clicked) {
  if (phase === "local") return clicked;
  const cat = phase === "waiting" ? null : now.talk.cat;
  return cat && { ...cat, alt: cat.alt[data.language], url: portraitOf(cat.seed) };
}

export const title = (phase, cat) => (phase === "waiting" ? text("knocking") : (cat?.name ?? text("empty")));

/** Return the one sentence that a screen reader hears when the state changes. */
export function statusOf(now, phase, clicked, cat) {
  if (now.link === "replaced") return text("replaced");
  if (phase === "waiting") return text("waiting_status");
  if (phase === "local") return text(clicked.greeting ? "local_status" : "silent_status");
  if (phase === "left") return text(`left_${now.talk.why}`, { name: cat?.name });
  return text(now.talk.house ? "met_house" : "met_visitor", { name: cat?.name });
}
