/** gettext for the scripts: message ids are the English texts, `data.messages` translates them. */

import { data } from "./dom.js";

/** Return the translation of a message, its {placeholders} filled in. */
export const gettext = (message, values = {}) => format(data.messages[message] ?? message, values);

/** Return the plural form that the language's rules choose (CLDR). */
export function ngettext(singular, plural, count) {
  const [one, other] = data.messages[singular] ?? [singular, plural]; // as CLDR names the forms
  const form = new Intl.PluralRules(data.language).select(count) === "one" ? one : other;
  return format(form, { n: new Intl.NumberFormat(data.language).format(count) });
}

export const format = (template, values) => template.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

const timeFormats = {
  minute: new Intl.DateTimeFormat(data.language, { hour: "numeric", minute: "2-digit" }),
  second: new Intl.DateTimeFormat(data.language, { hour: "numeric", minute: "2-digit", second: "2-digit" }),
};

/** Return the time of day of a moment, as the language writes it. */
export const formatTime = (moment, precision = "minute") => timeFormats[precision].format(new Date(moment));
