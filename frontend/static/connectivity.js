/** The way to the backend: looked at again and again, drawn as a line of hops. */

import { byId, text } from "./dom.js";
import { call } from "./api.js";

const STEADY = 10000;
const FIRST = 1000;
const LONGEST = 8000;

let timer = 0;
let wait = FIRST;
let state = null;
let looking = null;
const listeners = [];

/** Return what was seen last, `at` which moment (ms) the look began; null before the first look. */
export const hop = () => state;

/** After each look `listener(state, was)` is called, with the outcome before. */
export const onLook = (listener) => listeners.push(listener);

/** Look now, then for ever. */
export function watch() {
  document.addEventListener("visibilitychange", () => !document.hidden && look());
  return look();
}

/** Look at once, because something has just failed. */
export function look() {
  looking ??= lookOnce().finally(() => (looking = null));
  return looking;
}

async function lookOnce() {
  clearTimeout(timer);
  const was = state?.hop ?? "";
  const at = Date.now();
  state = { ...(await call("GET", "/api/backend").catch(unanswered)), at };
  paint();
  if (was !== state.hop) wait = FIRST;
  const pause = state.hop === "ok" ? STEADY : (wait = Math.min(wait * 1.5, LONGEST));
  if (!document.hidden) timer = setTimeout(look, pause);
  listeners.forEach((listener) => listener(state, was));
}

/** Nothing came back. A browser that knows itself to be offline need not blame anybody else. */
const unanswered = () => (navigator.onLine ? frontendLost() : offline());

const nothing = { tried: location.origin, addresses: [], seen: "–", reasons: [], backend: null };

const offline = () => ({ ...nothing, hop: "offline", stage: "browser", title: text("offline"), why: text("offline_why"), commands: [] });

const frontendLost = () => ({
  ...nothing,
  hop: "frontend",
  stage: "frontend",
  title: text("frontend_title"),
  why: text("frontend_why"),
  commands: [`kubectl port-forward k8-chatroulette-front ${location.port || 80}:8080`],
});

/** Return `lit`, `broken` or `dim` for each of the stages, in their order. */
export function marks(stages, { hop: kind, stage }) {
  const broken = kind === "ok" ? stages.length : stages.indexOf(stage);
  return stages.map((_, index) => (index < broken ? "lit" : index === broken ? "broken" : "dim"));
}

function paint() {
  const rows = [...byId("hops").children];
  const states = marks(rows.map((row) => row.dataset.stage), state);
  rows.forEach((row, index) => {
    row.dataset.state = states[index];
    row.querySelector(".unseen").textContent = text(`mark_${states[index]}`);
  });
  const store = state.store?.kind;
  byId("hop-redis").hidden = !(store === "redis" || state.stage === "redis");
  byId("backend-version").textContent = state.backend?.version ?? "–";
  byId("roofline").style.backgroundColor = state.backend?.colour ?? "";
}
