/** A conversation as its log tells it: each event leads from one state to the next. No document, no network. */

export const NOBODY = { phase: "idle", chat: null, cat: null, house: false, lines: [], why: null };

/** Return the conversation after one event of the log. */
export function after(talk, kind, facts) {
  if (kind === "waiting") return { ...NOBODY, phase: "waiting" };
  if (kind === "paired") return met(facts);
  if (facts.chat !== talk.chat) return talk;
  if (kind === "message") return talk.lines.some(({ id }) => id === facts.id) ? talk : said(talk, facts);
  if (kind === "left") return { ...talk, phase: "left", why: facts.why };
  return talk;
}

const said = (talk, line) => ({ ...talk, lines: [...talk.lines, line] });

function met({ chat, house, cat, greeting, fact }) {
  const spoken = [greeting, fact].filter(Boolean);
  const lines = spoken.map((words, index) => ({ chat, id: `${chat}-${index}`, mine: false, text: words, at: null }));
  return { ...NOBODY, phase: "chat", chat, house, cat, lines };
}

/** Return what is shown: the log's lines, then those on their way, in the order they were written. */
export function shown(talk, outbox) {
  const told = new Set(talk.lines.map((line) => line.id));
  return [...talk.lines, ...outbox.filter((line) => line.chat === talk.chat && !told.has(line.id))];
}
