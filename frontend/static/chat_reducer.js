/** A conversation as its log tells it: each event leads from one state to the next. No document, no network. */

export const NOBODY = { phase: "idle", chat: null, cat: null, house: false, lines: [], why: null };

/** Return what tells a line from every other: ids are made by whoever writes, and both might choose the same one. */
export const keyOf = ({ mine, id }) => `${mine ? "mine" : "other"} ${id}`;

/** Return the conversation after one event of the log. */
export function after(talk, kind, facts) {
  if (kind === "waiting") return { ...NOBODY, phase: "waiting" };
  if (kind === "paired") return met(facts);
  if (facts.chat !== talk.chat) return talk;
  if (kind === "message") return talk.lines.some((line) => keyOf(line) === keyOf(facts)) ? talk : said(talk, facts);
  if (kind === "left") return { ...talk, phase: "left", why: facts.why };
  return talk;
}

const said = (talk, line) => ({ ...talk, lines: [...talk.lines, line] });

function met({ chat, house, cat, greeting, fact }) {
  const spoken = [greeting, fact].filter(Boolean);
  const lines = spoken.map((words, index) => ({ chat, id: `${chat}-${index}`, mine: false, text: words, at: null }));
  return { ...NOBODY, phase: "chat", chat, house, cat, lines };
}

/** Return what is shown: the log's lines, what was not delivered behind the line it followed, then what is on its way. */
export function shown(talk, outbox) {
  const told = new Set(talk.lines.map(keyOf));
  const own = outbox.filter((line) => line.chat === talk.chat && !told.has(keyOf(line)));
  const [failed, sent] = [own.filter(isFailed), own.filter((line) => !isFailed(line))];
  const behind = (key) => failed.filter((line) => (told.has(line.behind) ? line.behind : "") === key);
  return [...behind(""), ...talk.lines.flatMap((line) => [line, ...behind(keyOf(line))]), ...sent];
}

const isFailed = (line) => line.state === "failed";
