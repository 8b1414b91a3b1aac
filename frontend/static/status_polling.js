/** Polling of the cluster's status (`/api/house`) while the page is visible; faster beside the open panel. */

import { request } from "./api.js";

const SLOW_PERIOD = 5000;
const FAST_PERIOD = 2000;

const listeners = [];
let timer = 0;
let period = SLOW_PERIOD;
let isPending = false;

/** Call `listener(status)` after each poll, with null when it was refused; where no answer comes in time, nothing is known. */
export const onStatus = (listener) => listeners.push(listener);

export function setFastPolling(isFast) {
  period = isFast ? FAST_PERIOD : SLOW_PERIOD;
  pollStatus();
}

/** Poll now, and from then on periodically. */
export async function pollStatus() {
  if (isPending) return;
  isPending = true;
  clearTimeout(timer);
  const status = await request("GET", "/api/house", null, 6000).catch((error) => (error.name === "TimeoutError" ? undefined : null));
  isPending = false;
  if (status !== undefined) listeners.forEach((listener) => listener(status));
  if (!document.hidden) timer = setTimeout(pollStatus, period);
}

document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : pollStatus()));
