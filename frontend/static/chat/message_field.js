/** The message field: Enter sends, Shift+Enter breaks the line, and the remaining characters are counted. */

import { sendMessage, sendTyping } from "../chat_store.js";
import { byId, isComposing, setText } from "../dom.js";
import { gettext, ngettext } from "../i18n.js";

const MAX_CHARACTERS = 500;
const COUNTED_FROM = 420;
const TYPING_PERIOD = 2500;

const textarea = byId("chat-words");
const sendButton = byId("chat-send");
let typingSentAt = -Infinity;

/** Return what would be sent: Unicode NFC, no control characters but line ends. */
const normalized = () => textarea.value.normalize("NFC").replace(/[^\P{Cc}\n]/gu, " ").trim();

function resize() {
  textarea.style.height = "auto";
  textarea.style.height = `${textarea.scrollHeight + 4}px`;
}

function validate() {
  const remaining = MAX_CHARACTERS - [...normalized()].length;
  textarea.setAttribute("aria-invalid", String(remaining < 0));
  setText(byId("chat-left"), remainingText(remaining));
  sendButton.disabled = textarea.disabled || remaining < 0 || !normalized();
}

function remainingText(remaining) {
  if (remaining < 0) return ngettext("{n} character too many", "{n} characters too many", -remaining);
  return remaining < MAX_CHARACTERS - COUNTED_FROM ? ngettext("{n} character left", "{n} characters left", remaining) : "";
}

function submit() {
  if (sendButton.disabled) return;
  sendMessage(normalized());
  textarea.value = "";
  typingSentAt = -Infinity;
  resize();
  validate();
}

textarea.addEventListener("input", () => {
  resize();
  validate();
  if (performance.now() - typingSentAt < TYPING_PERIOD || !normalized()) return;
  typingSentAt = performance.now();
  sendTyping();
});

textarea.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || isComposing(event)) return;
  event.preventDefault();
  submit();
});

byId("chat-form").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
  textarea.focus();
});

export const messageField = {
  focus: () => textarea.focus(),

  /** Enable or disable the field; the focus then goes to `fallback`, so that it is never lost. */
  setEnabled(isEnabled, fallback) {
    const hadFocus = document.activeElement === textarea || document.activeElement === sendButton;
    if (textarea.disabled === !isEnabled) return;
    textarea.disabled = !isEnabled;
    textarea.placeholder = isEnabled ? gettext("Write to the cat") : "";
    validate();
    if (hadFocus && !isEnabled) (fallback.disabled ? byId("chat-close") : fallback).focus();
  },
};
