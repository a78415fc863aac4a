// Finding somebody to make a member, by letters of the name.

import { explain, texts } from "../texts/texts.js";
import { LEAST_LETTERS } from "../wire/spaces.js";
import { h, nameOf } from "./dom.js";
import { roleChoice } from "./roles.js";

const PAUSE_MS = 250;
const MOST_SHOWN = 10;

/** The search; `add(user, role)` is what happens with whom was found. */
export function memberSearch({ spaces, known, add }) {
  const role = roleChoice(texts.newRole, "viewer");
  const input = h("input", {
    id: "member-search", type: "search", autocomplete: "off", spellcheck: "false",
    "aria-describedby": "member-hint",
  });
  const hint = h("p", { id: "member-hint", class: "faint", role: "status" },
    texts.searchHint(LEAST_LETTERS));
  const found = h("ul", { class: "rows" });
  let turn = 0;
  let timer = null;

  const search = async () => {
    const mine = (turn += 1);
    try {
      const users = await spaces.findUsers(input.value.trim());
      if (mine !== turn) return;
      const fresh = users.filter((user) => !known.has(user.id)).slice(0, MOST_SHOWN);
      found.replaceChildren(...fresh.map((user) => row(user, () => add(user, role.value))));
      hint.textContent = [...input.value.trim()].length < LEAST_LETTERS
        ? texts.searchHint(LEAST_LETTERS)
        : texts.found(fresh.length);
    } catch (error) {
      if (mine === turn) hint.textContent = explain(error);
    }
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, PAUSE_MS);
  });
  return h("div", { class: "search" },
    h("label", { for: "member-search" }, texts.addMember),
    h("div", { class: "line" }, input, role),
    hint, found);
}

function row(user, onclick) {
  return h("li", {},
    h("span", { class: "what" }, nameOf(user.name)),
    h("button", { type: "button", "aria-label": texts.addThem(user.name), onclick }, texts.add));
}
