/** What is on its way: each message is sent until it is accepted, always under the same id, one after the other. */

import { backoff, call, newId, passing } from "./net.js";

const KEPT = "outbox";

export class Outbox {
  /** `address()` gives where to send; `changed()` is called when a message's state changed. */
  constructor(address, changed) {
    Object.assign(this, { address, changed, lines: kept(), busy: false, timer: 0, tries: 0 });
  }

  /** Write a message into a chat. */
  write(chat, words) {
    this.lines.push({ id: newId(), chat, mine: true, text: words, at: Date.now(), state: "pending" });
    this.keep();
    this.send();
  }

  /** The message came back in the log: it has arrived, whatever else was said about it. */
  confirm(id) {
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
      if (passing(error)) return backoff(this.tries++, error);
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
