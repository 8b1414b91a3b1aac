/** Small helpers around the document. */

/** @returns {HTMLElement} the element with this id */
export const byId = (id) => document.getElementById(id);

export const data = JSON.parse(byId("data").textContent);

/** Return the text of a key with its {facts} filled in. */
export function text(key, facts = {}) {
  return fill(data.texts[key], facts);
}

/** Return the form of a counted text that the language's plural rules choose (CLDR). */
export function counted(key, n) {
  const [one, other] = data.texts[key];
  const form = new Intl.PluralRules(data.language).select(n) === "one" ? one : other;
  return fill(form, { n: new Intl.NumberFormat(data.language).format(n) });
}

function fill(template, facts) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => facts[name] ?? whole);
}

/** Change an element's text only if it differs: a live region then speaks only when there is news. */
export function say(element, words) {
  if (element.textContent !== words) element.textContent = words;
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

const clocks = {
  minute: new Intl.DateTimeFormat(data.language, { hour: "numeric", minute: "2-digit" }),
  second: new Intl.DateTimeFormat(data.language, { hour: "numeric", minute: "2-digit", second: "2-digit" }),
};

/** Return the time of day of a moment, as the language writes it. */
export function clock(moment, precision = "minute") {
  return clocks[precision].format(new Date(moment));
}
