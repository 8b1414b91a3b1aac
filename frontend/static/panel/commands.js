/** `kubectl` commands, each with a button that copies it. */

import { make } from "../dom.js";
import { gettext } from "../i18n.js";

const COPIED_SHOWN = 2000;

export const commandList = (commands) => make("ul.commands", {}, ...commands.map(commandItem));

function commandItem(command) {
  const code = make("code", {}, command);
  const button = make("button", { type: "button", "aria-label": `${gettext("Copy")}: ${command}` }, gettext("Copy"));
  button.addEventListener("click", async () => {
    await copy(code);
    button.textContent = gettext("Copied");
    setTimeout(() => (button.textContent = gettext("Copy")), COPIED_SHOWN);
  });
  return make("li", {}, code, button);
}

/** Copy the text of an element; over plain http from another machine, browsers only allow `execCommand`. */
async function copy(element) {
  try {
    await navigator.clipboard.writeText(element.textContent);
  } catch {
    getSelection().selectAllChildren(element);
    document.execCommand("copy");
  }
}
