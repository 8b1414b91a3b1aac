/** The message field: Enter sends, Shift+Enter breaks the line, and one sees when it gets too long. */

import { byId, counted, say, text } from "../dom.js";
import { type, write } from "../chat_store.js";

const MOST = 500;
const NEAR = 420;
const TYPING_EVERY = 2500;

const box = byId("chat-words");
const send = byId("chat-send");
let typed = 0;

/** Return what would be sent: one form for each letter, no control characters but line ends. */
const words = () => box.value.normalize("NFC").replace(/[^\P{Cc}\n]/gu, " ").trim();

const left = () => MOST - [...words()].length;

function grow() {
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight + 4}px`;
}

function check() {
  const rest = left();
  box.setAttribute("aria-invalid", String(rest < 0));
  say(byId("chat-left"), rest < 0 ? counted("too_long", -rest) : rest < MOST - NEAR ? counted("rest", rest) : "");
  send.disabled = box.disabled || rest < 0 || !words();
}

function submit() {
  if (send.disabled) return;
  write(words());
  box.value = "";
  typed = 0;
  grow();
  check();
}

box.addEventListener("input", () => {
  grow();
  check();
  if (Date.now() - typed < TYPING_EVERY || !words()) return;
  typed = Date.now();
  type();
});

box.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  submit();
});

byId("chat-form").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
  box.focus();
});

export const field = {
  focus: () => box.focus(),

  /** Let one write, or not; the focus then goes to `next`, so that it is never lost. */
  allow(may, next) {
    const had = document.activeElement === box || document.activeElement === send;
    if (box.disabled === !may) return;
    box.disabled = !may;
    box.placeholder = may ? text("write_here") : "";
    check();
    if (had && !may) (next.disabled ? byId("chat-close") : next).focus();
  },
};
