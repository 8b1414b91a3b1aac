/** The page: windows are filled by whoever is there, the backend's cats or the house's. */

import { openWindow, prepare } from "./chat.js";
import { byId, data, getJson, say, text } from "./dom.js";
import "./eyes.js";
import { look, watch } from "./hop.js";
import { onKnock, redraw, seat } from "./wall.js";

const WINDOWS = byId("windows").children.length;
let seated = "";

async function changed(state, was) {
  if (state.hop === "ok") await bringCats(state, was);
  else bringHouse(state);
}

async function bringCats(state, was) {
  const back = was && was !== "ok";
  if (seated !== "backend") {
    try {
      const { cats } = await getJson(`/api/cats?count=${WINDOWS}`);
      seat(cats.map((cat) => ({ ...cat, alt: cat.alt[data.language], url: `/cats/${encodeURIComponent(cat.seed)}.svg` })));
      seated = "backend";
    } catch {
      if (!seated) bringHouse(state);
      return;
    }
  } else if (back) redraw();
  say(byId("status"), back ? text("back") : text("all_well", state.backend));
}

function bringHouse(state) {
  if (!seated && state.hop !== "frontend") {
    seat(data.house);
    seated = "house";
  }
  say(byId("status"), seated === "house" ? `${state.title}. ${text("house_arrived")}` : state.title);
}

const lost = () => look(changed);
prepare(lost);
onKnock((cat, button) => openWindow(cat, button, lost));
watch(changed);
