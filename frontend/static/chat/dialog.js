/** The chat dialog: rendering, opening and closing, and where the focus goes. */

import { drawing, drawingUrl } from "../cats.js";
import { leaveChat, messages, onChange, requestChat, state } from "../chat_store.js";
import { byId, data, isComposing, setText } from "../dom.js";
import { gettext } from "../i18n.js";
import { drawIdenticon } from "../identicon.js";
import { problemOf, renderState } from "../status_banner.js";
import { messageField } from "./message_field.js";
import { announce, renderMessages, renderTyping } from "./message_log.js";
import { catOf, illustratedState, isLocal, localMessages, phaseOf, statusOf, titleOf } from "./view_state.js";

const dialog = byId("chat");
const outside = document.querySelectorAll("body > .sign, body > .house, body > .skip");
let isTouch = false;
let opener = null;
let chosenCat = null;
let actions = null;

/** Initialize the dialog with the page's `{connectivity(), explain(), retry()}`. */
export function initialize(pageActions) {
  actions = pageActions;
  onChange(render);
  byId("chat-next").addEventListener("click", next);
  byId("chat-close").addEventListener("click", close);
  dialog.addEventListener("keydown", (event) => event.key === "Escape" && !isComposing(event) && close());
}

/** After a touch the field does not take the focus by itself: it would bring up the keyboard over the cat. */
addEventListener("pointerdown", (event) => (isTouch = event.pointerType === "touch"), true);

/** Open the dialog and request a chat. `button` gets the focus back. */
export function open(cat, button) {
  show(cat, button);
  next();
}

/** Open the dialog of a chat that goes on, after the page was loaded again. */
export const reopen = (button) => show(null, button);

function show(cat, button) {
  [chosenCat, opener] = [cat, button];
  byId("veil").hidden = false;
  outside.forEach((element) => (element.inert = true));
  if (!dialog.open) dialog.show();
  render(state);
  byId("chat-name").focus();
}

function next() {
  if (state.connection === "replaced") return render(state);
  if (!isLocal(state, actions.connectivity())) requestChat();
  else actions.retry();
  return render(state);
}

function close() {
  dialog.close();
  byId("veil").hidden = true;
  outside.forEach((element) => (element.inert = false));
  opener?.focus();
  if (state.connection !== "replaced") leaveChat();
}

/** Render the dialog for this state; also called when the connectivity changed. */
export function render(current = state, kind = null, facts = null) {
  if (!dialog.open) return;
  const phase = phaseOf(current, actions.connectivity(), chosenCat);
  const cat = catOf(current, phase, chosenCat);
  dialog.dataset.phase = phase;
  renderHeader(current, phase, cat);
  renderConversation(current, phase, cat);
  if (kind) react(kind, facts, cat);
}

function renderHeader(current, phase, cat) {
  const isWaiting = phase === "waiting";
  setText(byId("chat-name"), titleOf(phase, cat));
  setText(byId("chat-alt"), isWaiting ? "" : (cat?.alt ?? ""));
  setText(byId("chat-status"), statusOf(current, phase, chosenCat, cat));
  drawOtherCat(isWaiting ? null : cat);
  drawOwnCat(current.cat);
  if (phase === "local") renderServer(cat.greeting ? data.served_by : null, gettext("a house cat, kept by Pod"));
  else renderServer(current.server, gettext("carried by Pod"));
}

function renderConversation(current, phase, cat) {
  const isOurs = current.connection !== "replaced";
  const canWrite = isOurs && phase === "chat";
  const visible = { local: () => localMessages(cat), waiting: () => [] }[phase] ?? messages;
  renderMessages(visible(), current.cat, cat, canWrite);
  renderTyping(canWrite && current.typing ? cat : null);
  const problem = problemOf(current, actions.connectivity(), actions);
  renderState(byId("chat-state"), problem ?? illustratedState(current, phase, cat, visible().length > 0));
  byId("chat-next").disabled = phase === "waiting" || !isOurs;
  messageField.setEnabled(canWrite, byId("chat-next"));
}

function react(kind, facts, cat) {
  if (kind === "paired") {
    if (!isTouch) messageField.focus();
    announce([facts.greeting, facts.fact].filter(Boolean).join(" "), cat);
  }
  if (kind === "message" && !facts.mine) announce(facts.text, cat);
}

let otherCatUrl = null;
let ownCatSeed = null;

/** One's own cat waits before the closed shutters. */
async function drawOwnCat(cat) {
  if (!cat || ownCatSeed === cat.seed) return;
  ownCatSeed = cat.seed;
  const svg = await drawing(drawingUrl(cat.seed)).catch(() => null);
  if (svg && ownCatSeed === cat.seed) byId("chat-own").replaceChildren(svg);
}

/** Draw the other cat; the background takes the colour of the cat's own backdrop. */
async function drawOtherCat(cat) {
  if (otherCatUrl === (cat?.url ?? null)) return;
  otherCatUrl = cat?.url ?? null;
  if (!otherCatUrl) return;
  const svg = await drawing(cat.url).catch(() => null);
  if (!svg || otherCatUrl !== cat.url) return;
  byId("chat-cat").replaceChildren(svg);
  dialog.style.setProperty("--room", svg.querySelector(".cat-backdrop")?.getAttribute("fill") ?? "");
}

/** Show the Pod that serves the conversation. */
function renderServer(server, label) {
  byId("chat-carrier").hidden = !server;
  if (!server) return;
  setText(byId("chat-by"), label);
  setText(byId("chat-pod"), server.pod);
  setText(byId("chat-version"), gettext("version {version}", { version: server.version }));
  byId("chat-colour").style.backgroundColor = server.colour || "transparent";
  drawIdenticon(byId("chat-plate"), server.pod);
}
