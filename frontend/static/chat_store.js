/** The visitor's side of the roulette: visit, line, conversation and outbox as one state that the page shows. */

import { Outbox } from "./outbox.js";
import { look } from "./connectivity.js";
import { paced } from "./typing_delay.js";
import { backoff, call, newId, passing } from "./api.js";
import { openLine } from "./event_stream.js";
import { NOBODY, after, keyOf, shown } from "./chat_reducer.js";
import * as visit from "./identity.js";

const REPLAY_QUIET = 400;
const TYPED = 4000;
const BLIP = 1200;

/**
 * `link`: opening, open, lost, away (Redis), full, replaced. `seeking`: another cat was asked for and has not come.
 * `fresh`: the café had forgotten this visitor, and a new visit began. `closed`: one has left by oneself.
 * `from`: the last hello, with Pod and store. `linked`: when `link` was said last (ms). `refused`: why the café will not
 * let one meet another cat, null when it does.
 */
export const state = {
  cat: visit.ownCat(), link: "opening", from: null, talk: NOBODY, seeking: false, typing: false, fresh: false, closed: false,
  linked: 0, refused: null,
};

const listeners = [];
let line = null;
let replaying = true;
let greetedAt = 0;
let quiet = 0;
let typed = 0;
let wish = 0;
let blip = 0;
let later = 0;
let entering = null;
let last = Promise.resolve();
let hurry = () => {};

/** Call `listener(state, news)` after each change; `news` is the event's kind, when it is one that just happened. */
export const onChange = (listener) => listeners.push(listener);

const tell = (news = null, facts = null) => listeners.forEach((listener) => listener(state, news, facts));

function set(changes, news, facts) {
  Object.assign(state, changes, changes.link && { linked: Date.now() });
  if (["lost", "away"].includes(changes.link)) look();
  tell(news, facts);
}

const outbox = new Outbox(visit.place, () => tell(), failing);
const take = paced(apply, answersNow, (typing) => set({ typing }));

/** Return the lines to show. */
export const lines = () => shown(state.talk, outbox.lines);

function apply(kind, facts) {
  if (kind === "message" && facts.mine) outbox.drop(facts.id);
  if (kind === "paired") outbox.only(facts.chat);
  const seeking = state.seeking && kind !== "paired" && kind !== "waiting";
  const typing = kind === "message" && facts.mine ? state.typing : false;
  set({ talk: state.closed ? NOBODY : after(state.talk, kind, facts), seeking, typing }, isOld(kind, facts) ? null : kind, facts);
}

function answersNow(kind, facts) {
  return kind === "message" && !facts.mine && state.talk.house && !isOld(kind, facts);
}

/** Tell what is replayed from what happens now: a message says when it was said, the rest comes in one go. */
function isOld(kind, facts) {
  return replaying && !(kind === "message" && facts.at > greetedAt);
}

/** Begin, or take up, the visit; try until it works. Only one beginning is under way at a time. */
export function start(tries = 0) {
  clearTimeout(later);
  entering ??= enter(tries).finally(() => (entering = null));
  return entering;
}

async function enter(tries) {
  try {
    if (!visit.place()) await visit.begin();
  } catch (error) {
    set({ link: trouble(error) });
    later = setTimeout(() => start(tries + 1), backoff(tries, error));
    return;
  }
  set({ cat: visit.ownCat() });
  line?.end();
  line = openLine(`${visit.place()}/events`, { event: heard, lost, refused });
  outbox.send();
}

function heard(kind, facts) {
  if (replaying) {
    clearTimeout(quiet);
    quiet = setTimeout(() => (replaying = false), REPLAY_QUIET);
  }
  if (kind === "hello") greeted(facts);
  else if (kind === "replaced") giveWay();
  else if (kind === "typing") theyType(facts);
  else if (kind !== "beat") take(kind, facts);
}

function greeted(facts) {
  if (facts.state === "idle" && !visit.sameLanguage()) return again();
  clearTimeout(blip);
  greetedAt = facts.at;
  set({ link: "open", from: facts }, "hello", facts);
  outbox.send();
}

/** Another tab has the cat now: what was wished for here is its business. */
function giveWay() {
  wish++;
  set({ link: "replaced", seeking: false, typing: false });
}

/** Something did not get through, and not because the café is busy: the hops may tell why. */
function failing(error) {
  if (error.status !== 429) look();
}

function theyType({ chat }) {
  if (chat !== state.talk.chat) return;
  clearTimeout(typed);
  typed = setTimeout(() => set({ typing: false }), TYPED);
  set({ typing: true });
}

/** A line that is taken up again at once, by another Pod for example, is no news. */
function lost() {
  clearTimeout(blip);
  blip = setTimeout(() => state.link === "open" && set({ link: "lost" }), BLIP);
}

function refused(error) {
  if (error.status === 404 && error.type === "unknown-visitor") {
    again(true);
    return false;
  }
  set({ link: trouble(error) });
  return true;
}

function trouble(error) {
  if (error.type === "redis-away") return "away";
  return error.status === 429 ? "full" : "lost";
}

/** Begin a new visit; `fresh` when it is because the café forgot the old one. */
function again(fresh = false) {
  line?.end();
  line = null;
  visit.forget();
  outbox.giveUp();
  replaying = true;
  const { talk, seeking, closed } = state;
  const mine = wish;
  const waited = !closed && (seeking || talk.phase === "waiting");
  set({ fresh, seeking: false, talk: talk.phase === "chat" ? { ...talk, phase: "left", why: "fresh" } : NOBODY });
  start().then(() => waited && mine === wish && seek());
}

/** Take the visit over from the tab that has it, or try a broken line now. */
export function bringHere() {
  line?.end();
  replaying = true;
  set({ link: "opening", talk: NOBODY, closed: false });
  start();
}

/** Try again at once what failed: the visit, the line, what was asked for. */
export function retryLine() {
  if (["open", "replaced"].includes(state.link)) return;
  if (line) line.again();
  else start();
  hurry();
  outbox.send();
}

/** Ask for another cat, until the café has heard it. */
export function seek() {
  const id = newId();
  set({ seeking: true, fresh: false, closed: false, refused: null });
  return inTurn((place) => call("POST", `${place}/chat`, { id }));
}

/** Leave the chat, or stop waiting. */
export function leave() {
  set({ seeking: false, talk: NOBODY, typing: false, fresh: false, closed: true, refused: null });
  return inTurn((place) => call("DELETE", `${place}/chat`));
}

/** One wish after the other: requests overtake one another. What was wished meanwhile makes an older one stale. */
function inTurn(ask) {
  const mine = ++wish;
  const go = () => insist(mine, ask);
  hurry();
  last = last.then(go, go);
  return last;
}

/** Repeat a call while it may still succeed and nothing else was wished for meanwhile. */
async function insist(mine, ask) {
  for (let tries = 0; mine === wish; tries++) {
    const place = visit.place();
    const error = place ? await failed(ask(place)) : null;
    if (place && !error) return heeded();
    if (error?.type === "unknown-visitor") return place === visit.place() && again(true);
    if (error && !passing(error)) return denied(error);
    if (error) failing(error);
    if (error && ["away", "full"].includes(trouble(error))) set({ link: trouble(error) });
    if (mine === wish) await pause(error ? backoff(tries, error) : 300);
  }
  return undefined;
}

/** The café will not hear it, however often it is asked: the window says so, and nobody is waited for. */
function denied(error) {
  const talk = state.talk.phase === "idle" ? { ...NOBODY, phase: "left", why: "refused" } : state.talk;
  set({ seeking: false, talk: state.closed ? NOBODY : talk, refused: state.closed ? null : error.detail || `HTTP ${error.status}` });
}

const failed = (asked) => asked.then(() => null, (error) => error);

/** Wait so long, or until somebody is in a hurry. */
const pause = (milliseconds) => new Promise((done) => {
  hurry = done;
  setTimeout(done, milliseconds);
});

/** The café answers again: it was full, or without its memory. */
const heeded = () => ["away", "full"].includes(state.link) && line && set({ link: "open" });

/** Say something in the chat that is open. */
export const write = (words) => outbox.write(state.talk.chat, words, newest());

/** Send again what was not delivered, or take it away. */
export const sendAgain = (id) => outbox.again(id, newest());
export const dropLine = (id) => outbox.drop(id);

const newest = () => (state.talk.lines.length ? keyOf(state.talk.lines.at(-1)) : "");

/** Tell the other that one types; a house cat does not mind, and nothing is lost when nobody hears it. */
export function type() {
  const { phase, chat, house } = state.talk;
  if (phase === "chat" && !house) call("POST", `${visit.place()}/typing`, { chat }).catch(() => {});
}

addEventListener("online", () => {
  hurry();
  outbox.send();
});
