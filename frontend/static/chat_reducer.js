/** The state of a chat as a fold over its log's events. No document, no network. */

export const NO_CHAT = { phase: "idle", id: null, cat: null, isWithBot: false, messages: [], reason: null };

/** Return what tells a message from every other: ids are made by senders, and both might choose the same one. */
export const messageKey = ({ mine, id }) => `${mine ? "mine" : "other"} ${id}`;

/** Return the chat after one event of the log. */
export function reduce(chat, kind, facts) {
  if (kind === "waiting") return { ...NO_CHAT, phase: "waiting" };
  if (kind === "paired") return paired(facts);
  if (facts.chat !== chat.id) return chat;
  if (kind === "message") return append(chat, facts);
  if (kind === "left") return { ...chat, phase: "left", reason: facts.why };
  return chat;
}

function append(chat, message) {
  const isKnown = chat.messages.some((known) => messageKey(known) === messageKey(message));
  return isKnown ? chat : { ...chat, messages: [...chat.messages, message] };
}

function paired({ chat, house, cat, greeting, fact }) {
  const texts = [greeting, fact].filter(Boolean);
  const messages = texts.map((text, index) => ({ chat, id: `${chat}-${index}`, mine: false, text, at: null }));
  return { ...NO_CHAT, phase: "chat", id: chat, isWithBot: house, cat, messages };
}

/** Return what is shown: the log's messages, failed ones behind the one they followed, then those being sent. */
export function visibleMessages(chat, outbox) {
  const logged = new Set(chat.messages.map(messageKey));
  const own = outbox.filter((message) => message.chat === chat.id && !logged.has(messageKey(message)));
  const failed = own.filter((message) => message.state === "failed");
  const pending = own.filter((message) => message.state !== "failed");
  const behind = (key) => failed.filter((message) => (logged.has(message.behind) ? message.behind : "") === key);
  return [...behind(""), ...chat.messages.flatMap((message) => [message, ...behind(messageKey(message))]), ...pending];
}
