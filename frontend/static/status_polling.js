/** The house as the backend counts it, asked for while somebody looks: now and then, oftener beside the open panel. */

import { call } from "./api.js";

const CALM = 5000;
const CLOSE = 2000;

const listeners = [];
let timer = 0;
let period = CALM;
let asking = false;

/** Call `listener(house)` after each answer, with null when there was none. */
export const onHouse = (listener) => listeners.push(listener);

/** Look oftener, from now on, or no longer. */
export function lookClosely(close) {
  period = close ? CLOSE : CALM;
  lookAtHouse();
}

/** Look now, and from then on again and again while the page is visible. */
export async function lookAtHouse() {
  if (asking) return;
  asking = true;
  clearTimeout(timer);
  const house = await call("GET", "/api/house", null, 6000).catch(() => null);
  asking = false;
  listeners.forEach((listener) => listener(house));
  if (!document.hidden) timer = setTimeout(lookAtHouse, period);
}

document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : lookAtHouse()));
