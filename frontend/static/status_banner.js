/** The banner under the roof: what is wrong, or how many visitors there are, in one sentence. */

import { drawingUrl } from "./cats.js";
import { requestChat, takeOver } from "./chat_store.js";
import { isHealthy, isOwnLack } from "./connectivity.js";
import { byId, make, setText } from "./dom.js";
import { gettext, ngettext } from "./i18n.js";
import { illustration } from "./illustrations.js";

let recoveredFrom = null;
let clusterStatus = null;

/** Set the outcome that has just ended, null when nothing was broken. */
export const setRecoveredFrom = (outcome) => (recoveredFrom = outcome);
export const setClusterStatus = (status) => (clusterStatus = status);

/** Of what the event stream and the connectivity check say of Redis, the later counts. */
function problemName({ connection, connectionAt, refusal }, connectivity) {
  const outcome = connectivity?.hop ?? "ok";
  const newerBy = connectionAt - (connectivity?.checkedAt ?? 0);
  if (connection === "replaced") return "replaced";
  if (isOwnLack(connectivity)) return outcome;
  if (outcome === "redis_away" && (connection !== "open" || newerBy <= 0)) return "redis_away";
  if (outcome === "redis_full") return "redis_full";
  if (connectivity && !isHealthy(connectivity)) return outcome === "not_ready" ? "not_ready" : "backend";
  if (connection === "away" && newerBy >= 0) return "redis_away";
  if (connection === "full") return "full";
  if (["lost", "away"].includes(connection)) return "lost";
  return refusal === null ? null : "refused";
}

/**
 * Return `{illustration, text, label, action}` for what is wrong, null when all is well; the page and the chat dialog
 * show the same.
 */
export function problemOf(state, connectivity, actions) {
  const explain = { label: gettext("See where it breaks"), action: actions.explain };
  const bringBack = { label: gettext("Bring it here"), action: takeOver };
  const retry = { label: gettext("Try now"), action: actions.retry };
  const redisText = gettext("The café’s memory, Redis, is away: nothing is lost, and the talk goes on as soon as it is back.");
  const redisFullText = gettext("The café’s memory, Redis, is full: who is here goes on, and nobody else can come in yet.");
  const refusedText = gettext("The café refused to look for another cat: {why}", { why: state.refusal });
  const problems = {
    replaced: { illustration: "replaced", text: gettext("Your cat sits in another tab now."), ...bringBack },
    offline: { illustration: "lost", text: gettext("Your browser is offline."), ...explain },
    slow: { illustration: "lost", text: `${gettext("Your browser waits for an answer")}.`, ...explain },
    redis_away: { illustration: "away", text: redisText, ...explain },
    redis_full: { illustration: "full", text: redisFullText, ...explain },
    not_ready: { illustration: "unready", text: `${connectivity?.title}.`, ...explain },
    backend: { illustration: "backend", text: `${connectivity?.title}.`, ...explain },
    full: { illustration: "full", text: gettext("The house is full: a place will be free in a moment."), ...retry },
    lost: { illustration: "lost", text: gettext("The line to the café is cut; it is taken up again by itself."), ...retry },
    refused: { illustration: "unready", text: refusedText, label: gettext("Try again"), action: requestChat },
  };
  return problems[problemName(state, connectivity)] ?? null;
}

/** Render an illustrated state: drawing, sentence, button. Elements that are already there are kept. */
export function renderState(element, content) {
  element.hidden = !content;
  if (!content) return;
  if (element.dataset.illustration !== content.illustration) {
    element.dataset.illustration = content.illustration;
    element.replaceChildren(illustration(content.illustration), make("p"), make("button", { type: "button" }));
  }
  const button = element.querySelector("button");
  setText(element.querySelector("p"), content.text);
  setText(button, content.label ?? "");
  button.hidden = !content.action;
  button.onclick = content.action;
}

/** Show what is wrong, else how many visitors there are. */
export function renderBanner(state, connectivity, actions) {
  const current = problemOf(state, connectivity, actions);
  const onFallback = current && connectivity && connectivity.hop !== "ok" && actions.hasFallbackCats();
  const text = onFallback ? [current.text, gettext("The house cats keep the café open.")].join(" ") : current?.text;
  renderState(byId("notice"), current && { ...current, text });
  setText(byId("status"), current ? "" : news(state, connectivity));
  byId("status").hidden = Boolean(current);
}

function news(state, connectivity) {
  if (!connectivity?.backend) return gettext("Looking for the backend…");
  if (state.isNewVisit) return gettext("The café had forgotten you: a new visit has begun, and you are {name}.", { name: state.cat?.name ?? "" });
  if (recoveredFrom === "redis_away") return gettext("The café’s memory is back: everything goes on where it was.");
  if (recoveredFrom) return gettext("The backend is back. The cats are coming home.");
  return visitorCounts(state) ?? gettext("Every hop is fine: {name} {version} answers.", connectivity.backend);
}

/** Return how many others there are, and how many of them wait; null when there is nobody else. */
function visitorCounts({ cat, chat }) {
  const census = clusterStatus?.census;
  const others = census ? census.visitors - (cat ? 1 : 0) : 0;
  if (others <= 0) return null;
  const waiting = Math.max(0, census.waiting - (chat.phase === "waiting" ? 1 : 0));
  return [
    ngettext("{n} other visitor is in the house.", "{n} other visitors are in the house.", others),
    waiting
      ? ngettext("{n} can be met right now.", "{n} can be met right now.", waiting)
      : gettext("Nobody can be met right now."),
  ].join(" ");
}

export function renderOwnCat(cat) {
  if (!cat) return;
  setText(byId("mat-name"), cat.name);
  const image = byId("mat-face");
  const url = drawingUrl(cat.seed);
  if (image.getAttribute("src") !== url) image.src = url;
  byId("mat").classList.add("here");
}
