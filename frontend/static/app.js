/** The page: the grid shows the backend's cats or the fallback ones; choosing a cat opens the chat dialog. */

import { request } from "./api.js";
import { onSelect, retryDrawings, setCats, setWaiting } from "./cat_grid.js";
import { drawingUrl } from "./cats.js";
import { onChange, retryNow, start, state } from "./chat_store.js";
import { check, connectivity, isHealthy, onCheck, startChecks } from "./connectivity.js";
import { byId, data } from "./dom.js";
import { renderBanner, renderOwnCat, setClusterStatus, setRecoveredFrom } from "./status_banner.js";
import { onStatus, pollStatus } from "./status_polling.js";
import { isRemembered, local } from "./storage.js";
import "./eyes.js";

const CELLS = byId("windows").children.length;
let source = "";
let dialogModule = null;

const actions = { connectivity, explain: () => showPanel("way"), retry, hasFallbackCats: () => source === "fallback" };

function retry() {
  retryNow();
  check();
}

async function onConnectivity(result, previousOutcome) {
  const healthy = isHealthy(result);
  setRecoveredFrom(healthy && !["", "ok", "offline", "slow", "frontend", result.hop].includes(previousOutcome) ? previousOutcome : null);
  if (healthy) await showBackendCats(previousOutcome);
  else if (!source && !["frontend", "offline", "slow"].includes(result.hop)) await showFallbackCats();
  renderBanner(state, connectivity(), actions);
  dialogModule?.then((dialog) => dialog.render());
}

async function showBackendCats(previousOutcome) {
  if (source === "backend") return previousOutcome !== "ok" && retryDrawings();
  try {
    const { cats } = await request("GET", `/api/cats?count=${CELLS}`);
    setCats(cats.map((cat) => ({ ...cat, alt: cat.alt[data.language], url: drawingUrl(cat.seed) })));
    source = "backend";
  } catch {
    if (!source) await showFallbackCats();
  }
  return undefined;
}

async function showFallbackCats() {
  const { fallbackCats } = await import("./fallback_cats.js");
  setCats(fallbackCats);
  source = "fallback";
}

/** The dialog's code is loaded when a cat is first chosen. */
function loadDialog() {
  dialogModule ??= import("./chat/dialog.js").then((module) => {
    module.initialize(actions);
    return module;
  });
  dialogModule.catch(() => (dialogModule = null));
  return dialogModule;
}

onSelect((cat, button) => {
  request("POST", "/clicks").catch(() => {}); // counted for the course's exercise; the chat does not depend on it
  loadDialog().then((dialog) => dialog.open(cat, button));
});

onChange((changed, kind, facts) => {
  renderOwnCat(changed.cat);
  byId("unremembered").hidden = isRemembered();
  renderBanner(changed, connectivity(), actions);
  if (kind !== "hello") return;
  if (connectivity() && connectivity().hop !== "ok") check();
  if (facts.state !== "idle" && !changed.isClosed && !byId("chat").open) {
    loadDialog().then((dialog) => dialog.reopen(byId("windows").querySelector("button")));
  }
});

onStatus((status) => {
  setClusterStatus(status);
  setWaiting((status?.census?.windows ?? []).filter((seed) => seed !== state.cat?.seed));
  renderBanner(state, connectivity(), actions);
});

/** The panel's code is loaded when it is first opened. */
const loadPanel = () => import("./panel/panel.js");

const showPanel = async (part) => (await loadPanel()).open(part);

for (const button of document.querySelectorAll("[data-opens=panel]")) {
  button.addEventListener("click", async () => (await loadPanel()).toggle(button));
}
if (local.read("panel")) showPanel();

for (const kind of ["online", "offline"]) addEventListener(kind, check);

onCheck(onConnectivity);
startChecks().then(pollStatus);
if (!document.hidden || state.cat) start(); // else when it is first looked at
