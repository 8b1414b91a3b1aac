/** The faults that are switched on, each with the time it has left and a way to undo it. */

import { counted, make, say, text } from "../dom.js";
import { redraw } from "./rerender.js";

const list = make("ul.running");
const ending = new Set();
let all = [];
let rows = [];
let end = null;

/** Show what runs in any Pod; `undo(pod, name)` ends one, and returns a promise of whether that was done. */
function show(house, undo) {
  all = (house?.pods ?? []).flatMap((pod) => pod.faults.map((fault) => ({ ...fault, pod: pod.pod, end: endOf(fault, pod) })));
  const here = new Set(all.map(keyOf));
  for (const key of ending) if (!here.has(key)) ending.delete(key);
  end = undo;
  tick();
}

const keyOf = ({ pod, name, since }) => [pod, name, since].join(" ");

/** A fault that is being undone has left the list; it comes back if it could not be. */
async function stop(row) {
  ending.add(keyOf(row));
  tick();
  if (await end(row.pod, row.name)) return;
  ending.delete(keyOf(row));
  tick();
}

function item(row) {
  const { pod, name } = row;
  const button = make("button", { type: "button" }, text("undo"));
  button.addEventListener("click", () => stop(row));
  return make("li", {}, make("p", {}, make("b", {}, name), " ", make("code", {}, pod), make("span.left.quiet")), button);
}

function tick() {
  rows = all.filter((row) => !ending.has(keyOf(row)) && !(row.end && row.end <= Date.now()));
  redraw(list, rows.map(keyOf), () => rows.map(item));
  rows.forEach((row, index) => {
    const span = list.children[index]?.querySelector(".left");
    if (span) say(span, left(row));
  });
}

/** When it ends by this browser's clock, which may differ from the Pod's. */
const endOf = (fault, pod) => (fault.until ? Date.now() + Date.parse(fault.until) - Date.parse(pod.at) : null);

function left({ end: moment, left: probes }) {
  if (moment) return counted("seconds_left", Math.max(1, Math.round((moment - Date.now()) / 1000)));
  return probes === null ? "" : counted("probes_left", probes);
}

setInterval(() => !document.hidden && tick(), 1000);

export const running = { list, show };
