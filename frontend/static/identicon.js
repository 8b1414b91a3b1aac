/** A Pod's identicon: a pattern that is the same for the same name everywhere; the name stands beside it. */

const SVG = "http://www.w3.org/2000/svg";

/** Draw the pattern of `name` into an <svg viewBox="0 0 5 5">. */
export function drawIdenticon(svg, name) {
  const bits = hash(name);
  const cells = [];
  for (let index = 0; index < 15; index++) {
    if (!((bits >> index) & 1)) continue;
    const x = Math.floor(index / 5);
    const y = index % 5;
    cells.push(cell(x, y));
    if (x < 2) cells.push(cell(4 - x, y));
  }
  svg.style.color = `hsl(${bits % 360} 55% 38%)`;
  svg.replaceChildren(...cells);
}

function cell(x, y) {
  const rect = document.createElementNS(SVG, "rect");
  for (const [key, value] of Object.entries({ x, y, width: 1, height: 1 })) rect.setAttribute(key, value);
  return rect;
}

/** FNV-1a, 32 bits, mixed so that names which differ in the last letter differ everywhere. */
function hash(name) {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) value = Math.imul(value ^ byte, 0x01000193);
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d);
  return (value ^ (value >>> 12)) >>> 0;
}
