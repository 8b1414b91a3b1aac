/** What if…? Faults that one can switch on, for a while, in a Pod; each belongs to a lesson. */

import { data, make, say, text } from "../dom.js";
import { call } from "../api.js";
import { running } from "./active_faults.js";
import { redraw } from "./rerender.js";

let known = null;
let asked = false;

/** Show the switches, and what is switched on; `look()` asks the house at once. */
export function showFaults(element, house, look) {
  ask();
  const ready = Boolean(known && house);
  redraw(element, ready, () => (ready ? [running.list, switches(look), message] : make("p.quiet", {}, text("no_faults"))));
  if (!ready) return;
  running.show(house, (pod, name) => undo(pod, name, look));
  targets(house.pods.map((pod) => pod.pod).sort());
}

async function ask() {
  if (asked || known) return;
  asked = true;
  known = await call("GET", "/faults").then((answer) => answer.known, () => null);
  asked = false;
}

const message = make("p", { role: "status" });
const target = make("select", { id: "fault-pod" });

let chosen = "";
let present = [];

target.addEventListener("change", () => (chosen = target.value));

/** Offer the Pods by name; the one that was chosen stays chosen, even when it has gone. */
function targets(pods) {
  present = pods;
  chosen ||= pods[0] ?? "";
  const gone = pods.includes(chosen) ? [] : [make("option", { value: chosen }, chosen && text("pod_gone", { pod: chosen }))];
  redraw(target, [pods, gone.length && chosen], () => [...pods.map((pod) => make("option", { value: pod }, pod)), ...gone]);
  if (target.value !== chosen) target.value = chosen;
}

function switches(look) {
  return make("div.faults", {},
    make("p", {}, make("label", { htmlFor: "fault-pod" }, text("in_pod")), target),
    ...known.map((fault) => card(fault, look)));
}

function card(fault, look) {
  const fields = Object.entries(fault.values).map(([name, rule]) => field(fault.name, name, rule));
  const form = make("form", { noValidate: true }, ...fields, make("button", {}, text("switch_on")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    begin(form, fault.name, look);
  });
  return make("details.fault", {},
    make("summary", {}, make("code", {}, fault.name), " ", fault.says[data.language]),
    make("p.quiet", {}, text("lesson", { title: fault.lesson.title[data.language] })),
    form);
}

function field(fault, name, rule) {
  const id = `fault-${fault}-${name}`;
  const input = make("input", { id, name, type: "number", required: true, step: name === "cores" ? "any" : "1", value: rule.default ?? "", min: rule.minimum ?? "", max: rule.maximum ?? "" });
  const label = data.texts[`value_${name}`] ?? `${name} (${rule.unit ?? "–"})`;
  return make("p", {}, make("label", { htmlFor: id }, label), input);
}

/** Switch a fault on, unless no Pod is chosen or a field holds what cannot be meant. */
async function begin(form, name, look) {
  const wrong = present.includes(chosen) ? [...form.elements].find((one) => !one.checkValidity()) : target;
  if (wrong) return refuse(wrong);
  const values = Object.fromEntries([...new FormData(form)].map(([key, value]) => [key, Number(value)]));
  await order(name, look, async () => {
    const { pod } = await call("POST", where(name, chosen), values);
    return text("fault_started", { name, pod });
  });
  return undefined;
}

function refuse(wrong) {
  say(message, wrong === target ? text(chosen ? "pod_gone" : "choose_pod", { pod: chosen }) : needs(wrong));
  wrong.focus();
}

const needs = ({ labels, min, max, step }) => text(step === "1" ? "value_whole" : "value_number", { field: labels[0].textContent, min, max });

/** Switch a fault off; returns whether that was done. */
function undo(pod, name, look) {
  if (running.list.contains(document.activeElement)) target.focus();
  return order(name, look, async () => {
    await call("DELETE", where(name, pod));
    return text("fault_undone", { name, pod });
  });
}

const where = (name, pod) => `/faults/${name}?pod=${encodeURIComponent(pod)}`;

/** Do it, say what came of it, and look at the house; returns whether it was done. */
async function order(name, look, act) {
  const error = await act().then((words) => say(message, words), (reason) => reason);
  if (error) say(message, text("fault_refused", { name, why: error.detail || (error.status ? `HTTP ${error.status}` : text("nobody_answers")) }));
  look();
  return !error;
}
