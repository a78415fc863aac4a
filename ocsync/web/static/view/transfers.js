// The panel of uploads: how far all are together, how far each is, and what can be done.

import { needsFile } from "../state/course.js";
import { explain, texts } from "../texts/texts.js";
import { h, iconButton, nameOf } from "./dom.js";
import { duration, size } from "./format.js";

/** So many are shown; the others only count. */
const MOST_ROWS = 60;
const RANKS = [
  "failed", "sending", "retrying", "paused", "interrupted", "elsewhere", "waiting", "done",
];

export class TransfersPanel {
  constructor({ transfers, announce }) {
    Object.assign(this, { transfers, announce });
    this.rows = new Map();
    this.list = h("ul", {});
    this.more = h("p", { class: "faint", hidden: true });
    this.bar = h("progress", { max: 1, "aria-label": texts.allUploads });
    this.text = h("small", {});
    this.told = h("p", { class: "unseen", role: "status" });
    this.buttons = {
      pause: iconButton("pause", texts.pauseAll, () => transfers.pauseAll()),
      resume: iconButton("resume", texts.resumeAll, () => transfers.resumeAll()),
      cancel: iconButton("close", texts.cancelAll, () => transfers.cancelAll()),
      clear: h("button", { type: "button", onclick: () => transfers.clear() }, texts.clear),
    };
    this.element = h("section", { class: "transfers", "aria-label": texts.uploads },
      h("header", {},
        h("div", {}, h("h2", {}, texts.uploads), this.bar, this.text),
        h("span", { class: "actions" }, Object.values(this.buttons))),
      this.list, this.more, this.told);
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
    const { transfers } = this;
    const all = [...transfers.all, ...transfers.old];
    const rank = (upload) => RANKS.indexOf(stateOf(upload));
    const isLong = all.length > MOST_ROWS;
    const order = isLong ? [...all].sort((a, b) => rank(a) - rank(b)) : all;
    const shown = order.slice(0, MOST_ROWS);
    const keys = new Set(shown.map(keyOf));
    for (const [key, row] of this.rows) {
      if (keys.has(key)) continue;
      row.element.remove();
      this.rows.delete(key);
    }
    for (const upload of shown) this.update(upload);
    this.more.hidden = !isLong;
    this.more.textContent = texts.moreUploads(all.length - shown.length);
    this.element.hidden = all.length === 0;
    this.sumUp();
  }

  sumUp() {
    const summary = this.transfers.summary();
    const { count, done, size: whole, sent, speed, isMoving, isStopped } = summary;
    const { pause, resume, cancel, clear } = this.buttons;
    const hadFocus = this.element.contains(document.activeElement);
    this.bar.value = whole ? sent / whole : 1;
    this.bar.hidden = count === 0;
    this.text.textContent = describeAll(summary);
    pause.hidden = !isMoving;
    resume.hidden = isMoving || !isStopped;
    cancel.hidden = done === count;
    clear.hidden = done === 0;
    if (hadFocus && !document.activeElement?.checkVisibility()) {
      Object.values(this.buttons).find((each) => !each.hidden)?.focus();
    }
    // Told when all is over, not at every step.
    const isOver = count > 0 && done === count;
    if (isOver !== this.wasOver) this.told.textContent = isOver ? texts.allStored(count) : "";
    this.wasOver = isOver;
  }

  update(upload) {
    const key = keyOf(upload);
    const state = stateOf(upload);
    let row = this.rows.get(key);
    if (!row) {
      row = makeRow(upload);
      this.rows.set(key, row);
      this.list.append(row.element);
    }
    row.name.textContent = [...upload.folder.slice(upload.batch?.folder.length ?? 0), upload.name].join("/");
    row.bar.hidden = state === "interrupted" || state === "failed";
    row.bar.value = upload.file.size ? (upload.sent ?? 0) / upload.file.size : 1;
    if (state === "done") row.bar.value = 1;
    row.text.textContent = describe(upload, state);
    if (row.state === state) return;
    const hadFocus = row.buttons.contains(document.activeElement);
    row.state = state;
    row.element.className = state;
    row.buttons.replaceChildren(...this.rowButtons(upload, state));
    if (hadFocus) row.buttons.firstElementChild?.focus();
  }

  rowButtons(upload, state) {
    const { transfers } = this;
    const { name } = upload;
    const cancel = iconButton("close", texts.cancelUpload(name),
      () => (upload.state ? transfers.cancel(upload) : transfers.forget(upload)));
    const resume = iconButton("resume", texts.resume(name), () => transfers.resume(upload));
    if (state === "done") {
      return [iconButton("close", texts.dismiss(name), () => transfers.cancel(upload))];
    }
    if (needsFile(upload)) return [...this.anew(upload), cancel];
    if (state === "paused" || state === "failed") return [resume, cancel];
    if (state === "interrupted") return [...this.again(upload), cancel];
    return [iconButton("pause", texts.pause(name), () => transfers.pause(upload)), cancel];
  }

  /** A button that asks for the file of an interrupted upload. */
  again({ spaceId, folder, name, file }) {
    return chooser(texts.choose(name), (chosen) => {
      const isSame = ["name", "size", "lastModified"].every((each) => chosen[each] === file[each]);
      if (isSame) this.transfers.add(spaceId, folder, [{ file: chosen, path: [] }]);
      else this.announce(texts.otherFile);
    });
  }

  /** A button that sends a file which has changed as it is by now. */
  anew(upload) {
    const { handle, name } = upload;
    const label = texts.sendAnew(name);
    const renew = (file) => this.transfers.renew(upload, file);
    if (!handle) return chooser(label, renew);
    const read = () => handle.getFile().then(renew, () => this.announce(explain(upload.error)));
    return [iconButton("resume", label, read)];
  }
}

/** A button that asks for one file, and the field behind it. */
function chooser(label, take) {
  const input = h("input", { type: "file", class: "hidden", tabindex: -1, "aria-label": label });
  input.addEventListener("change", () => {
    if (input.files.length) take(input.files[0]);
  });
  return [input, iconButton("resume", label, () => input.click())];
}

function stateOf(upload) {
  return upload.state ?? "interrupted";
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
  return texts.progress(size(sent), size(file.size), size(speed), left(file.size - sent, speed));
}

function describeAll({ count, done, size: whole, sent, speed, isMoving }) {
  if (count === 0) return "";
  const counted = texts.doneOf(done, count);
  if (!isMoving || !speed) return counted;
  return `${counted} · ${texts.progress(size(sent), size(whole), size(speed), left(whole - sent, speed))}`;
}

function left(bytes, speed) {
  return duration(bytes / speed);
}
