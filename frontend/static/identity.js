/** The visit: who one is in the café, for as long as this tab lives. */

import { data } from "./dom.js";
import { call } from "./api.js";

const KEPT = "visitor";

let visitor = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");

/** Return where the visitor's own things are, null before the visit has begun. */
export const place = () => (visitor ? `/api/visitors/${visitor.token}` : null);

/** Return one's own cat, null before the visit has begun. */
export const ownCat = () => visitor?.cat ?? null;

/** Tell whether the visit began in the language of this page: its house cats speak that one. */
export const sameLanguage = () => visitor?.language === data.language;

/** Begin a visit; rejects as `call` does. */
export async function begin() {
  const { visitor: token, cat } = await call("POST", "/api/visitors", { language: data.language });
  visitor = { token, cat, language: data.language };
  sessionStorage.setItem(KEPT, JSON.stringify(visitor));
}

/** Forget the visit: the café does not know it any more. */
export function forget() {
  visitor = null;
  sessionStorage.removeItem(KEPT);
}
