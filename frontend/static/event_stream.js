/** The line down from the backend: one EventSource at a time, taken up again where it broke. */

import { backoff, refusal } from "./api.js";

const SILENCE = 12000;
const KINDS = ["hello", "waiting", "paired", "message", "left", "typing", "beat", "replaced", "move"];

/**
 * Keep a line open. `on.event(kind, facts)` gets every event once, in the log's order; `on.lost()` is told when the
 * line breaks; `on.refused(error)` when the server refuses it, and returns whether to try again.
 */
export function openLine(address, on) {
  const page = Math.random().toString(36).slice(2);
  const from = () => `${address}?page=${page}&after=${seen}`;
  let source, silence, timer, opened;
  let seen = 0;
  let tries = 0;
  let ended = false;

  function connect() {
    clearTimeout(timer);
    drop();
    if (ended) return;
    const mine = (source = new EventSource(from()));
    opened = 0;
    for (const kind of KINDS) mine.addEventListener(kind, (event) => mine === source && hear(kind, event));
    mine.addEventListener("error", () => mine === source && broken(mine.readyState === EventSource.CLOSED));
    listen();
  }

  function drop() {
    clearTimeout(silence);
    source?.close();
    source = null;
  }

  function listen() {
    clearTimeout(silence);
    silence = setTimeout(() => broken(false), SILENCE);
  }

  function hear(kind, event) {
    listen();
    if (kind === "hello") opened = Date.now();
    if (kind === "move") return moved();
    if (kind === "replaced") end();
    const number = Number(event.lastEventId);
    if (["waiting", "paired", "message", "left"].includes(kind)) {
      if (number <= seen) return;
      seen = number;
    } else if (kind === "beat") tries = 0;
    on.event(kind, JSON.parse(event.data || "{}"));
  }

  /** The Pod goes away: another one answers at once. One that has only just answered is given time, more each time. */
  function moved() {
    if (opened && Date.now() - opened > 1000) return connect();
    drop();
    on.lost();
    again();
  }

  function again(error) {
    clearTimeout(timer);
    if (!ended) timer = setTimeout(connect, backoff(tries++, error));
  }

  async function broken(refused) {
    drop();
    on.lost();
    if (!refused) return again();
    const error = await reason();
    if (source || ended) return;
    if (!(error && error.status) || on.refused(error)) again(error);
  }

  /**
   * An EventSource does not say why it was refused: ask once more, for the status only. Answered after all, it is let
   * go before the next one opens; too late, it costs that one a single `move`: it is never asked for because of one.
   */
  async function reason() {
    const control = new AbortController();
    setTimeout(() => control.abort(), 5000);
    try {
      const response = await fetch(from(), { signal: control.signal, cache: "no-store" });
      if (!response.ok) return await refusal(response);
    } catch {
      return null;
    } finally {
      control.abort();
    }
    return null;
  }

  function end() {
    ended = true;
    clearTimeout(timer);
    removeEventListener("online", connect);
    removeEventListener("pagehide", drop);
    removeEventListener("pageshow", shown);
    drop();
  }

  const shown = (event) => event.persisted && connect();
  addEventListener("online", connect);
  addEventListener("pagehide", drop);
  addEventListener("pageshow", shown);
  connect();
  return { end, again: connect };
}
