// Making a project space.

import { hashOf } from "../state/route.js";
import { texts } from "../texts/texts.js";
import { Spaces } from "../wire/spaces.js";
import { ask, cancelButton } from "./dialogs.js";
import { around, h } from "./dom.js";

/** Ask for name and description, make the space, and go to where members are added. */
export async function makeSpace(app) {
  const wanted = await askSpace();
  if (wanted === null) return;
  const spaces = new Spaces(app.wire.server);
  let made = null;
  const isDone = await app.act(
    async () => (made = await spaces.create(wanted.name, wanted.description)),
    { done: around(texts.spaceMade, wanted.name) });
  if (isDone) location.hash = hashOf("space", made.id);
}

function askSpace() {
  return ask(texts.newSpace, (close) => {
    const name = h("input",
      { id: "dialog-name", required: true, maxlength: 255, autocomplete: "off", autofocus: true });
    const description = h("input",
      { id: "dialog-description", maxlength: 1000, autocomplete: "off" });
    const submit = (event) => {
      event.preventDefault();
      const text = name.value.trim();
      if (text) close({ name: text, description: description.value.trim() });
    };
    return [
      h("form", { onsubmit: submit },
        h("label", { for: "dialog-name" }, texts.spaceName), name,
        h("label", { for: "dialog-description" }, texts.description), description,
        h("div", { class: "buttons" },
          cancelButton(close), h("button", { class: "main" }, texts.create))),
    ];
  });
}
