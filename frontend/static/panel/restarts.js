/** The restart history of a container, in words. */

import { make } from "../dom.js";
import { format, formatTime, gettext, ngettext } from "../i18n.js";

const ENDINGS = {
  exit: gettext("ended by itself, code {code}"),
  crash: gettext("crashed, code {code}"),
  killed: gettext("killed, code {code}"),
  oom: gettext("out of memory, code {code}"),
};

export function restartHistory(pod) {
  const runs = pod.lives.map((run) => make(run.ended_at ? "li.over" : "li", {}, describe(run)));
  const title = ngettext("{n} life of the container", "{n} lives of the container", runs.length);
  return make("div.restarts", {}, make("h4", {}, title), make("ol", {}, ...runs));
}

function describe({ started_at: start, ended_at: end, how, code }) {
  if (!end) return gettext("since {from} · running", { from: formatTime(start, "second") });
  const ending = format(ENDINGS[how ?? "exit"], { code: code ?? "?" });
  return `${formatTime(start, "second")} – ${formatTime(end, "second")} · ${ending}`;
}
