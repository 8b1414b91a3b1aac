/** A Pod's door: its plate with name and pattern, its version tag, its node. */

import { make, text } from "../dom.js";
import { drawPlate } from "../identicon.js";

const SVG = "http://www.w3.org/2000/svg";

/** Return the door plate of a Pod, given `{pod, node, version, colour}`; `label` stands above the name. */
export function door({ pod, node, version, colour }, label) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of [["viewBox", "0 0 5 5"], ["aria-hidden", "true"], ["focusable", "false"]]) svg.setAttribute(key, value);
  drawPlate(svg, pod);
  const stripe = make("i");
  stripe.style.backgroundColor = colour || "transparent";
  return make("div.door", {}, svg, make("div", {},
    label ? make("span.quiet", {}, label) : null,
    make("code", {}, pod),
    make("span.tag", {}, stripe, text("version", { version })),
    node ? make("span.quiet", {}, text("on_node"), " ", make("code", {}, node)) : null));
}
