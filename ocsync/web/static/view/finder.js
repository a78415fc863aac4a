// The field that narrows a folder's list while one types, and searches the whole space
// with the Enter key.

import { hashOf } from "../state/route.js";
import { texts } from "../texts/texts.js";
import { h, icon } from "./dom.js";

export function finder(view) {
  const input = h("input", {
    type: "search", name: "find", autocomplete: "off", spellcheck: "false",
    placeholder: texts.find, "aria-label": texts.find,
  });
  const everywhere = h("button", { hidden: true }, icon("find"), texts.findEverywhere);
  input.addEventListener("input", () => {
    const keys = view.list.keys;
    view.listing.find(input.value);
    view.redraw(keys);
    everywhere.hidden = !input.value.trim();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" || !view.listing.rows.length) return;
    event.preventDefault();
    view.list.goTo(view.list.keys[0]);
  });
  const search = (event) => {
    event.preventDefault();
    const words = input.value.trim();
    if (words) location.hash = hashOf("find", view.space.id, words);
  };
  return h("form", { role: "search", class: "finder", onsubmit: search }, input, everywhere);
}
