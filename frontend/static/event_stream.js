/** The event stream from the backend: one EventSource at a time, resumed where it broke. */

import { backoff, errorOf } from "./api.js";

const SILENCE_TIMEOUT = 12000;
const LOGGED_KINDS = ["waiting", "paired", "message", "left"];
const KINDS = [...LOGGED_KINDS, "hello", "typing", "beat", "replaced", "move"];

/**
 * Keep an event stream open. `onEvent(kind, facts)` gets every event once, in the log's order; `onDisconnect()` is called
 * when the stream breaks; `onRefused(error)` when the server refuses it, and returns whether to try again.
 */
export function openEventStream(path, { onEvent, onDisconnect, onRefused }) {
  const page = Math.random().toString(36).slice(2);
  const url = () => `${path}?page=${page}&after=${lastNumber}`;
  let source, silenceTimer, retryTimer, openedAt;
  let lastNumber = 0;
  let tries = 0;
  let isClosed = false;

  function connect() {
    clearTimeout(retryTimer);
    disconnect();
    if (isClosed) return;
    const current = (source = new EventSource(url()));
    openedAt = 0;
    for (const kind of KINDS) current.addEventListener(kind, (event) => current === source && receive(kind, event));
    current.addEventListener("error", () => current === source && onBroken(current.readyState === EventSource.CLOSED));
    restartSilenceTimer();
  }

  function disconnect() {
    clearTimeout(silenceTimer);
    source?.close();
    source = null;
  }

  function restartSilenceTimer() {
    clearTimeout(silenceTimer);
    silenceTimer = setTimeout(() => onBroken(false), SILENCE_TIMEOUT);
  }

  function receive(kind, event) {
    restartSilenceTimer();
    if (kind === "hello") openedAt = Date.now();
    if (kind === "move") return onMove();
    if (kind === "replaced") close();
    if (LOGGED_KINDS.includes(kind)) {
      const number = Number(event.lastEventId);
      if (number <= lastNumber) return;
      lastNumber = number;
    } else if (kind === "beat") tries = 0;
    onEvent(kind, JSON.parse(event.data || "{}"));
  }

  /** The Pod is stopping: another one answers at once. One that has only just answered is given time, more each time. */
  function onMove() {
    if (openedAt && Date.now() - openedAt > 1000) return connect();
    disconnect();
    onDisconnect();
    retryLater();
  }

  function retryLater(error) {
    clearTimeout(retryTimer);
    if (!isClosed) retryTimer = setTimeout(connect, backoff(tries++, error));
  }

  async function onBroken(isRefused) {
    disconnect();
    onDisconnect();
    if (!isRefused) return retryLater();
    const error = await fetchError();
    if (source || isClosed) return;
    if (!error?.status || onRefused(error)) retryLater(error);
  }

  /**
   * An EventSource does not say why it was refused: request it once more, for the status only. If it is answered after
   * all, it is aborted before the next one opens; too late, it costs that one a single `move`: a move never leads here.
   */
  async function fetchError() {
    const control = new AbortController();
    setTimeout(() => control.abort(), 5000);
    try {
      const response = await fetch(url(), { signal: control.signal, cache: "no-store" });
      if (!response.ok) return await errorOf(response);
    } catch {
      return null;
    } finally {
      control.abort();
    }
    return null;
  }

  /** The page is being left: nobody is to be paired with it, unless it comes back at once. */
  function onPageHide() {
    disconnect();
    const body = new Blob([JSON.stringify({ page })], { type: "application/json" });
    navigator.sendBeacon(path.replace(/events$/, "away"), body);
  }

  function close() {
    isClosed = true;
    clearTimeout(retryTimer);
    removeEventListener("online", connect);
    removeEventListener("pagehide", onPageHide);
    removeEventListener("pageshow", onPageShow);
    disconnect();
  }

  const onPageShow = (event) => event.persisted && connect();
  addEventListener("online", connect);
  addEventListener("pagehide", onPageHide);
  addEventListener("pageshow", onPageShow);
  connect();
  return { close, reconnect: connect };
}
