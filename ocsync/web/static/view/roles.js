// A choice between the roles that members have.

import { texts } from "../texts/texts.js";
import { h } from "./dom.js";

const ROLES = ["viewer", "editor", "manager"];

export function roleChoice(label, chosen, onchange = () => {}) {
  return h("select", { "aria-label": label, onchange },
    ROLES.map((role) =>
      h("option", { value: role, selected: role === chosen }, texts.roles[role])));
}
