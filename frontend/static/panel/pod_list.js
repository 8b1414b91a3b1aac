/** Is it well? The house in section: each Pod is a room, with its lamp, its knocks, its limits, its lives. */

import { counted, make, text } from "../dom.js";
import { door } from "./pod_badge.js";
import { knocks } from "./probe_history.js";
import { limits } from "./limits.js";
import { lives } from "./restarts.js";
import { redraw } from "./rerender.js";

/** Show every Pod that the house knows of; `from` is the one that carries this page's events. */
export function showRooms(element, house, from) {
  redraw(element, [house, from?.pod], () => {
    if (!house) return make("p.quiet", {}, text("no_reading"));
    return [make("p", {}, summary(house)), make("div.section", {}, make("div.gable"), ...inOrder(house.pods, from?.pod).map((pod) => room(pod, from?.pod)))];
  });
}

/** One's own Pod first, then by name: whichever Pod answers, the rooms keep their places. */
function inOrder(pods, mine) {
  const key = ({ pod }) => (pod === mine ? "" : pod);
  return [...pods].sort((one, other) => (key(one) < key(other) ? -1 : 1));
}

function summary({ pods, store, census }) {
  const ready = pods.filter((pod) => pod.ready).length;
  const sentences = [text(pods.length === 1 ? "pods_one" : "pods_ready", { ready, all: pods.length })];
  if (store.kind === "redis") sentences.push(text(store.ok ? "store_redis" : "store_away", { reason: store.reason }));
  else sentences.push(text("store_memory"));
  if (census) sentences.push(counted("visitors", census.visitors));
  return sentences.join(" ");
}

function room(pod, mine) {
  return make(pod.ready ? "article.room.lit" : "article.room", { "aria-label": pod.pod },
    make("div.room-head", {}, door(pod, pod.pod === mine ? text("carries_you") : ""), lamp(pod)),
    ...pod.faults.map((fault) => make("p.fault-on", {}, text("fault_on", { name: fault.name }))),
    knocks(pod), limits(pod), lives(pod));
}

function lamp(pod) {
  const word = pod.phase === "serving" ? text(pod.ready ? "ready" : "not_ready") : text(`phase_${pod.phase}`);
  return make("p.ready", {}, make("b", {}, `${pod.ready ? "●" : "○"} ${word}`), make("span.quiet", {}, counted("streams", pod.streams)));
}
