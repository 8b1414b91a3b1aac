/** Talking to this very server: JSON both ways, deadlines, and how long to wait before trying again. */

/**
 * The server's refusal: `status`, the problem's `type` and `detail`, the seconds it asks to wait, if it does, and
 * whether it is `ours`: a problem, as this café tells of one, and not what a stranger at the same address says.
 */
export class Refused extends Error {
  constructor(status, type, wait, detail, ours) {
    super(`${status} ${type}`);
    Object.assign(this, { status, type, wait, detail, ours });
  }
}

/** Call the server. Rejects with Refused for an answer that is not 2xx, with another error when none came. */
export async function call(method, path, body, deadline = 15000) {
  const options = { method, cache: "no-store", signal: AbortSignal.timeout(deadline) };
  if (body || method === "POST") {
    Object.assign(options, { body: JSON.stringify(body ?? {}), headers: { "Content-Type": "application/json" } });
  }
  const response = await fetch(path, options);
  if (!response.ok) throw await refusal(response);
  return response.status === 204 ? null : response.json();
}

/** Return the Refused that an answer stands for. */
export async function refusal(response) {
  const problem = await response.json().catch(() => ({}));
  const wait = Number(response.headers.get("Retry-After")) || 0;
  const ours = (response.headers.get("Content-Type") ?? "").startsWith("application/problem+json");
  return new Refused(response.status, problem.type ?? "about:blank", wait, ours ? (problem.detail ?? "") : "", ours);
}

const FINAL_TYPES = ["unknown-visitor", "not-in-chat"];
const FINAL = [400, 413];

/** Tell whether the same call may succeed later: everything but this café's own word that it never will. */
export const passing = (error) => !(error.ours && (FINAL_TYPES.includes(error.type) || FINAL.includes(error.status)));

/** Return milliseconds to wait before try number `tries` (from 0): 0.3 s doubling up to 5 s, scattered. */
export function backoff(tries, error) {
  const steady = Math.min(5000, 300 * 2 ** Math.min(tries, 10));
  return Math.max((error?.wait ?? 0) * 1000, steady * (0.6 + 0.4 * Math.random()));
}

/** Return a new id. Plain http from another machine has no crypto.randomUUID; this works everywhere. */
export function newId() {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
