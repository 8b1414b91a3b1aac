/** The lives of a container: rooms of time, with a wall between two of them. */

import { clock, counted, make, text } from "../dom.js";

/** Return the lives of a Pod's container as a row, in words. */
export function lives(pod) {
  const rooms = pod.lives.map((life) => make(life.ended_at ? "li.over" : "li", {}, story(life)));
  return make("div.lives", {}, make("h4", {}, counted("lives", pod.lives.length)), make("ol", {}, ...rooms));
}

function story({ started_at: from, ended_at: to, how, code }) {
  if (!to) return text("life_now", { from: clock(from, "second") });
  const end = text(`ended_${how ?? "exit"}`, { code: code ?? "?" });
  return `${clock(from, "second")} – ${clock(to, "second")} · ${end}`;
}
