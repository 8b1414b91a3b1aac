/** Backstage: beside the wall or from below, it answers three questions while it is open. */

import { lookAtHouse, lookClosely, onHouse } from "../status_polling.js";
import { byId, data, make, text } from "../dom.js";
import { hop, onLook } from "../connectivity.js";
import { onChange, state } from "../chat_store.js";
import { showFaults } from "./faults.js";
import { showRooms } from "./pod_list.js";
import { showWay } from "./network_path.js";
import { showWho } from "./serving_pod.js";

const KEPT = "panel";
const panel = byId("panel");
const parts = ["who", "well", "way", ...(data.faults ? ["if"] : [])];
let house = null;
let opener = null;

const section = (part) => make("section", { id: `panel-${part}`, "aria-labelledby": `panel-${part}-title`, tabIndex: -1 },
  make("h3", { id: `panel-${part}-title` }, text(`ask_${part}`)), make("div"));

const styled = new Promise((done) => {
  const href = document.querySelector('link[rel="stylesheet"]').href.replace("page.css", "panel.css");
  document.head.append(make("link", { rel: "stylesheet", href, onload: done, onerror: done }));
});

byId("panel-body").append(...parts.map(section));
byId("panel-close").addEventListener("click", close);
panel.addEventListener("keydown", (event) => {
  if (event.key === "Escape") close();
});
onHouse((now) => {
  house = now;
  draw();
});
onChange(() => draw());
onLook(() => draw());

/** Open the panel, at one of its parts if there is one to go to. */
export async function open(part, button) {
  opener = button ?? document.activeElement;
  await styled;
  panel.hidden = false;
  mark(true);
  lookClosely(true);
  draw();
  const target = byId(part ? `panel-${part}` : "panel-title");
  target.scrollIntoView({ block: "nearest" });
  if (button || part) target.focus();
}

function close() {
  panel.hidden = true;
  mark(false);
  lookClosely(false);
  opener?.focus();
}

/** Open it, or close it when it is open. */
export const toggle = (button) => (panel.hidden ? open(null, button) : close());

function mark(isOpen) {
  localStorage.setItem(KEPT, isOpen ? "open" : "closed");
  document.documentElement.classList.toggle("beside", isOpen);
  for (const button of document.querySelectorAll("[data-opens=panel]")) button.setAttribute("aria-expanded", String(isOpen));
}

const into = (part) => byId(`panel-${part}`).lastElementChild;

function draw() {
  if (panel.hidden) return;
  showWho(into("who"), house, state.from);
  showRooms(into("well"), house, state.from);
  showWay(into("way"), hop(), house);
  if (data.faults) showFaults(into("if"), house, lookAtHouse);
}
