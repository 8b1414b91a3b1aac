/** How did I get here? The path of this page's requests, stage by stage; a broken one says what was tried, seen, and why. */

import { STAGE_LABELS, stageStates } from "../connectivity.js";
import { byId, data, make } from "../dom.js";
import { gettext } from "../i18n.js";
import { commandList } from "./commands.js";
import { reasonText } from "./reasons.js";
import { rerender } from "./rerender.js";

const SIGNS = { lit: "●", broken: "✕", dim: "○" };
const STAGES = {
  browser: gettext("Your browser"),
  frontend: "Frontend",
  name: gettext("Name"),
  service: "Service",
  pod: "Pod",
  redis: "Redis",
};
const POD_OUTCOMES = {
  ok: gettext("● answers"),
  redis_away: gettext("● answers, but its Redis is away"),
  redis_full: gettext("● answers, but its Redis is full"),
  not_ready: gettext("○ answers that it is not ready"),
  error: gettext("○ answers with an error"),
  refused: gettext("○ refused"),
  timeout: gettext("… timed out"),
  no_answer: gettext("… takes the connection, then silence"),
  unreachable: gettext("○ no way to it"),
};

/** Render the path as of the last connectivity check. */
export function renderNetworkPath(element, connectivity, status) {
  const store = connectivity?.store ?? status?.store ?? null;
  const inputs = [connectivity && { ...connectivity, checkedAt: 0 }, store];
  rerender(element, inputs, () => (connectivity ? pathOf(connectivity, store) : make("p.quiet", {}, gettext("Looking for the backend…"))));
}

function pathOf(connectivity, store) {
  const hasRedis = store?.kind === "redis" || connectivity.stage === "redis";
  const stages = Object.keys(STAGES).filter((stage) => stage !== "redis" || hasRedis);
  const states = stageStates(stages, connectivity);
  const items = stages.map((stage, index) => stageItem(stage, states[index], connectivity, store));
  return [make("p", {}, connectivity.hop === "ok" ? gettext("Every hop is fine.") : connectivity.title), make("ol.path", {}, ...items)];
}

function stageItem(stage, state, connectivity, store) {
  const title = make("b", {}, make("i.mark", {}, SIGNS[state]), ` ${STAGES[stage]}`);
  return make("li", { "data-state": state },
    make("p.stage", {}, title, make("span.unseen", {}, STAGE_LABELS[state]), make("code", {}, detail(stage, connectivity, store))),
    stage === "pod" && connectivity.pods?.length ? make("ul", {}, ...connectivity.pods.map(podItem)) : null,
    state === "broken" ? explanation(connectivity) : null);
}

const addressesOf = (connectivity) => connectivity.addresses.join(", ") || gettext("nothing");

function detail(stage, connectivity, store) {
  const hostname = byId("hops").querySelector("[data-stage=name] span").textContent;
  return {
    browser: location.host,
    frontend: data.served_by.pod,
    name: `${hostname} → ${addressesOf(connectivity)}`,
    service: connectivity.tried,
    pod: connectivity.backend?.pod ?? connectivity.backend?.version ?? "–",
    redis: store?.url ?? store?.kind ?? "–",
  }[stage];
}

/** What a Pod answered directly, without the Service. */
function podItem({ address, outcome, reasons }) {
  const text = POD_OUTCOMES[outcome] ?? gettext("○ something else answers");
  return make("li", {}, make("code", {}, address), ` ${text}`, ...(reasons ?? []).map((reason) => ` · ${reasonText(reason)}`));
}

function explanation(connectivity) {
  const row = (term, value) => make("div", {}, make("dt", {}, term), make("dd", {}, make("code", {}, value)));
  const commands = connectivity.commands.length ? [make("h4", {}, gettext("Try next")), commandList(connectivity.commands)] : [];
  return make("div.note", {},
    make("p", {}, connectivity.why),
    make("dl", {},
      row(gettext("Tried"), connectivity.tried),
      row(gettext("The name gave"), addressesOf(connectivity)),
      row(gettext("Seen"), [connectivity.seen, ...connectivity.reasons.map(reasonText)].join(" · "))),
    ...commands,
    make("p.quiet", {}, gettext("This page looks again by itself.")));
}
