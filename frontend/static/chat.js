/** The open window: a cat greets you, and one reads which Pod and version drew it. */

import { drawing } from "./cats.js";
import { byId, counted, data, getJson, say, text } from "./dom.js";
import { drawPlate } from "./plate.js";
import { after } from "./wall.js";

const dialog = byId("chat");
let knocked = null;
let turn = 0;

/** Open the window of `cat`; `button` gets the focus back. `lost` is called when the backend does not answer. */
export async function openWindow(cat, button, lost) {
  knocked = button;
  const mine = ++turn;
  show(cat);
  if (!dialog.open) dialog.showModal();
  byId("chat-next").focus();
  const met = await meet(cat, lost);
  if (mine === turn) tell(cat, met);
}

function show(cat) {
  byId("chat-name").textContent = cat.name;
  byId("chat-alt").textContent = cat.alt;
  say(byId("chat-greeting"), text("knocking"));
  say(byId("chat-fact"), "");
  say(byId("chat-count"), "\u00a0");
  plate(text("drawn_by"), { pod: "…", version: "…", colour: "" });
  const frame = byId("chat-cat");
  frame.replaceChildren();
  drawing(cat.url).then((svg) => byId("chat-name").textContent === cat.name && hang(frame, svg), () => {});
}

/** Show the drawing; the room behind it takes the colour of the cat's own backdrop. */
function hang(frame, svg) {
  frame.replaceChildren(svg);
  frame.parentElement.style.backgroundColor = svg.querySelector(".cat-backdrop")?.getAttribute("fill") ?? "";
}

async function meet(cat, lost) {
  if (cat.greeting) return null;
  try {
    return await getJson(`/api/cats/${encodeURIComponent(cat.seed)}/encounters`, { method: "POST" });
  } catch {
    lost();
    return null;
  }
}

function tell(cat, met) {
  const greeting = met ? met.greeting[data.language] : cat.greeting;
  say(byId("chat-greeting"), greeting ?? text("no_greeting"));
  say(byId("chat-fact"), (met ? met.fact?.[data.language] : cat.fact) ?? "");
  say(byId("chat-count"), met ? counted("encounters", met.encounters) : text("not_counted"));
  if (met) plate(text("drawn_by"), met.drawn_by);
  else if (cat.greeting) plate(text("kept_by"), data.served_by);
}

function plate(by, { pod, version, colour }) {
  byId("chat-by").textContent = by;
  byId("chat-pod").textContent = pod;
  byId("chat-version").textContent = text("version", { version });
  byId("chat-colour").style.backgroundColor = colour || "transparent";
  drawPlate(byId("chat-plate"), pod);
}

/** Prepare the window's buttons. */
export function prepare(lost) {
  byId("chat-close").addEventListener("click", () => dialog.close());
  byId("chat-next").addEventListener("click", () => {
    const { cat, button } = after(knocked);
    if (cat) openWindow(cat, button, lost);
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    turn++;
    knocked?.focus();
  });
}
