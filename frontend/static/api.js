/** Requests to this page's own server: JSON both ways, deadlines, and when to try again. */

/**
 * An answer that is not 2xx: `status`, the problem's `type` and `detail`, `retryAfter` in seconds, and `isOurs`: it is
 * problem+json of this application, and not what another server at the same address says.
 */
class ApiError extends Error {
  constructor(status, type, retryAfter, detail, isOurs) {
    super(`${status} ${type}`);
    Object.assign(this, { status, type, retryAfter, detail, isOurs });
  }
}

/** Send a request. Rejects with ApiError for an answer that is not 2xx, with another error when none came. */
export async function request(method, path, body, deadline = 15000) {
  const options = { method, cache: "no-store", signal: AbortSignal.timeout(deadline) };
  if (body || method === "POST") {
    Object.assign(options, { body: JSON.stringify(body ?? {}), headers: { "Content-Type": "application/json" } });
  }
  const response = await fetch(path, options);
  if (!response.ok) throw await errorOf(response);
  return response.status === 204 ? null : response.json();
}

export async function errorOf(response) {
  const problem = await response.json().catch(() => ({}));
  const retryAfter = Number(response.headers.get("Retry-After")) || 0;
  const isOurs = (response.headers.get("Content-Type") ?? "").startsWith("application/problem+json");
  return new ApiError(response.status, problem.type ?? "about:blank", retryAfter, isOurs ? (problem.detail ?? "") : "", isOurs);
}

const FINAL_TYPES = ["unknown-visitor", "not-in-chat"];
const FINAL_STATUSES = [400, 413];

/** Tell whether the same request may succeed later: always, unless this application says that it never will. */
export const isRetryable = (error) => !(error.isOurs && (FINAL_TYPES.includes(error.type) || FINAL_STATUSES.includes(error.status)));

/** Return milliseconds to wait before try number `tries` (from 0): 0.3 s doubling up to 5 s, with jitter. */
export function backoff(tries, error) {
  const exponential = Math.min(5000, 300 * 2 ** Math.min(tries, 10));
  return Math.max((error?.retryAfter ?? 0) * 1000, exponential * (0.6 + 0.4 * Math.random()));
}

/** Return a new id. Plain http from another machine has no crypto.randomUUID; this works everywhere. */
export function newId() {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
