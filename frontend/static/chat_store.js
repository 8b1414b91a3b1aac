/** The visitor's side of the roulette: identity, event stream, chat and outbox as one state that the page renders. */

import { backoff, isRetryable, newId, request } from "./api.js";
import { NO_CHAT, messageKey, reduce, visibleMessages } from "./chat_reducer.js";
import { check } from "./connectivity.js";
import { openEventStream } from "./event_stream.js";
import * as identity from "./identity.js";
import { Outbox } from "./outbox.js";
import { withTypingDelay } from "./typing_delay.js";

const REPLAY_QUIET = 400;
const TYPING_SHOWN = 4000;
const DISCONNECT_GRACE = 1200;
const HIDDEN_GRACE = 5000;

/**
 * `connection`: opening, open, lost, away (Redis), full, replaced; `connectionAt`: when it was last set (ms). `seeking`:
 * another cat was requested and has not come. `isNewVisit`: the backend had forgotten this visitor. `isClosed`: the
 * visitor has left the chat. `server`: the last hello, with Pod and store. `refusal`: why the backend refuses to look
 * for another cat, else null.
 */
export const state = {
  cat: identity.cat(), connection: "opening", connectionAt: 0, server: null, chat: NO_CHAT, seeking: false, typing: false,
  isNewVisit: false, isClosed: false, refusal: null,
};

const listeners = [];
let stream = null;
let isReplaying = true;
let connectedAt = 0;
let replayTimer = 0;
let typingTimer = 0;
let disconnectTimer = 0;
let startTimer = 0;
let pauseTimer = 0;
let starting = null;
let requestNumber = 0;
let lastRequest = Promise.resolve();
let skipPause = () => {};

/** Call `listener(state, kind, facts)` after each change; `kind` and `facts` are those of an event that just happened. */
export const onChange = (listener) => listeners.push(listener);

const notify = (kind = null, facts = null) => listeners.forEach((listener) => listener(state, kind, facts));

function update(changes, kind, facts) {
  Object.assign(state, changes, changes.connection && { connectionAt: performance.now() });
  if (["lost", "away"].includes(changes.connection)) check();
  notify(kind, facts);
}

const outbox = new Outbox(identity.path, () => notify(), checkUnlessBusy);
const enqueueEvent = withTypingDelay(applyEvent, isBotReply, (typing) => update({ typing }));

export const messages = () => visibleMessages(state.chat, outbox.messages);

function applyEvent(kind, facts) {
  if (kind === "message" && facts.mine) outbox.remove(facts.id);
  if (kind === "paired") outbox.keepOnly(facts.chat);
  const seeking = state.seeking && kind !== "paired" && kind !== "waiting";
  const typing = kind === "message" && facts.mine ? state.typing : false;
  const chat = state.isClosed ? NO_CHAT : reduce(state.chat, kind, facts);
  update({ chat, seeking, typing }, isReplayed(kind, facts) ? null : kind, facts);
}

function isBotReply(kind, facts) {
  return kind === "message" && !facts.mine && state.chat.isWithBot && !isReplayed(kind, facts);
}

/** Tell what is replayed from what happens now: a message says when it was sent, the rest comes in one go. */
function isReplayed(kind, facts) {
  return isReplaying && !(kind === "message" && facts.at > connectedAt);
}

/** Begin or resume the visit; retries until it works. Only one start is under way at a time. */
export function start(tries = 0) {
  clearTimeout(startTimer);
  starting ??= connect(tries).finally(() => (starting = null));
  return starting;
}

async function connect(tries) {
  try {
    if (!identity.path()) await identity.register();
  } catch (error) {
    update({ connection: connectionAfter(error) });
    startTimer = setTimeout(() => start(tries + 1), backoff(tries, error));
    return;
  }
  update({ cat: identity.cat() });
  stream?.close();
  stream = openEventStream(`${identity.path()}/events`, { onEvent, onDisconnect, onRefused });
  outbox.send();
}

function onEvent(kind, facts) {
  if (isReplaying) {
    clearTimeout(replayTimer);
    replayTimer = setTimeout(() => (isReplaying = false), REPLAY_QUIET);
  }
  if (kind === "hello") onHello(facts);
  else if (kind === "replaced") onReplaced();
  else if (kind === "typing") onTyping(facts);
  else if (kind !== "beat") enqueueEvent(kind, facts);
}

function onHello(facts) {
  if (facts.state === "idle" && !identity.hasPageLanguage()) return restart();
  clearTimeout(disconnectTimer);
  connectedAt = facts.at;
  update({ connection: "open", server: facts }, "hello", facts);
  outbox.send();
  pauseIfUnused();
}

/** A hidden tab that is idle has no event stream. */
function pauseIfUnused() {
  clearTimeout(pauseTimer);
  if (!document.hidden) return stream ? stream.setPaused(false) : start();
  const isIdle = () => state.chat.phase === "idle" && !state.seeking;
  pauseTimer = setTimeout(() => stream?.setPaused(document.hidden && isIdle()), HIDDEN_GRACE);
  return undefined;
}

/** Another tab has the visitor now: what was requested here is obsolete. */
function onReplaced() {
  requestNumber++;
  update({ connection: "replaced", seeking: false, typing: false });
}

/** A request failed, and not because the backend is busy: check the path. */
function checkUnlessBusy(error) {
  if (error.status !== 429) check();
}

function onTyping({ chat }) {
  if (chat !== state.chat.id) return;
  clearTimeout(typingTimer);
  typingTimer = setTimeout(() => update({ typing: false }), TYPING_SHOWN);
  update({ typing: true });
}

/** A stream that is resumed at once, by another Pod for example, is no news. */
function onDisconnect() {
  clearTimeout(disconnectTimer);
  disconnectTimer = setTimeout(() => state.connection === "open" && update({ connection: "lost" }), DISCONNECT_GRACE);
}

function onRefused(error) {
  if (error.status === 404 && error.type === "unknown-visitor") {
    restart(true);
    return false;
  }
  update({ connection: connectionAfter(error) });
  return true;
}

function connectionAfter(error) {
  if (error.type === "redis-away") return "away";
  return error.status === 429 || error.type === "redis-full" ? "full" : "lost";
}

/** Begin a new visit; `isNewVisit` when it is because the backend has forgotten the old one. */
function restart(isNewVisit = false) {
  stream?.close();
  stream = null;
  identity.forget();
  outbox.failAll();
  isReplaying = true;
  const { chat, seeking, isClosed } = state;
  const number = requestNumber;
  const wasWaiting = !isClosed && (seeking || chat.phase === "waiting");
  const left = { ...chat, phase: "left", reason: "fresh" };
  update({ isNewVisit, seeking: false, chat: chat.phase === "chat" ? left : NO_CHAT });
  start().then(() => wasWaiting && number === requestNumber && requestChat());
}

/** Take the visitor over from the tab that has it. */
export function takeOver() {
  stream?.close();
  isReplaying = true;
  update({ connection: "opening", chat: NO_CHAT, isClosed: false });
  start();
}

/** Try again at once what failed: registration, event stream, requests. */
export function retryNow() {
  if (["open", "replaced"].includes(state.connection)) return;
  if (stream) stream.reconnect();
  else start();
  skipPause();
  outbox.send();
}

/** Request another cat, until the backend has accepted it. */
export function requestChat() {
  const id = newId();
  update({ seeking: true, isNewVisit: false, isClosed: false, refusal: null });
  return inOrder((path) => request("POST", `${path}/chat`, { id }));
}

/** Leave the chat, or stop waiting. */
export function leaveChat() {
  update({ seeking: false, chat: NO_CHAT, typing: false, isNewVisit: false, isClosed: true, refusal: null });
  return inOrder((path) => request("DELETE", `${path}/chat`));
}

/** Send one request after the other, as they could overtake one another. A newer one makes an older one obsolete. */
function inOrder(send) {
  const number = ++requestNumber;
  const retry = () => retryWhileCurrent(number, send);
  skipPause();
  lastRequest = lastRequest.then(retry, retry);
  return lastRequest;
}

/** Repeat a request while it may still succeed and no newer one was made. */
async function retryWhileCurrent(number, send) {
  for (let tries = 0; number === requestNumber; tries++) {
    const path = identity.path();
    const error = path ? await send(path).then(() => null, (reason) => reason) : null;
    if (path && !error) return onAccepted();
    if (error?.type === "unknown-visitor") return path === identity.path() && restart(true);
    if (error && !isRetryable(error)) return onDenied(error);
    if (error) checkUnlessBusy(error);
    if (error && ["away", "full"].includes(connectionAfter(error))) update({ connection: connectionAfter(error) });
    if (number === requestNumber) await pause(error ? backoff(tries, error) : 300);
  }
  return undefined;
}

/** The backend will never accept the request: the dialog says so, and nobody is waited for. */
function onDenied(error) {
  const chat = state.chat.phase === "idle" ? { ...NO_CHAT, phase: "left", reason: "refused" } : state.chat;
  if (state.isClosed) update({ seeking: false, chat: NO_CHAT, refusal: null });
  else update({ seeking: false, chat, refusal: error.detail || `HTTP ${error.status}` });
}

const pause = (milliseconds) => new Promise((resolve) => {
  skipPause = resolve;
  setTimeout(resolve, milliseconds);
});

/** The backend accepts again: it was full, or without Redis. */
const onAccepted = () => ["away", "full"].includes(state.connection) && stream && update({ connection: "open" });

export const sendMessage = (text) => outbox.add(state.chat.id, text, lastKey());

export const resend = (id) => outbox.resend(id, lastKey());
export const discard = (id) => outbox.remove(id);

const lastKey = () => (state.chat.messages.length ? messageKey(state.chat.messages.at(-1)) : "");

/** Tell the other visitor that this one types; a lost notice is harmless. */
export function sendTyping() {
  const { phase, id, isWithBot } = state.chat;
  if (phase === "chat" && !isWithBot) request("POST", `${identity.path()}/typing`, { chat: id }).catch(() => {});
}

document.addEventListener("visibilitychange", pauseIfUnused);

addEventListener("online", () => {
  skipPause();
  outbox.send();
});
