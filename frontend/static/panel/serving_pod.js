/** Who answered me? The Pod at the other end of this page's line. */

import { make, text } from "../dom.js";
import { door } from "./pod_badge.js";
import { redraw } from "./rerender.js";

/** Show the Pod that carries this page's events; before there is a line, the one that answered last. */
export function showWho(element, house, from) {
  const answered = house?.pods.find((pod) => pod.pod === house.answered_by);
  const shown = from ?? answered;
  const facts = shown && [shown.pod, shown.node, shown.version, shown.colour, Boolean(from), house?.pods.length];
  redraw(element, facts ?? null, () => (shown ? known(shown, from, house) : make("p.quiet", {}, text("nobody_answers"))));
}

function known(shown, from, house) {
  const others = (house?.pods.length ?? 1) - 1;
  const sentence = others > 0 ? "who_one_of" : house?.store.kind === "redis" ? "who_with_redis" : "who_alone";
  return [door(shown, text(from ? "carries_you" : "answered_last")), make("p", {}, text(sentence))];
}
