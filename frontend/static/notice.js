/** The notice under the roof: what is going on in the house, in one sentence. */

import { byId, counted, say, text } from "./dom.js";
import { portraitOf } from "./cats.js";
import { draw, trouble } from "./status_banner.js";

let back = null;
let house = null;

/** Remember what was broken until just now, by its hop, null when nothing was; or how many there are. */
export const noteBack = (value) => (back = value);
export const noteHouse = (value) => (house = value);

/** Show trouble if there is any, else how many are in the house. */
export function showNotice(state, hop, actions) {
  const wrong = trouble(state, hop, actions);
  const closed = wrong && hop && hop.hop !== "ok" && actions.houseCats();
  draw(byId("notice"), wrong && { ...wrong, words: closed ? `${wrong.words} ${text("house_arrived")}` : wrong.words });
  say(byId("status"), wrong ? "" : news(state, hop));
  byId("status").hidden = Boolean(wrong);
}

function news(state, hop) {
  if (!hop?.backend) return text("looking");
  if (state.fresh) return text("fresh", { name: state.cat?.name ?? "" });
  if (back) return text(back === "redis_away" ? "memory_back" : "back");
  const census = house?.census;
  const others = census ? census.visitors - (state.cat ? 1 : 0) : 0;
  if (census && others > 0) return [counted("others", others), counted("waiting_now", waitingOthers(census, state))].join(" ");
  return text("all_well", hop.backend);
}

/** Those who wait, but not oneself. */
const waitingOthers = (census, { talk }) => Math.max(0, census.waiting - (talk.phase === "waiting" ? 1 : 0));

/** Show one's own cat on the doormat. */
export function showOwnCat(cat) {
  if (!cat) return;
  say(byId("mat-name"), cat.name);
  const face = byId("mat-face");
  const url = portraitOf(cat.seed);
  if (face.getAttribute("src") !== url) face.src = url;
  byId("mat").classList.add("here");
}
