/** Redrawing without loss: what has not changed keeps its nodes, and so its focus and its selection. */

const known = new WeakMap();

/** Replace the children of an element by `build()` if `facts` differ from the last time. */
export function redraw(element, facts, build) {
  const key = JSON.stringify(facts);
  if (known.get(element) === key) return;
  known.set(element, key);
  element.replaceChildren(...[build()].flat().filter(Boolean));
}
