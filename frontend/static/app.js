/** The page: windows are filled by whoever is there, the backend's cats or the house's; a knock opens one. */

import { lightFor, onKnock, redraw, seat } from "./cat_grid.js";
import { lookAtHouse, onHouse } from "./status_polling.js";
import { byId, data } from "./dom.js";
import { portraitOf } from "./cats.js";
import { hop, look, onLook, watch } from "./connectivity.js";
import { call } from "./api.js";
import { noteBack, noteHouse, showNotice, showOwnCat } from "./notice.js";
import { onChange, retryLine, start, state } from "./chat_store.js";
import "./eyes.js";

const WINDOWS = byId("windows").children.length;
let seated = "";
let opened = null;

const actions = { hop, why: () => showPanel("way"), retry, houseCats: () => seated === "house" };

function retry() {
  retryLine();
  look();
}

async function changed(seen, was) {
  const well = seen.hop === "ok" || seen.hop === "redis_away";
  noteBack(well && !["", "ok", "offline", seen.hop].includes(was) ? was : null);
  if (well) await bringCats(was);
  else if (!seated && !["frontend", "offline"].includes(seen.hop)) bringHouse();
  refresh();
}

async function bringCats(was) {
  if (seated === "backend") return was !== "ok" && redraw();
  try {
    const { cats } = await call("GET", `/api/cats?count=${WINDOWS}`);
    seat(cats.map((cat) => ({ ...cat, alt: cat.alt[data.language], url: portraitOf(cat.seed) })));
    seated = "backend";
  } catch {
    if (!seated) bringHouse();
  }
  return undefined;
}

function bringHouse() {
  seat(data.house);
  seated = "house";
}

function refresh() {
  showNotice(state, hop(), actions);
  opened?.then((chat) => chat.render());
}

/** The window's code comes with the first knock. */
function chat() {
  opened ??= import("./chat/dialog.js").then((module) => {
    module.prepare(actions);
    return module;
  });
  opened.catch(() => (opened = null));
  return opened;
}

onKnock((cat, button) => chat().then((window) => window.openWindow(cat, button)));

onChange((now, news, facts) => {
  showOwnCat(now.cat);
  showNotice(now, hop(), actions);
  if (news === "hello" && hop() && hop().hop !== "ok") look();
  if (news === "hello" && facts.state !== "idle" && !now.closed && !byId("chat").open) {
    chat().then((window) => window.reopen(byId("windows").querySelector("button")));
  }
});

onHouse((house) => {
  noteHouse(house);
  lightFor((house?.census?.windows ?? []).filter((seed) => seed !== state.cat?.seed));
  showNotice(state, hop(), actions);
});

/** Backstage opens beside the wall; its code comes when it is asked for. */
const panel = () => import("./panel/panel.js");

const showPanel = async (part) => (await panel()).open(part);

for (const button of document.querySelectorAll("[data-opens=panel]")) {
  button.addEventListener("click", async () => (await panel()).toggle(button));
}
if (localStorage.getItem("panel") === "open") showPanel();

for (const kind of ["online", "offline"]) addEventListener(kind, look);

onLook(changed);
watch().then(lookAtHouse);
start();
