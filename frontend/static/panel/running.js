/** The faults that are switched on, each with the time it has left and a way to undo it. */

import { counted, make, say, text } from "../dom.js";
import { redraw } from "./redraw.js";

const list = make("ul.running");
let rows = [];

/** Show what runs in any Pod; `undo(pod, name)` ends one. */
function show(house, undo) {
  rows = (house?.pods ?? []).flatMap((pod) => pod.faults.map((fault) => ({ ...fault, pod: pod.pod, end: endOf(fault, pod) })));
  redraw(list, rows.map(({ pod, name, since }) => [pod, name, since]), () => rows.map((row) => item(row, undo)));
  tick();
}

function item({ pod, name }, undo) {
  const button = make("button", { type: "button" }, text("undo"));
  button.addEventListener("click", () => undo(pod, name));
  return make("li", {}, make("p", {}, make("b", {}, name), " ", make("code", {}, pod), make("span.left.quiet")), button);
}

function tick() {
  rows.forEach((row, index) => {
    const span = list.children[index]?.querySelector(".left");
    if (span) say(span, left(row));
  });
}

/** When it ends by this browser's clock, which may differ from the Pod's. */
const endOf = (fault, pod) => (fault.until ? Date.now() + Date.parse(fault.until) - Date.parse(pod.at) : null);

function left({ end, left: probes }) {
  if (end) return counted("seconds_left", Math.max(0, Math.round((end - Date.now()) / 1000)));
  return probes === null ? "" : counted("probes_left", probes);
}

setInterval(() => !document.hidden && tick(), 1000);

export const running = { list, show };
