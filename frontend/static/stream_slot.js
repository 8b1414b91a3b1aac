/**
 * Places for event streams, shared by all tabs of a browser: it opens six HTTP/1.1 connections to a host at most, and a
 * stream holds one for good. Four tabs have a stream, the others queue for a turn; two connections stay for requests.
 */

const NAMES = ["stream-1", "stream-2", "stream-3", "stream-4"];
const TURN = 2000;

/** Return a place that is requested, held, released; `onGranted()` is called when it is held. */
export function createSlot(onGranted) {
  let queue = null;
  let free = null;
  let heldSince = 0;

  function request() {
    if (free) return onGranted();
    if (!queue) enqueue((queue = new AbortController()));
    return undefined;
  }

  function enqueue(current) {
    if (!navigator.locks) return hold(() => {});
    const isCurrent = () => queue === current && !free;
    for (const name of NAMES) {
      navigator.locks.request(name, { signal: current.signal }, () => isCurrent() && new Promise(hold))
        .catch((error) => error.name !== "AbortError" && isCurrent() && hold(() => {}));
    }
    return undefined;
  }

  function hold(release) {
    free = release;
    heldSince = performance.now();
    queue.abort();
    onGranted();
  }

  function release() {
    queue?.abort();
    free?.();
    queue = free = null;
  }

  /** Tell whether another tab waits for this place; the tab that is being used keeps it. */
  async function isDue() {
    if (!navigator.locks || (!document.hidden && document.hasFocus()) || performance.now() - heldSince < TURN) return false;
    const { pending } = await navigator.locks.query();
    return pending.some(({ name }) => NAMES.includes(name));
  }

  return { request, release, isDue };
}
