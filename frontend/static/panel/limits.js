/** Use against request and limit: a bar for CPU and one for memory; throttling hatched, an OOM kill as a torn edge. */

import { data, make } from "../dom.js";
import { gettext, ngettext } from "../i18n.js";
import { lruSet } from "../lru.js";

const number = new Intl.NumberFormat(data.language, { maximumFractionDigits: 2 });
const percent = new Intl.NumberFormat(data.language, { style: "percent", maximumFractionDigits: 0 });
const MIB = 1024 * 1024;
const MIN_THROTTLING = 0.005;
const readings = new Map();

const mebibytes = (bytes) => `${number.format(Math.round(bytes / MIB))}\u00a0MiB`;
const cores = (value) => `${number.format(value)}\u00a0CPU`;

/** Return the two bars of a Pod's container. */
export function limits(pod) {
  const { cpu, memory, cpu_request_millicores: millicores, memory_request_bytes: memoryRequest } = pod.container;
  const rate = cpuRate(pod);
  const cpuRequest = millicores === null ? null : millicores / 1000;
  return make("div.limits", {},
    make("h4", {}, gettext("Limits")),
    bar("CPU", cores, { use: rate?.cores ?? null, request: cpuRequest, limit: cpu.limit_cores, throttled: rate?.throttled ?? 0 }),
    bar(gettext("memory"), mebibytes, { use: memory.working_set_bytes, request: memoryRequest, limit: memory.limit_bytes, kills: memory.oom_kills }));
}

/** Return cores used and the share of throttled periods between this reading and the one before; null at first. */
function cpuRate(pod) {
  const reading = { at: Date.parse(pod.at), ...pod.container.cpu };
  const entry = readings.get(pod.pod);
  if (!entry || entry.reading.used_seconds > reading.used_seconds) return lruSet(readings, pod.pod, { reading, rate: null }).rate;
  const isNewer = entry.reading.at < reading.at;
  return lruSet(readings, pod.pod, isNewer ? { reading, rate: rateBetween(entry.reading, reading) } : entry).rate;
}

function rateBetween(earlier, later) {
  const periods = later.periods - earlier.periods;
  return {
    cores: (later.used_seconds - earlier.used_seconds) / ((later.at - earlier.at) / 1000),
    throttled: periods > 0 ? (later.throttled_periods - earlier.throttled_periods) / periods : 0,
  };
}

function bar(name, format, { use, request, limit, throttled = 0, kills = 0 }) {
  const full = limit ?? 1.25 * Math.max(use ?? 0, request ?? 0, 1e-9);
  const used = (use ?? 0) / full;
  const track = make(kills ? "div.track.torn" : "div.track", { "aria-hidden": "true" });
  track.append(sized("i.use", "width", used));
  if (throttled > MIN_THROTTLING) track.append(sized("i.hatch", "width", throttled * Math.min(1, used)));
  if (request) track.append(sized("i.request", "left", request / full));
  if (limit) track.append(sized("i.limit", "left", 1));
  const facts = [
    use === null ? gettext("measuring…") : gettext("{use} used", { use: format(use) }),
    request ? gettext("request {request}", { request: format(request) }) : gettext("no request"),
    limit ? gettext("limit {limit}", { limit: format(limit) }) : gettext("no limit"),
  ];
  if (throttled > MIN_THROTTLING) facts.push(gettext("throttled in {share} of the periods", { share: percent.format(throttled) }));
  if (kills) facts.push(ngettext("{n} OOM kill", "{n} OOM kills", kills));
  return make("div.bar", {}, make("b", {}, name), track, make("p.quiet", {}, facts.join(" · ")));
}

function sized(tag, property, ratio) {
  const element = make(tag);
  element.style[property] = `${100 * Math.min(1, ratio)}%`;
  return element;
}
