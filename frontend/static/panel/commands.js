/** `kubectl` commands, each with a button that copies it. */

import { make, text } from "../dom.js";

/** Return a list of commands. */
export const commands = (lines) => make("ul.commands", {}, ...lines.map(command));

function command(line) {
  const code = make("code", {}, line);
  const button = make("button", { type: "button", "aria-label": `${text("copy")}: ${line}` }, text("copy"));
  button.addEventListener("click", async () => {
    await copy(code);
    button.textContent = text("copied");
    setTimeout(() => (button.textContent = text("copy")), 2000);
  });
  return make("li", {}, code, button);
}

/** Copy the text of an element; over plain http from another machine, browsers only allow the old way. */
async function copy(element) {
  try {
    await navigator.clipboard.writeText(element.textContent);
  } catch {
    getSelection().selectAllChildren(element);
    document.execCommand("copy");
  }
}
