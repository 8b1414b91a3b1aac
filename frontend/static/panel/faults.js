/** What if…? Faults that one can switch on, for a while, in a Pod; each belongs to a lesson. */

import { backoff, request } from "../api.js";
import { data, make, setText } from "../dom.js";
import { gettext } from "../i18n.js";
import { activeFaults } from "./active_faults.js";
import { rerender } from "./rerender.js";

const MAX_TRIES = 60;

const message = make("p", { role: "status" });
const unreachable = make("p.quiet", { role: "status", hidden: true },
  gettext("No Pod answers through the Service now. What you undo is undone as soon as one does; each fault ends by itself."));
const podSelect = make("select", { id: "fault-pod" });

let catalog = null;
let isLoading = false;
let selectedPod = "";
let podNames = [];

podSelect.addEventListener("change", () => (selectedPod = podSelect.value));

/** Render the switches, and what is switched on; `refresh()` polls the status at once. */
export function renderFaults(element, status, refresh) {
  loadCatalog(refresh);
  rerender(element, Boolean(catalog), () => (catalog
    ? [unreachable, activeFaults.list, switches(refresh), message]
    : make("p.quiet", {}, gettext("The backend offers no faults: it was not started with FAULTS=on, or it does not answer."))));
  unreachable.hidden = Boolean(status);
  if (!catalog || !status) return;
  activeFaults.render(status, (pod, name) => stopFault(pod, name, refresh));
  renderPodOptions(status.pods.map((pod) => pod.pod).sort());
}

async function loadCatalog(refresh) {
  if (isLoading || catalog) return;
  isLoading = true;
  catalog = await request("GET", "/faults").then((answer) => answer.known, () => null);
  isLoading = false;
  if (catalog) refresh();
}

const goneText = (pod) => gettext("{pod} has gone", { pod });

/** Offer the Pods by name; the selected one stays selected, even when it has gone. */
function renderPodOptions(names) {
  podNames = names;
  selectedPod ||= names[0] ?? "";
  const gone = names.includes(selectedPod) ? [] : [make("option", { value: selectedPod }, selectedPod && goneText(selectedPod))];
  rerender(podSelect, [names, gone.length && selectedPod], () => [...names.map((name) => make("option", { value: name }, name)), ...gone]);
  if (podSelect.value !== selectedPod) podSelect.value = selectedPod;
}

function switches(refresh) {
  return make("div.faults", {},
    make("p", {}, make("label", { htmlFor: "fault-pod" }, gettext("In Pod")), podSelect),
    ...catalog.map((fault) => faultDetails(fault, refresh)));
}

function faultDetails(fault, refresh) {
  const fields = Object.entries(fault.values).map(([name, rule]) => field(fault.name, name, rule));
  const form = make("form", { noValidate: true }, ...fields, make("button", {}, gettext("Switch on")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    startFault(form, fault.name, refresh);
  });
  return make("details.fault", {},
    make("summary", {}, make("code", {}, fault.name), " ", fault.says[data.language]),
    make("p.quiet", {}, gettext("Lesson: {title}", { title: fault.lesson.title[data.language] })),
    form);
}

const FIELD_LABELS = {
  seconds: gettext("for (seconds)"),
  probes: gettext("or for (probes)"),
  cores: gettext("CPU cores"),
  mebibytes: gettext("memory (MiB)"),
  milliseconds: gettext("delay (ms)"),
  percent: gettext("share (%)"),
  code: gettext("exit code"),
};

function field(fault, name, rule) {
  const id = `fault-${fault}-${name}`;
  const range = { min: rule.minimum ?? "", max: rule.maximum ?? "", step: name === "cores" ? "any" : "1" };
  const input = make("input", { id, name, type: "number", required: true, value: rule.default ?? "", ...range });
  return make("p", {}, make("label", { htmlFor: id }, FIELD_LABELS[name] ?? `${name} (${rule.unit ?? "–"})`), input);
}

/** Switch a fault on, unless no Pod is selected or a field is invalid. */
async function startFault(form, name, refresh) {
  if (!podNames.includes(selectedPod)) return reject(podSelect, selectedPod ? goneText(selectedPod) : gettext("Choose a Pod first."));
  const invalid = [...form.elements].find((element) => !element.checkValidity());
  if (invalid) return reject(invalid, ruleOf(invalid));
  const values = Object.fromEntries([...new FormData(form)].map(([key, value]) => [key, Number(value)]));
  await execute(name, refresh, async () => {
    const { pod } = await request("POST", faultPath(name, selectedPod), values);
    return gettext("{name} is on in {pod}.", { name, pod });
  });
  return undefined;
}

function reject(element, text) {
  setText(message, text);
  element.focus();
}

function ruleOf({ labels, min, max, step }) {
  const values = { field: labels[0].textContent, min, max };
  if (step === "1") return gettext("“{field}” must be a whole number from {min} to {max}.", values);
  return gettext("“{field}” must be a number from {min} to {max}.", values);
}

/** Switch a fault off; returns whether that was done. */
function stopFault(pod, name, refresh) {
  if (activeFaults.list.contains(document.activeElement)) podSelect.focus();
  return execute(name, refresh, async () => {
    await untilAnswered(() => request("DELETE", faultPath(name, pod)), name);
    return gettext("{name} is undone in {pod}.", { name, pod });
  });
}

/** Repeat a request while nobody answers; the fault itself may keep the Service from sending it on. */
async function untilAnswered(send, name) {
  for (let tries = 0; ; tries++) {
    try {
      return await send();
    } catch (error) {
      if (tries === MAX_TRIES || (error.status && error.status < 500)) throw error;
      setText(message, gettext("{name} waits: {why}", { name, why: reasonOf(error) }));
      await new Promise((resolve) => setTimeout(resolve, backoff(tries, error)));
    }
  }
}

const reasonOf = (error) => error.detail || (error.status ? `HTTP ${error.status}` : gettext("Nobody answers yet."));

const faultPath = (name, pod) => `/faults/${name}?pod=${encodeURIComponent(pod)}`;

/** Run a request, show its result, and refresh the status; returns whether it succeeded. */
async function execute(name, refresh, send) {
  const error = await send().then((text) => setText(message, text), (reason) => reason);
  if (error) {
    setText(message, gettext("{name} was refused: {why}", { name, why: reasonOf(error) }));
  }
  refresh();
  return !error;
}
