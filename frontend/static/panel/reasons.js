/** Why a probe fails, as the backend says it, in the page's language; what is not known stays as it is. */

import { gettext } from "../i18n.js";

const FAULT = /^(?:fault: )*(\w+) is told to fail$/;
const CHECK = /^([\w-]+): (.*)$/;
const KNOWN = {
  "still starting": gettext("still starting"),
  "shutting down": gettext("shutting down"),
};

/** Return a reason, or a check and its reason, as `check: reason`. */
export function reasonText(reason) {
  const fault = FAULT.exec(reason);
  if (fault) return gettext("fault: {name} is told to fail", { name: fault[1] });
  const check = CHECK.exec(reason);
  return check ? `${check[1]}: ${KNOWN[check[2]] ?? check[2]}` : (KNOWN[reason] ?? reason);
}
