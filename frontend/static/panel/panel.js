/** The panel, beside the grid or from below: it answers three questions while it is open. */

import { onChange, state } from "../chat_store.js";
import { connectivity, onCheck } from "../connectivity.js";
import { byId, data, isComposing, make } from "../dom.js";
import { gettext } from "../i18n.js";
import { local } from "../storage.js";
import { onStatus, pollStatus, setFastPolling } from "../status_polling.js";
import { renderFaults } from "./faults.js";
import { renderNetworkPath } from "./network_path.js";
import { renderPodList } from "./pod_list.js";
import { renderServingPod } from "./serving_pod.js";

const STORAGE_KEY = "panel";
const PARTS = {
  who: gettext("Who answered me?"),
  well: gettext("Is it well?"),
  way: gettext("How did I get here?"),
  ...(data.faults ? { if: gettext("What if…?") } : {}),
};
const panel = byId("panel");
let clusterStatus = null;
let opener = null;

const section = ([part, title]) => make("section", { id: `panel-${part}`, "aria-labelledby": `panel-${part}-title`, tabIndex: -1 },
  make("h3", { id: `panel-${part}-title` }, title), make("div"));

const stylesLoaded = new Promise((resolve) => {
  const href = document.querySelector('link[rel="stylesheet"]').href.replace("page.css", "panel.css");
  document.head.append(make("link", { rel: "stylesheet", href, onload: resolve, onerror: resolve }));
});

byId("panel-body").append(...Object.entries(PARTS).map(section));
byId("panel-close").addEventListener("click", close);
panel.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !isComposing(event)) close();
});
onStatus((status) => {
  clusterStatus = status;
  render();
});
onChange(() => render());
onCheck(() => render());

/** Open the panel, at one of its parts if it is named. */
export async function open(part, button) {
  opener = button ?? document.activeElement;
  await stylesLoaded;
  setOpen(true);
  render();
  const target = byId(part ? `panel-${part}` : "panel-title");
  target.scrollIntoView({ block: "nearest" });
  if (button || part) target.focus();
}

function close() {
  setOpen(false);
  opener?.focus();
}

export const toggle = (button) => (panel.hidden ? open(null, button) : close());

function setOpen(isOpen) {
  panel.hidden = !isOpen;
  local.write(STORAGE_KEY, isOpen);
  document.documentElement.classList.toggle("beside", isOpen);
  for (const button of document.querySelectorAll("[data-opens=panel]")) button.setAttribute("aria-expanded", String(isOpen));
  setFastPolling(isOpen);
}

const bodyOf = (part) => byId(`panel-${part}`).lastElementChild;

function render() {
  if (panel.hidden) return;
  renderServingPod(bodyOf("who"), clusterStatus, state.server);
  renderPodList(bodyOf("well"), clusterStatus, state.server);
  renderNetworkPath(bodyOf("way"), connectivity(), clusterStatus);
  if (data.faults) renderFaults(bodyOf("if"), clusterStatus, pollStatus);
}
