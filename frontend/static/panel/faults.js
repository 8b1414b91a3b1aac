/** What if…? Faults that one can switch on, for a while, in a Pod; each belongs to a lesson. */

import { data, make, say, text } from "../dom.js";
import { call } from "../net.js";
import { running } from "./running.js";
import { redraw } from "./redraw.js";

let known = null;
let asked = false;

/** Show the switches, and what is switched on; `look()` asks the house at once. */
export function showFaults(element, house, look) {
  ask();
  const ready = Boolean(known && house);
  redraw(element, ready, () => (ready ? [running.list, switches(look), message] : make("p.quiet", {}, text("no_faults"))));
  if (!ready) return;
  running.show(house, (pod, name) => order("DELETE", pod, name, null, look));
  targets(house?.pods.map((pod) => pod.pod) ?? []);
}

async function ask() {
  if (asked || known) return;
  asked = true;
  known = await call("GET", "/faults").then((answer) => answer.known, () => null);
  asked = false;
}

const message = make("p", { role: "status" });
const target = make("select", { id: "fault-pod" });

function targets(pods) {
  redraw(target, pods, () => pods.map((pod) => make("option", { value: pod }, pod)));
}

function switches(look) {
  return make("div.faults", {},
    make("p", {}, make("label", { htmlFor: "fault-pod" }, text("in_pod")), target),
    ...known.map((fault) => card(fault, look)));
}

function card(fault, look) {
  const fields = Object.entries(fault.values).map(([name, rule]) => field(fault.name, name, rule));
  const form = make("form", {}, ...fields, make("button", {}, text("switch_on")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const values = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== "").map(([name, value]) => [name, Number(value)]));
    order("POST", target.value, fault.name, values, look);
  });
  return make("details.fault", {},
    make("summary", {}, make("code", {}, fault.name), " ", fault.says[data.language]),
    make("p.quiet", {}, text("lesson", { title: fault.lesson.title[data.language] })),
    form);
}

function field(fault, name, rule) {
  const id = `fault-${fault}-${name}`;
  const input = make("input", { id, name, type: "number", step: "any", value: rule.default ?? "", min: rule.minimum ?? "", max: rule.maximum ?? "" });
  const label = data.texts[`value_${name}`] ?? `${name} (${rule.unit ?? "–"})`;
  return make("p", {}, make("label", { htmlFor: id }, label), input);
}

async function order(method, pod, name, values, look) {
  const where = pod ? `?pod=${encodeURIComponent(pod)}` : "";
  try {
    await call(method, `/faults/${name}${where}`, values);
    say(message, text(method === "POST" ? "fault_started" : "fault_undone", { name, pod }));
  } catch (error) {
    say(message, text("fault_refused", { name, status: error.status ?? "–" }));
  }
  look();
}
