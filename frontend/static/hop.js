/** The way to the backend: looked at again and again, drawn as a line of hops, explained when one is broken. */

import { byId, getJson, say, text } from "./dom.js";

const STAGES = ["browser", "frontend", "name", "port", "answer"];
const STEADY = 10000;
const FIRST = 1000;
const LONGEST = 8000;

let timer = 0;
let wait = FIRST;
let known = "";
let looking = false;

/** Look now, then for ever: each time the outcome changes, `changed(state)` is called. */
export function watch(changed) {
  document.addEventListener("visibilitychange", () => !document.hidden && look(changed));
  return look(changed);
}

/** Look at once, because something has just failed. */
export async function look(changed) {
  if (looking) return;
  looking = true;
  clearTimeout(timer);
  const state = await ask();
  looking = false;
  paint(state);
  const was = known;
  known = state.hop;
  if (was !== known) wait = FIRST;
  const pause = known === "ok" ? STEADY : (wait = Math.min(wait * 1.5, LONGEST));
  if (!document.hidden) timer = setTimeout(() => look(changed), pause);
  changed(state, was);
}

async function ask() {
  try {
    return await getJson("/api/backend");
  } catch {
    return {
      hop: "frontend",
      stage: "frontend",
      title: text("frontend_title"),
      why: text("frontend_why"),
      tried: location.origin,
      addresses: [],
      seen: "–",
      reasons: [],
      commands: [`kubectl port-forward k8-chatroulette-front ${location.port || 80}:8080`],
      backend: null,
    };
  }
}

function paint(state) {
  const broken = state.hop === "ok" ? STAGES.length : STAGES.indexOf(state.stage);
  for (const [index, stage] of STAGES.entries()) {
    const mark = index < broken ? "lit" : index === broken ? "broken" : "dim";
    byId("hops").querySelector(`[data-stage=${stage}]`).dataset.state = mark;
  }
  byId("backend-version").textContent = state.backend?.version ?? "–";
  byId("roofline").style.backgroundColor = state.backend?.colour ?? "";
  if (state.hop !== "ok") explain(state);
  byId("note").hidden = state.hop === "ok";
}

function explain(state) {
  say(byId("note-title"), state.title);
  say(byId("note-why"), state.why);
  say(byId("note-tried"), state.tried);
  say(byId("note-addresses"), state.addresses.join(", ") || text("nothing"));
  say(byId("note-seen"), [state.seen, ...state.reasons].join(" · "));
  const list = byId("note-commands");
  if ([...list.querySelectorAll("code")].map((code) => code.textContent).join("\n") === state.commands.join("\n")) return;
  list.replaceChildren(...state.commands.map(command));
}

function command(line) {
  const item = document.createElement("li");
  const code = document.createElement("code");
  const button = document.createElement("button");
  code.textContent = line;
  button.type = "button";
  button.textContent = text("copy");
  button.setAttribute("aria-label", `${text("copy")}: ${line}`);
  button.addEventListener("click", async () => {
    await copy(code);
    button.textContent = text("copied");
    setTimeout(() => (button.textContent = text("copy")), 2000);
  });
  item.append(code, button);
  return item;
}

/** Copy the text of an element; over plain http from another machine, browsers only allow the old way. */
async function copy(element) {
  try {
    await navigator.clipboard.writeText(element.textContent);
  } catch {
    getSelection().selectAllChildren(element);
    document.execCommand("copy");
  }
}

byId("note-fold").addEventListener("click", () => {
  const body = byId("note-body");
  body.hidden = !body.hidden;
  byId("note-fold").setAttribute("aria-expanded", String(!body.hidden));
  byId("note-fold").textContent = text(body.hidden ? "unfold" : "fold");
});
