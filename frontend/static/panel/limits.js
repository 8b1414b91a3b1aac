/** Limits against use: a bar for CPU and one for memory; throttling hatched, an OOM kill as a torn edge. */

import { counted, data, make, text } from "../dom.js";
import { keep } from "../lru.js";

const number = new Intl.NumberFormat(data.language, { maximumFractionDigits: 2 });
const share = new Intl.NumberFormat(data.language, { style: "percent", maximumFractionDigits: 0 });
const MIB = 1024 * 1024;
const readings = new Map();

const mebibytes = (bytes) => `${number.format(Math.round(bytes / MIB))}\u00a0MiB`;
const cores = (value) => `${number.format(value)}\u00a0CPU`;

/** Return the two bars of a Pod's container. */
export function limits(pod) {
  const { cpu, memory, cpu_request_millicores: millicores, memory_request_bytes: asked } = pod.container;
  const speed = rate(pod);
  return make("div.limits", {},
    make("h4", {}, text("limits")),
    bar("CPU", speed?.cores ?? null, millicores === null ? null : millicores / 1000, cpu.limit_cores, cores, speed?.throttled ?? 0),
    bar(text("memory"), memory.working_set_bytes, asked, memory.limit_bytes, mebibytes, 0, memory.oom_kills));
}

/** Return cores used and the share of throttled periods between this reading and an earlier one. */
function rate(pod) {
  const now = { at: Date.parse(pod.at), ...pod.container.cpu };
  const kept = readings.get(pod.pod);
  if (!kept || kept.now.used_seconds > now.used_seconds) return keep(readings, pod.pod, { now, speed: null }).speed;
  const later = kept.now.at < now.at;
  return keep(readings, pod.pod, later ? { now, speed: between(kept.now, now) } : kept).speed;
}

const between = (was, now) => ({
  cores: (now.used_seconds - was.used_seconds) / ((now.at - was.at) / 1000),
  throttled: now.periods > was.periods ? (now.throttled_periods - was.throttled_periods) / (now.periods - was.periods) : 0,
});

function bar(name, use, request, limit, unit, throttled, kills = 0) {
  const full = limit ?? 1.25 * Math.max(use ?? 0, request ?? 0, 1e-9);
  const track = make(kills ? "div.track.torn" : "div.track", { "aria-hidden": "true" });
  track.append(part("i.use", (use ?? 0) / full), ...(throttled > 0.005 ? [part("i.hatch", throttled * Math.min(1, (use ?? 0) / full))] : []));
  if (request) track.append(mark("i.request", request / full));
  if (limit) track.append(mark("i.limit", 1));
  const said = [
    use === null ? text("measuring") : text("in_use", { use: unit(use) }),
    request ? text("request", { request: unit(request) }) : text("no_request"),
    limit ? text("limit", { limit: unit(limit) }) : text("no_limit"),
    ...(throttled > 0.005 ? [text("throttled", { share: share.format(throttled) })] : []),
    ...(kills ? [counted("oom_kills", kills)] : []),
  ];
  return make("div.bar", {}, make("b", {}, name), track, make("p.quiet", {}, said.join(" · ")));
}

function part(tag, ratio) {
  const element = make(tag);
  element.style.width = `${100 * Math.min(1, ratio)}%`;
  return element;
}

function mark(tag, ratio) {
  const element = make(tag);
  element.style.left = `${100 * Math.min(1, ratio)}%`;
  return element;
}
