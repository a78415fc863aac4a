// The panel of uploads: how far each is, and what can be done with it.

import { explain, texts } from "../texts/texts.js";
import { h, iconButton, nameOf } from "./dom.js";
import { duration, size } from "./format.js";

export class TransfersPanel {
  constructor({ transfers, announce }) {
    Object.assign(this, { transfers, announce });
    this.rows = new Map();
    this.list = h("ul", {});
    this.clear = h("button",
      { type: "button", onclick: () => transfers.clear() }, texts.clear);
    this.element = h("section", { class: "transfers", "aria-label": texts.uploads },
      h("header", {}, h("h2", {}, texts.uploads), this.clear), this.list);
    this.isDue = false;
    transfers.addEventListener("change", () => this.schedule());
    this.draw();
  }

  /** Draw once for all changes before the next frame. */
  schedule() {
    if (this.isDue) return;
    this.isDue = true;
    setTimeout(() => this.draw(), 50);
  }

  draw() {
    this.isDue = false;
    const old = this.transfers.interrupted();
    const all = [...this.transfers.all, ...old];
    const keys = all.map((upload) => keyOf(upload));
    for (const [key, row] of this.rows) {
      if (keys.includes(key)) continue;
      row.element.remove();
      this.rows.delete(key);
    }
    all.forEach((upload, index) => this.update(keys[index], upload));
    this.element.hidden = all.length === 0;
    this.clear.hidden = !all.some((upload) => upload.state === "done");
  }

  update(key, upload) {
    const state = upload.state ?? "interrupted";
    let row = this.rows.get(key);
    if (!row) {
      row = makeRow(upload);
      this.rows.set(key, row);
      this.list.append(row.element);
    }
    row.name.textContent = upload.name;
    row.bar.hidden = state === "interrupted" || state === "failed";
    row.bar.value = upload.file.size ? (upload.sent ?? 0) / upload.file.size : 1;
    row.text.textContent = describe(upload, state);
    if (row.state === state) return;
    const hadFocus = row.buttons.contains(document.activeElement);
    row.state = state;
    row.element.className = state;
    row.buttons.replaceChildren(...this.buttons(upload, state));
    if (hadFocus) row.buttons.firstElementChild?.focus();
  }

  buttons(upload, state) {
    const { transfers } = this;
    const { name } = upload;
    const cancel = iconButton("close", texts.cancelUpload(name),
      () => (upload.state ? transfers.cancel(upload) : transfers.forget(upload)));
    const resume = iconButton("resume", texts.resume(name), () => transfers.resume(upload));
    if (state === "done") {
      return [iconButton("close", texts.dismiss(name), () => transfers.cancel(upload))];
    }
    if (state === "paused" || state === "failed") return [resume, cancel];
    if (state === "interrupted") return [...this.chooser(upload), cancel];
    return [iconButton("pause", texts.pause(name), () => transfers.pause(upload)), cancel];
  }

  /** A button that asks for the file of an interrupted upload. */
  chooser(record) {
    const { spaceId, folder, name, file } = record;
    const label = texts.choose(name);
    const input = h("input",
      { type: "file", class: "hidden", tabindex: -1, "aria-label": label });
    input.addEventListener("change", () => {
      const [chosen] = input.files;
      const isSame =
        chosen?.name === file.name &&
        chosen.size === file.size &&
        chosen.lastModified === file.lastModified;
      if (isSame) this.transfers.add(spaceId, folder, [chosen]);
      else if (chosen) this.announce(texts.otherFile);
    });
    return [input, iconButton("resume", label, () => input.click())];
  }
}

/** What tells rows apart; one upload may follow another of the same file. */
const ids = new WeakMap();
let next = 0;

function keyOf(upload) {
  if (!upload.state) return JSON.stringify([upload.token]);
  if (!ids.has(upload)) ids.set(upload, (next += 1));
  return ids.get(upload);
}

function makeRow(upload) {
  const name = nameOf(upload.name);
  const bar = h("progress", { max: 1, "aria-label": upload.name });
  const text = h("small", {});
  const buttons = h("span", { class: "actions" });
  const element = h("li", {}, h("div", {}, name, bar, text), buttons);
  return { element, name, bar, text, buttons, state: null };
}

function describe(upload, state) {
  if (state === "failed") return explain(upload.error);
  const { sent, speed, file } = upload;
  if (state !== "sending" || !speed) return texts.states[state];
  const left = duration((file.size - sent) / speed);
  return texts.progress(size(sent), size(file.size), size(speed), left);
}

