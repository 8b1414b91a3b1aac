/** Is it well? Each Pod with its readiness, its probes, its limits, its restarts. */

import { make } from "../dom.js";
import { gettext, ngettext } from "../i18n.js";
import { limits } from "./limits.js";
import { podBadge } from "./pod_badge.js";
import { probeHistory } from "./probe_history.js";
import { rerender } from "./rerender.js";
import { restartHistory } from "./restarts.js";

/** Render every Pod of the status; `server` is the one that serves this page's event stream. */
export function renderPodList(element, status, server) {
  rerender(element, [status, server?.pod], () => {
    if (!status) return make("p.quiet", {}, gettext("No reading: the backend does not answer."));
    const pods = sortPods(status.pods, server?.pod).map((pod) => podArticle(pod, server?.pod));
    return [make("p", {}, summary(status)), make("div.section", {}, make("div.gable"), ...pods)];
  });
}

/** The serving Pod first, then by name: whichever Pod answers, the order stays. */
function sortPods(pods, servingPod) {
  const key = ({ pod }) => (pod === servingPod ? "" : pod);
  return [...pods].sort((left, right) => (key(left) < key(right) ? -1 : 1));
}

function summary({ pods, store, census }) {
  const counts = { ready: pods.filter((pod) => pod.ready).length, all: pods.length };
  const sentences = [
    pods.length === 1 ? gettext("One Pod is seen, {ready} of {all} ready.", counts) : gettext("{all} Pods are seen, {ready} of them ready.", counts),
    storeText(store),
  ];
  if (census) sentences.push(ngettext("{n} visitor is in the house.", "{n} visitors are in the house.", census.visitors));
  return sentences.join(" ");
}

function storeText(store) {
  if (store.kind !== "redis") return gettext("Visitors live in the Pod’s own memory.");
  return store.ok ? gettext("They share their memory in Redis.") : gettext("Redis, their shared memory, is away ({reason}).", { reason: store.reason });
}

function podArticle(pod, servingPod) {
  return make(pod.ready ? "article.pod.lit" : "article.pod", { "aria-label": pod.pod },
    make("div.pod-head", {}, podBadge(pod, pod.pod === servingPod ? gettext("carries your conversation") : ""), readiness(pod)),
    ...pod.faults.map((fault) => make("p.fault-on", {}, gettext("Fault switched on: {name}", { name: fault.name }))),
    probeHistory(pod), limits(pod), restartHistory(pod));
}

const PHASES = { starting: gettext("starting"), draining: gettext("draining") };

function readiness(pod) {
  const word = PHASES[pod.phase] ?? (pod.ready ? gettext("ready") : gettext("not ready"));
  return make("p.ready", {}, make("b", {}, `${pod.ready ? "●" : "○"} ${word}`), make("span.quiet", {}, ngettext("{n} stream", "{n} streams", pod.streams)));
}
