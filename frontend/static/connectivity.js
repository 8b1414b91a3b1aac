/** The connectivity of the backend (`/api/backend`): checked periodically, drawn as a line of stages. */

import { request } from "./api.js";
import { byId } from "./dom.js";
import { gettext } from "./i18n.js";

const HEALTHY_PERIOD = 10000;
const FIRST_RETRY = 1000;
const LONGEST_RETRY = 8000;

let timer = 0;
let retryPeriod = FIRST_RETRY;
let last = null;
let pending = null;
const listeners = [];

/** Return the last check's result, `checkedAt` (ms) the moment it began; null before the first. */
export const connectivity = () => last;

export const isHealthy = (result) => ["ok", "redis_away", "redis_full"].includes(result.hop);

/** Tell whether it is this browser that lacks something: nothing is known of what lies behind. */
export const isOwnLack = (result) => ["offline", "slow"].includes(result?.hop);

/** After each check `listener(result, previousOutcome)` is called. */
export const onCheck = (listener) => listeners.push(listener);

/** Check now, then periodically. */
export function startChecks() {
  document.addEventListener("visibilitychange", () => !document.hidden && check());
  return check();
}

/** Check at once, because a request has just failed. */
export function check() {
  pending ??= checkOnce().finally(() => (pending = null));
  return pending;
}

async function checkOnce() {
  clearTimeout(timer);
  const previousOutcome = last?.hop ?? "";
  const checkedAt = performance.now();
  last = { ...(await request("GET", "/api/backend").catch(unanswered)), checkedAt };
  render();
  if (previousOutcome !== last.hop) retryPeriod = FIRST_RETRY;
  const period = last.hop === "ok" ? HEALTHY_PERIOD : (retryPeriod = Math.min(retryPeriod * 1.5, LONGEST_RETRY));
  if (!document.hidden) timer = setTimeout(check, period);
  listeners.forEach((listener) => listener(last, previousOutcome));
}

/** What is known where the check itself had no answer: an own lack is not told as another's. */
const unanswered = (error) => ({
  tried: location.origin,
  addresses: [],
  seen: error.status ? `HTTP ${error.status}` : "–",
  reasons: [],
  backend: null,
  ...(navigator.onLine ? answerless(error) : offline()),
});

const answerless = (error) => (error.name === "TimeoutError" ? slow() : frontendDown());

const slow = () => ({
  hop: "slow",
  stage: "browser",
  title: gettext("Your browser waits for an answer"),
  why: gettext("Its connection is slow, or other tabs use all the connections that it opens to one server: it has six. It asks again by itself; what you write waits here until then."),
  commands: [],
});

const offline = () => ({
  hop: "offline",
  stage: "browser",
  title: gettext("Your browser is offline."),
  why: gettext("Nothing can be asked until it is connected again; what you write waits here until then."),
  commands: [],
});

const frontendDown = () => ({
  hop: "frontend",
  stage: "frontend",
  title: gettext("The page has lost its own frontend"),
  why: gettext("Even the service that gave you this page does not answer any more. A port-forward ends when its Pod does, or when its terminal is closed."),
  commands: [`kubectl port-forward k8-chatroulette-front ${location.port || 80}:8080`],
});

export const STAGE_LABELS = { lit: gettext("fine"), broken: gettext("broken"), dim: gettext("not reached") };

/** Return `lit`, `broken` or `dim` for each of the stages, in their order. */
export function stageStates(stages, { hop: outcome, stage }) {
  const broken = outcome === "ok" ? stages.length : stages.indexOf(stage);
  return stages.map((_, index) => (index < broken ? "lit" : index === broken ? "broken" : "dim"));
}

function render() {
  const rows = [...byId("hops").children];
  const states = stageStates(rows.map((row) => row.dataset.stage), last);
  rows.forEach((row, index) => {
    row.dataset.state = states[index];
    row.querySelector(".unseen").textContent = STAGE_LABELS[states[index]];
  });
  byId("hop-redis").hidden = !(last.store?.kind === "redis" || last.stage === "redis");
  byId("backend-version").textContent = last.backend?.version ?? "–";
  byId("roofline").style.backgroundColor = last.backend?.colour ?? "";
}
