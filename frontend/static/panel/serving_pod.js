/** Who answered me? The Pod that serves this page's event stream. */

import { make } from "../dom.js";
import { gettext } from "../i18n.js";
import { podBadge } from "./pod_badge.js";
import { rerender } from "./rerender.js";

/** Render the Pod of the event stream, `server`; before there is one, the Pod that answered last. */
export function renderServingPod(element, status, server) {
  const pod = server ?? status?.pods.find((candidate) => candidate.pod === status.answered_by);
  const inputs = pod && [pod.pod, pod.node, pod.version, pod.colour, Boolean(server), status?.pods.length];
  rerender(element, inputs ?? null, () => {
    if (!pod) return make("p.quiet", {}, gettext("Nobody answers yet."));
    const label = server ? gettext("carries your conversation") : gettext("answered last");
    return [podBadge(pod, label), make("p", {}, replaceability(status))];
  });
}

function replaceability(status) {
  if (status?.pods.length > 1) return gettext("If it goes, another Pod takes your line, and nothing is lost.");
  if (status?.store.kind === "redis") return gettext("It keeps nothing itself: any other Pod could take its place.");
  return gettext("It is the only one, and remembers the visitors itself: what it forgets is gone.");
}
