/** Rendering without loss: what has not changed keeps its nodes, and so its focus and its selection. */

const keys = new WeakMap();

/** Replace the children of an element by `build()` if `inputs` differ from the last time. */
export function rerender(element, inputs, build) {
  const key = JSON.stringify(inputs);
  if (keys.get(element) === key) return;
  keys.set(element, key);
  element.replaceChildren(...[build()].flat().filter(Boolean));
}
