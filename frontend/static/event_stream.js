/** The event stream from the backend: one EventSource at a time, resumed where it broke. */

import { backoff, errorOf } from "./api.js";
import { createSlot } from "./stream_slot.js";

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
  const slot = createSlot(open);
  let source, silenceTimer, retryTimer, openedAt;
  let lastNumber = 0;
  let tries = 0;
  let isClosed = false;
  let isPaused = false;

  function connect() {
    clearTimeout(retryTimer);
    disconnect();
    if (!isClosed && !isPaused) slot.request();
  }

  function open() {
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

  /** A connection that only trickles is given more time with each try. */
  function restartSilenceTimer() {
    clearTimeout(silenceTimer);
    silenceTimer = setTimeout(() => onBroken(false), SILENCE_TIMEOUT * Math.min(tries + 1, 4));
  }

  /** Let another tab have its turn, and queue for the next. */
  async function takeTurns(current) {
    if (!current || !(await slot.isDue()) || current !== source) return;
    release();
    slot.request();
  }

  function release() {
    disconnect();
    slot.release();
  }

  function receive(kind, event) {
    restartSilenceTimer();
    if (kind === "hello") openedAt = performance.now();
    if (kind === "move") return onMove();
    if (kind === "replaced") close();
    if (LOGGED_KINDS.includes(kind)) {
      const number = Number(event.lastEventId);
      if (number <= lastNumber) return;
      lastNumber = number;
    } else if (kind === "beat") tries = 0;
    onEvent(kind, JSON.parse(event.data || "{}"));
    takeTurns(source);
  }

  /** The Pod is stopping: another one answers at once. One that has only just answered is given time, more each time. */
  function onMove() {
    if (openedAt && performance.now() - openedAt > 1000) return connect();
    release();
    onDisconnect();
    retryLater();
  }

  function retryLater(error) {
    clearTimeout(retryTimer);
    if (!isClosed) retryTimer = setTimeout(connect, backoff(tries++, error));
  }

  async function onBroken(isRefused) {
    release();
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
    release();
    const body = new Blob([JSON.stringify({ page })], { type: "application/json" });
    navigator.sendBeacon(path.replace(/events$/, "away"), body);
  }

  function close() {
    isClosed = true;
    clearTimeout(retryTimer);
    removeEventListener("online", connect);
    removeEventListener("pagehide", onPageHide);
    removeEventListener("pageshow", onPageShow);
    release();
  }

  /** A paused stream is closed until it is wanted again. */
  function setPaused(value) {
    if (isPaused === value) return;
    isPaused = value;
    clearTimeout(retryTimer);
    if (isPaused) release();
    else connect();
  }

  const onPageShow = (event) => event.persisted && connect();
  addEventListener("online", connect);
  addEventListener("pagehide", onPageHide);
  addEventListener("pageshow", onPageShow);
  connect();
  return { close, reconnect: connect, setPaused };
}
