/** Helpers around the document. */

/** @returns {HTMLElement} the element with this id */
export const byId = (id) => document.getElementById(id);

export const data = JSON.parse(byId("data").textContent);

/** Tell whether a key belongs to an input method; Safari ends a conversion before its Enter, which then has code 229. */
export const isComposing = (event) => event.isComposing || event.keyCode === 229;

/** Change an element's text only if it differs: a live region then speaks only when there is news. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Make an element: a tag with classes as in CSS, properties (`aria-…` and `data-…` as attributes), children. */
export function make(tag, properties = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name);
  element.classList.add(...classes);
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes("-") || key === "role") element.setAttribute(key, value);
    else element[key] = value;
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}
