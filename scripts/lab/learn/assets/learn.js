/** One lesson: starts it, asks for its state every second, draws the verdicts and the learner's Pods. */

const { lesson, language } = document.body.dataset;
const texts = lesson ? JSON.parse(document.body.dataset.texts) : {};
const EVERY = 1000;
const SIGNS = { pass: "✓", fail: "✗", unknown: "?" };
let explained = false;

const byId = (id) => document.getElementById(id);

async function ask(path, method = "GET") {
  const options = method === "POST" ? { method, headers: { "Content-Type": "application/json" }, body: "{}" } : {};
  const response = await fetch(`/lessons/${lesson}/${path}?lang=${language}`, options);
  const body = await response.json();
  if (!response.ok) throw new Error([body.error, body.hint].filter(Boolean).join(" → "));
  return body;
}

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

/** Return a text's parts, those between backticks as code. */
const withCode = (text) => text.split("`").map((part, index) => (index % 2 ? make("code", "", part) : part));

/** Replace an element's children only where they changed, so that a screen reader is not told the same again. */
function replace(element, children) {
  const next = make("div");
  next.append(...children);
  if (next.innerHTML !== element.innerHTML) element.replaceChildren(...next.childNodes);
}

function verdict({ sentence, outcome, seen }) {
  const item = make("li");
  item.append(...withCode(sentence));
  Object.assign(item.dataset, { outcome, sign: SIGNS[outcome] });
  const state = make("span", "state", ` (${texts[outcome]})`);
  item.append(state, make("small", "", seen));
  return item;
}

function container({ name, image, reason, restarts, kind, probes }) {
  const element = make("div", `container ${kind}`);
  const name_ = make("strong", "", name);
  const details = [kind === "containers" ? "" : texts[kind], reason, restarts ? `${restarts} ${texts.restarts}` : ""];
  element.append(name_, ` ${details.filter(Boolean).join(", ")}`, make("p", "", image));
  for (const probe of probes) element.append(make("p", "", probe));
  return element;
}

function pod({ name, ip, summary, ready, phase, qos, containers }) {
  const element = make("div", `pod ${ready ? "ready" : phase === "Running" || phase === "Pending" ? "troubled" : ""}`);
  element.append(make("h3", "", name), make("p", "", summary), make("p", "", [ip, qos].filter(Boolean).join(", ")));
  element.append(...containers.map(container));
  return element;
}

function service({ name, ip, ready, unready }) {
  const element = make("div", "service");
  element.append(make("strong", "", `Service ${name}`), make("p", "", ip));
  const list = [...ready, ...unready.map((address) => `${address} (${texts.unready})`)];
  element.append(make("p", "", `→ ${list.join(", ") || texts.nobody}`));
  return element;
}

function drawPicture({ pods, services, events }) {
  const parts = [...services.map(service), ...pods.map(pod)];
  if (!pods.length) parts.push(make("p", "", texts.empty));
  if (events.length) {
    const list = make("ul", "events");
    list.append(...events.map(({ kind, name, reason, message }) => make("li", "", `${kind} ${name}: ${reason}, ${message}`)));
    parts.push(make("h3", "", texts.events), list);
  }
  replace(byId("picture"), parts);
}

function say(text, passed = false) {
  const message = byId("message");
  if (message.textContent !== text) message.textContent = text;
  message.classList.toggle("passed", passed);
}

async function explain() {
  explained = true;
  const { html } = await ask("explanation");
  byId("explanation").innerHTML = html;
}

async function look() {
  const { verdicts, passed, holds, left, picture } = await ask("state");
  replace(byId("verdicts"), verdicts.map(verdict));
  drawPicture(picture);
  say(passed ? texts.passed : holds ? texts.holds.replace("{seconds}", left) : texts.watching, passed);
  if (passed && !explained) await explain();
}

const actions = {
  async hint() {
    const { steps } = await ask("hint", "POST");
    const items = (steps.length ? steps : [texts.no_hint]).map((step) => {
      const item = make("li");
      item.append(...withCode(step));
      return item;
    });
    byId("hints").replaceChildren(...items);
  },
  async solution() {
    const { solution } = await ask("solution", "POST");
    Object.assign(byId("solution"), { textContent: solution, hidden: false });
  },
  async reset() {
    say(texts.resetting);
    explained = false;
    byId("explanation").replaceChildren();
    byId("hints").replaceChildren();
    await ask("reset", "POST");
  },
};

async function guarded(action) {
  try {
    await action();
  } catch (error) {
    say(error.message);
  }
}

async function watch() {
  await guarded(look);
  setTimeout(watch, EVERY);
}

function addCopyButton(code) {
  const button = make("button", "copy", texts.copy);
  button.type = "button";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(code.textContent.trimEnd());
    button.textContent = texts.copied;
  });
  const row = make("div", "code");
  code.parentElement.replaceWith(row);
  row.append(code.parentElement, button);
}

if (lesson) {
  for (const code of document.querySelectorAll("#text pre code.language-bash, #text pre code.language-input")) addCopyButton(code);
  for (const button of document.querySelectorAll("[data-action]")) {
    button.addEventListener("click", async () => {
      button.disabled = true;
      await guarded(actions[button.dataset.action]);
      button.disabled = false;
    });
  }
  await guarded(() => ask("start", "POST"));
  watch();
}
