/** The visitor's identity, for as long as this tab lives. */

import { request } from "./api.js";
import { data } from "./dom.js";
import { session } from "./storage.js";

const STORAGE_KEY = "visitor";

let visitor = session.read(STORAGE_KEY);

/** Return the path of the visitor's own resources; null before registration. */
export const path = () => (visitor ? `/api/visitors/${visitor.token}` : null);

/** Return the visitor's own cat; null before registration. */
export const cat = () => visitor?.cat ?? null;

/** Tell whether the visitor was registered in the language of this page: its house cats speak that one. */
export const hasPageLanguage = () => visitor?.language === data.language;

/** Register a new visitor; rejects as `request` does. */
export async function register() {
  const created = await request("POST", "/api/visitors", { language: data.language });
  visitor = { token: created.visitor, cat: created.cat, language: data.language };
  session.write(STORAGE_KEY, visitor);
}

/** Forget a visitor that the backend does not know any more. */
export function forget() {
  visitor = null;
  session.remove(STORAGE_KEY);
}
