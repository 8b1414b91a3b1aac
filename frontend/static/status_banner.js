/** What is wrong, if anything: one scene, one sentence, one action. The page and the open window show the same. */

import { make, say, text } from "./dom.js";
import { scene } from "./illustrations.js";
import { bringHere, seek } from "./chat_store.js";

/**
 * Return `{scene, words, label, act}` for the state of the visit and of the way to the backend; null when all is well.
 * Of what the line says of Redis and what the look at the hops says of it, the later one counts.
 */
export function trouble(state, hop, actions) {
  const why = { label: text("see_where"), act: actions.why };
  if (state.link === "replaced") return one("replaced", text("replaced"), { label: text("bring_here"), act: bringHere });
  if (hop && hop.hop === "offline") return one("lost", text("offline"), why);
  if (hop && hop.hop === "redis_away" && !(state.link === "open" && state.linked > hop.at)) return one("away", text("redis_away"), why);
  if (hop && !["ok", "redis_away"].includes(hop.hop)) return one(hop.hop === "not_ready" ? "unready" : "backend", `${hop.title}.`, why);
  if (state.link === "away" && !(hop && hop.at > state.linked)) return one("away", text("redis_away"), why);
  if (state.link === "full") return one("full", text("full"), { label: text("try_now"), act: actions.retry });
  if (["lost", "away"].includes(state.link)) return one("lost", text("lost"), { label: text("try_now"), act: actions.retry });
  if (state.refused !== null) return one("unready", text("wish_refused", { why: state.refused }), { label: text("try_again"), act: seek });
  return null;
}

const one = (scene, words, action) => ({ scene, words, ...action });

/** Put a state into an element: scene, sentence, button. What already stands there stays as it is. */
export function draw(element, shown) {
  element.hidden = !shown;
  if (!shown) return;
  if (element.dataset.scene !== shown.scene) {
    element.dataset.scene = shown.scene;
    const button = make("button", { type: "button" });
    element.replaceChildren(scene(shown.scene), make("p"), button);
  }
  const button = element.querySelector("button");
  say(element.querySelector("p"), shown.words);
  say(button, shown.label ?? "");
  button.hidden = !shown.act;
  button.onclick = shown.act;
}
