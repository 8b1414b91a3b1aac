/** How did I get here? The wiring of this very page, hop by hop; a broken one says what was tried, seen, and why. */

import { byId, data, make, text } from "../dom.js";
import { marks } from "../connectivity.js";
import { commands } from "./commands.js";
import { redraw } from "./rerender.js";

const SIGN = { lit: "●", broken: "✕", dim: "○" };

/** Show the way as it was seen last. */
export function showWay(element, seen, house) {
  const store = seen?.store ?? house?.store ?? null;
  redraw(element, [seen && { ...seen, at: 0 }, store], () => (seen ? line(seen, store) : make("p.quiet", {}, text("looking"))));
}

function line(seen, store) {
  const stages = ["browser", "frontend", "name", "service", "pod"];
  if (store?.kind === "redis" || seen.stage === "redis") stages.push("redis");
  const states = marks(stages, seen);
  const stops = stages.map((stage, index) => stop(stage, states[index], seen, store));
  return [make("p", {}, seen.hop === "ok" ? text("way_fine") : seen.title), make("ol.way", {}, ...stops)];
}

function stop(stage, mark, seen, store) {
  return make("li", { "data-state": mark },
    make("p.stop", {}, make("b", {}, make("i.sign", {}, SIGN[mark]), ` ${name(stage)}`), make("span.unseen", {}, text(`mark_${mark}`)), make("code", {}, where(stage, seen, store))),
    stage === "pod" && seen.pods?.length ? make("ul.asked", {}, ...seen.pods.map(asked)) : null,
    mark === "broken" ? note(seen) : null);
}

const NAMES = { frontend: "Frontend", service: "Service", pod: "Pod", redis: "Redis" };
const name = (stage) => NAMES[stage] ?? text(`stage_${stage}`);

function where(stage, seen, store) {
  const from = byId("hops").querySelector(`[data-stage=${stage}] span`)?.textContent ?? "";
  if (stage === "browser") return location.host;
  if (stage === "frontend") return data.served_by.pod;
  if (stage === "name") return `${from} → ${seen.addresses.join(", ") || text("nothing")}`;
  if (stage === "service") return seen.tried;
  if (stage === "pod") return seen.backend?.pod ?? seen.backend?.version ?? "–";
  return store?.url ?? store?.kind ?? "–";
}

/** What a Pod said that was asked directly, without the Service. */
function asked({ address, outcome, reasons }) {
  const said = data.texts[`outcome_${outcome}`] ?? text("outcome_other");
  return make("li", {}, make("code", {}, address), ` ${said}`, reasons?.length ? ` · ${reasons.join(" · ")}` : "");
}

function note(seen) {
  const row = (term, what) => make("div", {}, make("dt", {}, text(term)), make("dd", {}, make("code", {}, what)));
  return make("div.note", {},
    make("p", {}, seen.why),
    make("dl", {}, row("tried", seen.tried), row("resolved", seen.addresses.join(", ") || text("nothing")), row("seen", [seen.seen, ...seen.reasons].join(" · "))),
    ...(seen.commands.length ? [make("h4", {}, text("try_next")), commands(seen.commands)] : []),
    make("p.quiet", {}, text("looks_again")));
}
