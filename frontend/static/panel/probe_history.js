/** The history of a Pod's probes: one tick each, a lane for each kind, time to the right, marks at restarts. */

import { make } from "../dom.js";
import { formatTime, gettext, ngettext } from "../i18n.js";
import { reasonText } from "./reasons.js";

const KINDS = ["startupz", "readyz", "livez"];
const MAX_FAILURES = 3;
const MIN_PERIOD = 60000;

/** Return the chart of a Pod's probes, with the last failures in words. */
export function probeHistory(pod) {
  if (!pod.probes.length) {
    return make("p.quiet", {},
      gettext("No HTTP probe has knocked. TCP and exec probes cannot be seen from inside; outside Kubernetes, nobody knocks."));
  }
  const end = Date.parse(pod.at);
  const start = Math.min(Date.parse(pod.probes[0].at), end - MIN_PERIOD);
  const position = (moment) => `${(100 * (Date.parse(moment) - start)) / (end - start)}%`;
  const kinds = KINDS.filter((kind) => pod.probes.some((probe) => probe.kind === kind));
  const restarts = pod.lives.slice(1).filter((run) => Date.parse(run.started_at) > start);
  const marks = restarts.map((run) => at(position(run.started_at), make("i.restart-mark")));
  return make("div.probes", {},
    make("h4", {}, gettext("Knocks at the door (probes)")),
    make("div.strip", {}, ...kinds.map((kind) => lane(kind, pod, position)), make("div.restart-marks", {}, ...marks)),
    make("p.times.quiet", {}, make("span", {}, formatTime(start, "second")), make("span", {}, formatTime(end, "second"))),
    failures(pod));
}

function lane(kind, pod, position) {
  const probes = pod.probes.filter((probe) => probe.kind === kind);
  const failed = probes.filter((probe) => !hasSucceeded(probe)).length;
  const counts = [ngettext("{n} knock", "{n} knocks", probes.length), ngettext("{n} refused", "{n} refused", failed)];
  const label = `${kind}: ${counts.join(", ")}`;
  const ticks = probes.map((probe) => at(position(probe.at), make(hasSucceeded(probe) ? "i.tick" : "i.tick.bad")));
  return make("div.lane", {}, make("code", {}, kind), make("div.ticks", { role: "img", "aria-label": label }, ...ticks));
}

/** The kubelet's own rule. */
const hasSucceeded = (probe) => probe.status >= 200 && probe.status < 400;

function at(left, element) {
  element.style.left = left;
  return element;
}

function failures(pod) {
  const last = pod.probes.filter((probe) => !hasSucceeded(probe)).slice(-MAX_FAILURES).reverse();
  if (!last.length) return make("p.quiet", {}, gettext("Every knock was answered."));
  return make("ul.failures", {}, ...last.map((probe) => make("li", {},
    make("b", {}, "✕ "), make("code", {}, probe.kind), ` ${probe.status} · ${formatTime(probe.at, "second")}${probe.reason ? ` · ${reasonText(probe.reason)}` : ""}`)));
}
