/** The faults that are switched on, each with the time it has left and a button that undoes it. */

import { make, setText } from "../dom.js";
import { gettext, ngettext } from "../i18n.js";
import { rerender } from "./rerender.js";

const list = make("ul.active-faults");
const undoing = new Set();
let faults = [];
let undoFault = null;

/** Render the active faults of every Pod; `undo(pod, name)` ends one, and returns a promise of whether that was done. */
function render(status, undo) {
  faults = (status?.pods ?? []).flatMap((pod) => pod.faults.map((fault) => ({ ...fault, pod: pod.pod, endsAt: endOf(fault, pod) })));
  const active = new Set(faults.map(keyOf));
  for (const key of undoing) if (!active.has(key)) undoing.delete(key);
  undoFault = undo;
  update();
}

const keyOf = ({ pod, name, since }) => [pod, name, since].join(" ");

/** A fault that is being undone is hidden at once; it comes back if that fails. */
async function startUndo(fault) {
  undoing.add(keyOf(fault));
  update();
  if (await undoFault(fault.pod, fault.name)) return;
  undoing.delete(keyOf(fault));
  update();
}

function faultItem(fault) {
  const button = make("button", { type: "button" }, gettext("Undo"));
  button.addEventListener("click", () => startUndo(fault));
  return make("li", {}, make("p", {}, make("b", {}, fault.name), " ", make("code", {}, fault.pod), make("span.left.quiet")), button);
}

function update() {
  const visible = faults.filter((fault) => !undoing.has(keyOf(fault)) && !(fault.endsAt && fault.endsAt <= performance.now()));
  rerender(list, visible.map(keyOf), () => visible.map(faultItem));
  visible.forEach((fault, index) => {
    const span = list.children[index]?.querySelector(".left");
    if (span) setText(span, remaining(fault));
  });
}

/** When it ends by this browser's clock, which may differ from the Pod's. */
const endOf = (fault, pod) => (fault.until ? performance.now() + Date.parse(fault.until) - Date.parse(pod.at) : null);

function remaining({ endsAt, left: probes }) {
  if (endsAt) return ngettext("{n} s left", "{n} s left", Math.max(1, Math.round((endsAt - performance.now()) / 1000)));
  return probes === null ? "" : ngettext("{n} probe left", "{n} probes left", probes);
}

setInterval(() => !document.hidden && update(), 1000);

export const activeFaults = { list, render };
