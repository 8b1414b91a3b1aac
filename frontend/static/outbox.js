/** What is on its way: each message is sent until it is accepted, always under the same id, one after the other. */

import { backoff, call, newId, passing } from "./api.js";

const KEPT = "outbox";

export class Outbox {
  /** `address()` gives where to send; `changed()` is called when a message's state changed, `failing()` when a try failed. */
  constructor(address, changed, failing) {
    Object.assign(this, { address, changed, failing, lines: kept(), busy: false, timer: 0, tries: 0 });
  }

  /** Write a message into a chat, after the line with the key `behind`. */
  write(chat, words, behind) {
    this.lines.push({ id: newId(), chat, mine: true, text: words, at: Date.now(), state: "pending", behind });
    this.keep();
    this.send();
  }

  /** Send once more what was not delivered, as the newest line. */
  again(id, behind) {
    const line = this.lines.find((other) => other.id === id);
    if (!line) return;
    this.lines = [...this.lines.filter((other) => other !== line), { ...line, state: "pending", behind }];
    this.keep();
    this.send();
  }

  /** Remove a message: it came back in the log and so has arrived, whatever else was said, or nobody wants it any more. */
  drop(id) {
    const before = this.lines.length;
    this.lines = this.lines.filter((line) => line.id !== id);
    if (before !== this.lines.length) this.keep();
  }

  /** The visit is over: nothing that waits can arrive any more. */
  giveUp() {
    for (const line of this.lines) line.state = "failed";
    this.keep();
  }

  /** Forget what belongs to other chats. */
  only(chat) {
    this.lines = this.lines.filter((line) => line.chat === chat);
    this.keep();
  }

  keep() {
    sessionStorage.setItem(KEPT, JSON.stringify(this.lines));
    this.changed();
  }

  /** Send what waits, now. */
  async send() {
    const line = this.lines.find((other) => other.state === "pending");
    if (!line || this.busy || !this.address()) return;
    clearTimeout(this.timer);
    this.busy = true;
    const pause = await this.post(line);
    this.busy = false;
    this.timer = setTimeout(() => this.send(), pause);
  }

  /** Return how long to wait before the next message, in milliseconds. */
  async post(line) {
    try {
      await call("POST", `${this.address()}/messages`, { id: line.id, chat: line.chat, text: line.text });
      line.state = "accepted";
    } catch (error) {
      if (passing(error)) {
        this.failing(error);
        return backoff(this.tries++, error);
      }
      line.state = "failed";
    }
    this.tries = 0;
    this.keep();
    return 0;
  }
}

function kept() {
  const lines = JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
  return lines.map((line) => (line.state === "accepted" ? { ...line, state: "pending" } : line));
}
