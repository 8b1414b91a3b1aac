/** Probes as knocks on the door: one tick each, a lane for each kind, time to the right, restarts as walls. */

import { clock, counted, make, text } from "../dom.js";

const LANES = ["startupz", "readyz", "livez"];
const SHOWN = 3;
const LEAST = 60000;

/** Return the strip of a Pod's knocks, with its failures in words. */
export function knocks(pod) {
  if (!pod.probes.length) return make("p.quiet", {}, text("no_knocks"));
  const until = Date.parse(pod.at);
  const since = Math.min(Date.parse(pod.probes[0].at), until - LEAST);
  const at = (moment) => `${(100 * (Date.parse(moment) - since)) / (until - since)}%`;
  const lanes = LANES.filter((kind) => pod.probes.some((probe) => probe.kind === kind));
  const walls = pod.lives.slice(1).filter((life) => Date.parse(life.started_at) > since);
  return make("div.knocks", {},
    make("h4", {}, text("knocks")),
    make("div.strip", {}, ...lanes.map((kind) => lane(kind, pod, at)), make("div.walls", {}, ...walls.map((life) => put(make("i.wall"), at(life.started_at))))),
    make("p.times.quiet", {}, make("span", {}, clock(since, "second")), make("span", {}, clock(until, "second"))),
    failures(pod));
}

function lane(kind, pod, at) {
  const mine = pod.probes.filter((probe) => probe.kind === kind);
  const refused = mine.filter((probe) => !fine(probe)).length;
  const said = `${kind}: ${counted("knocked", mine.length)}, ${counted("refused", refused)}`;
  const ticks = mine.map((probe) => put(make(fine(probe) ? "i.tick" : "i.tick.bad"), at(probe.at)));
  return make("div.lane", {}, make("code", {}, kind), make("div.ticks", { role: "img", "aria-label": said }, ...ticks));
}

const fine = (probe) => probe.status >= 200 && probe.status < 400;

function put(element, left) {
  element.style.left = left;
  return element;
}

function failures(pod) {
  const last = pod.probes.filter((probe) => !fine(probe)).slice(-SHOWN).reverse();
  if (!last.length) return make("p.quiet", {}, text("all_answered"));
  return make("ul.failures", {}, ...last.map((probe) => make("li", {},
    make("b", {}, "✕ "), make("code", {}, probe.kind), ` ${probe.status} · ${clock(probe.at, "second")}${probe.reason ? ` · ${probe.reason}` : ""}`)));
}
