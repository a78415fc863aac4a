// Questions, each a modal dialog that resolves to its answer, or to null.

import { isName } from "../state/order.js";
import { texts } from "../texts/texts.js";
import { around, h, nameOf } from "./dom.js";
import { exactDate, size } from "./format.js";

/**
 * Show a dialog; `content(close)` makes what is in it, and `close(answer)` ends it.
 * `style` is its class.
 */
export function openDialog({ title, style = null, content }) {
  return new Promise((resolve) => {
    let answer = null;
    const close = (value) => {
      answer = value;
      dialog.close();
    };
    const id = `dialog-title-${document.querySelectorAll("dialog").length}`;
    const heading = h("h2", { id }, nameOf(title));
    const dialog = h("dialog", { "aria-labelledby": id, class: style }, heading);
    dialog.append(...content(close).filter((part) => part !== null));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** A dialog without a style of its own. */
export function ask(title, content) {
  return openDialog({ title, content });
}

export function cancelButton(close) {
  return h("button", { type: "button", onclick: () => close(null) }, texts.cancel);
}

/** Ask whether something that cannot be taken back shall be done. */
export function askSure({ title, text, action }) {
  return ask(title, (close) => [
    h("p", {}, ...text),
    h("div", { class: "buttons" },
      cancelButton(close),
      h("button", { type: "button", class: "bad", onclick: () => close(true) }, action)),
  ]);
}

/** Ask for a name; of one that is there, the part before the ending is selected. */
export function askName({ title, label, action, name = "" }) {
  return ask(title, (close) => {
    const input = h("input", {
      id: "dialog-name", value: name, required: true, maxlength: 255,
      autocomplete: "off", spellcheck: "false", autofocus: true,
    });
    const dot = name.lastIndexOf(".");
    input.addEventListener("focus", () =>
      input.setSelectionRange(0, dot > 0 ? dot : name.length), { once: true });
    input.addEventListener("input", () =>
      input.setCustomValidity(isName(input.value.trim()) ? "" : texts.noName));
    const submit = (event) => {
      event.preventDefault();
      if (input.value.trim()) close(input.value.trim());
    };
    return [
      h("form", { onsubmit: submit },
        h("label", { for: "dialog-name" }, label),
        input,
        h("div", { class: "buttons" },
          cancelButton(close), h("button", { class: "main" }, action))),
    ];
  });
}

/** Ask what to do with an upload whose name is taken. */
export async function askConflict(upload, existing) {
  const title = existing.isFolder ? texts.conflictFolder : texts.conflictTitle;
  const all = h("input", { type: "checkbox", id: "dialog-all" });
  const answer = await ask(title, (close) => {
    const choice = (value, text) =>
      h("button", { type: "button", onclick: () => close(value) }, text);
    return [
      h("p", {}, ...around(texts.conflictText, upload.name)),
      existing.isFolder ? null : h("p", {}, texts.thereIs(facts(existing.size, existing.modified))),
      h("p", {}, texts.yoursIs(facts(upload.file.size, new Date(upload.file.lastModified)))),
      h("div", { class: "choices" },
        existing.isFolder ? null : choice("replace", texts.replace),
        choice("keep", texts.keep),
        choice("skip", texts.leave)),
      ...(upload.batch.size > 1
        ? [h("p", {}, all, " ", h("label", { for: "dialog-all" }, texts.forAll))]
        : []),
    ];
  });
  if (all.checked && answer) upload.batch.answer = answer;
  return answer ?? "skip";
}

function facts(bytes, when) {
  return `${size(bytes)}, ${exactDate(when)}`;
}
