/** A Pod's badge: identicon, name, version, node. */

import { make } from "../dom.js";
import { gettext } from "../i18n.js";
import { drawIdenticon } from "../identicon.js";

const SVG = "http://www.w3.org/2000/svg";

/** Return the badge of `{pod, node, version, colour}`; `label` stands above the name. */
export function podBadge({ pod, node, version, colour }, label) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of [["viewBox", "0 0 5 5"], ["aria-hidden", "true"], ["focusable", "false"]]) svg.setAttribute(key, value);
  drawIdenticon(svg, pod);
  const stripe = make("i");
  stripe.style.backgroundColor = colour || "transparent";
  return make("div.pod-badge", {}, svg, make("div", {},
    label ? make("span.quiet", {}, label) : null,
    make("code", {}, pod),
    make("span.tag", {}, stripe, gettext("version {version}", { version })),
    node ? make("span.quiet", {}, gettext("on node"), " ", make("code", {}, node)) : null));
}
