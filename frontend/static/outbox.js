/** The outbox: each message is sent until it is accepted, always under the same id, one after the other. */

import { backoff, isRetryable, newId, request } from "./api.js";
import { session } from "./storage.js";

const STORAGE_KEY = "outbox";

export class Outbox {
  /** `path()` returns where to send; `onChange()` follows each change of a message's state, `onFailure(error)` a failed try. */
  constructor(path, onChange, onFailure) {
    Object.assign(this, { path, onChange, onFailure, messages: restore(), isSending: false, timer: 0, tries: 0 });
  }

  /** Add a message to a chat, after the message with the key `behind`. */
  add(chat, text, behind) {
    this.messages.push({ id: newId(), chat, mine: true, text, at: Date.now(), state: "pending", behind });
    this.save();
    this.send();
  }

  /** Send a failed message again, as the newest one. */
  resend(id, behind) {
    const message = this.messages.find((other) => other.id === id);
    if (!message) return;
    this.messages = [...this.messages.filter((other) => other !== message), { ...message, state: "pending", behind }];
    this.save();
    this.send();
  }

  /** Remove a message that is in the log, and so has arrived, or that is not wanted any more. */
  remove(id) {
    const count = this.messages.length;
    this.messages = this.messages.filter((message) => message.id !== id);
    if (count !== this.messages.length) this.save();
  }

  /** Mark all messages as failed: the visitor they belong to is gone. */
  failAll() {
    for (const message of this.messages) message.state = "failed";
    this.save();
  }

  /** Remove the messages of other chats. */
  keepOnly(chat) {
    this.messages = this.messages.filter((message) => message.chat === chat);
    this.save();
  }

  save() {
    session.write(STORAGE_KEY, this.messages);
    this.onChange();
  }

  /** Send the pending messages, now. */
  async send() {
    const message = this.messages.find((other) => other.state === "pending");
    if (!message || this.isSending || !this.path()) return;
    clearTimeout(this.timer);
    this.isSending = true;
    const pause = await this.post(message);
    this.isSending = false;
    this.timer = setTimeout(() => this.send(), pause);
  }

  /** Post one message; returns how long to wait before the next, in milliseconds. */
  async post(message) {
    try {
      await request("POST", `${this.path()}/messages`, { id: message.id, chat: message.chat, text: message.text });
      message.state = "accepted";
    } catch (error) {
      if (isRetryable(error)) {
        this.onFailure(error);
        return backoff(this.tries++, error);
      }
      message.state = "failed";
    }
    this.tries = 0;
    this.save();
    return 0;
  }
}

function restore() {
  const messages = session.read(STORAGE_KEY) ?? [];
  return messages.map((message) => (message.state === "accepted" ? { ...message, state: "pending" } : message));
}
