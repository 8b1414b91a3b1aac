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

/** Fetch JSON from this server with a deadline in milliseconds; rejects for an answer that is not 2xx. */
export async function getJson(url, options = {}, deadline = 15000) {
  const response = await fetch(url, { ...options, signal: AbortSignal.timeout(deadline) });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response.json();
}
