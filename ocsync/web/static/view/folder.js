// A folder: breadcrumb, tools, and the table of what is in it.

import { may, sorted } from "../state/order.js";
import { folderHash } from "../state/route.js";
import { texts } from "../texts/texts.js";
import { ACTIONS } from "./actions.js";
import { takeDrops } from "./drops.js";
import { around } from "./dialogs.js";
import { h, icon, iconButton, nameOf } from "./dom.js";
import { date, size } from "./format.js";
import { mayUpload } from "./quota.js";
import { TOOLS } from "./tools.js";

const PAGE = 500;
const COLUMNS = ["name", "size", "modified"];
const REFRESH_MS = 300;

export async function open({ spaceId, names }, app) {
  const [spaces, content] = await Promise.all([
    app.wire.files.spaces(), app.wire.files.list(spaceId, names),
  ]);
  const known = spaces.find((each) => each.id === spaceId);
  const space = known ?? { id: spaceId, name: content.folder.name };
  return new FolderView({ space, names, ...content, app });
}

/** The view of a folder: `space`, `names` (its path), `folder` itself, `entries`. */
export class FolderView {
  constructor({ space, names, folder, entries, app }) {
    Object.assign(this, { space, names, folder, entries, app });
    this.title = names.at(-1) ?? space.name;
    this.closing = new AbortController();
    const { signal } = this.closing;
    const onStored = ({ detail }) => this.onStored(detail);
    app.transfers.addEventListener("stored", onStored, { signal });
    takeDrops(this, signal);
    this.order = { column: "name", isDescending: false };
    this.shown = PAGE;
    this.place = h("div", {});
  }

  parts() {
    this.draw();
    return [this.breadcrumb(), this.tools(), this.place];
  }

  breadcrumb() {
    const labels = [this.space.name, ...this.names];
    const items = labels.map((label, index) => {
      const isHere = index === labels.length - 1;
      return h("li", {},
        isHere
          ? h("h1", { tabindex: -1, "aria-current": "page" }, nameOf(label))
          : h("a", { href: folderHash(this.space.id, this.names.slice(0, index)) },
            nameOf(label)));
    });
    return h("nav", { "aria-label": texts.path },
      h("ol", { class: "path" },
        h("li", {}, h("a", { href: "#/" }, texts.spaces)), items));
  }

  tools() {
    return h("div", { class: "tools" }, this.uploader(), TOOLS.map((tool) => this.tool(tool)));
  }

  tool(tool) {
    if (!tool.isFor(this, this.app)) return null;
    const content = [icon(tool.icon), texts[tool.name]];
    if (tool.href) return h("a", { class: "button", href: tool.href(this) }, content);
    const run = () => tool.run(this, this.app);
    return h("button", { type: "button", onclick: run }, content);
  }

  uploader() {
    if (!may(this.folder, "fill")) return null;
    const input = h("input", {
      type: "file", multiple: true, id: "chosen-files", class: "hidden",
      tabindex: -1, "aria-label": texts.upload,
    });
    input.addEventListener("change", () => {
      this.upload([...input.files]);
      input.value = "";
    });
    const choose = () => input.click();
    return [
      input,
      h("button", { type: "button", class: "main", onclick: choose },
        icon("upload"), texts.upload),
    ];
  }

  async upload(chosen) {
    const bytes = chosen.reduce((sum, file) => sum + file.size, 0);
    if (!(await mayUpload(this.space.id, bytes, this.app))) return;
    this.app.transfers.add(this.space.id, this.names, chosen);
  }

  draw() {
    const rows = sorted(this.entries, this.order);
    const left = rows.length - this.shown;
    const content = rows.length ? this.table(rows.slice(0, this.shown)) : this.emptiness();
    const more = () => {
      this.shown += PAGE;
      this.draw();
    };
    this.place.replaceChildren(
      content,
      h("p", { class: "faint" },
        rows.length ? texts.counted(rows.length) : "",
        left > 0
          ? h("button", { type: "button", onclick: more },
            texts.more(Math.min(left, PAGE)))
          : null));
  }

  emptiness() {
    const isWritable = may(this.folder, "fill");
    return h("div", { class: "empty" },
      h("p", {}, texts.empty), isWritable ? h("p", {}, texts.dropHere) : null);
  }

  table(rows) {
    const here = this.names.at(-1) ?? this.space.name;
    return h("table", {},
      h("caption", { class: "unseen" }, texts.contents(here)),
      h("thead", {},
        h("tr", {},
          COLUMNS.map((column) => this.heading(column)),
          h("th", { scope: "col", class: "actions" },
            h("span", { class: "unseen" }, texts.theActions)))),
      h("tbody", {}, rows.map((entry) => this.row(entry))));
  }

  heading(column) {
    const { order } = this;
    const isChosen = order.column === column;
    const direction = order.isDescending ? "descending" : "ascending";
    const sort = () => {
      order.isDescending = isChosen && !order.isDescending;
      order.column = column;
      this.draw();
      this.place.querySelector(`th.${column} button`).focus();
    };
    return h("th",
      { scope: "col", class: column, "aria-sort": isChosen ? direction : "none" },
      h("button", { type: "button", class: "quiet", onclick: sort }, texts[column]));
  }

  row(entry) {
    const href = entry.isFolder
      ? folderHash(this.space.id, [...this.names, entry.name])
      : null;
    const kind = entry.isFolder ? "folder" : "file";
    const content = [
      icon(kind), h("span", { class: "unseen" }, `${texts[kind]} `), nameOf(entry.name),
    ];
    const main = href
      ? h("a", { href, class: "entry" }, content)
      : h("button",
        { type: "button", class: "entry quiet", onclick: () => this.runMain(entry) },
        content);
    return h("tr", { "data-name": entry.name },
      h("th", { scope: "row", class: "name" }, main),
      h("td", { class: "size" }, size(entry.size)),
      h("td", { class: "modified" }, date(entry.modified)),
      h("td", { class: "actions" }, this.buttons(entry)));
  }

  buttons(entry) {
    return ACTIONS
      .filter((action) => action.inRow && action.isFor([entry], this, this.app))
      .map((action) =>
        iconButton(action.icon, texts.actions[action.name](entry.name), () =>
          this.run(action.name, entry)));
  }

  /** What a click on a file does. */
  runMain(entry) {
    const main = ACTIONS.find((each) => each.isMain && each.isFor([entry], this, this.app));
    return this.run(main?.name ?? "download", entry);
  }

  run(name, ...entries) {
    return ACTIONS.find((each) => each.name === name).run(entries, this, this.app);
  }

  close() {
    this.closing.abort();
  }

  onStored(upload) {
    this.app.shell.whisper(...around(texts.stored, upload.name));
    const { spaceId, folder } = upload;
    if (folderHash(spaceId, folder) !== folderHash(this.space.id, this.names)) return;
    clearTimeout(this.refreshing);
    this.refreshing = setTimeout(() => this.refresh().catch(() => {}), REFRESH_MS);
  }

  /** Show what is there now; the focus stays, or goes to `focus`. */
  async refresh(focus = null) {
    const focused = document.activeElement?.closest("tr[data-name]")?.dataset.name;
    const { entries } = await this.app.wire.files.list(this.space.id, this.names);
    if (this.closing.signal.aborted) return;
    this.entries = entries;
    this.draw();
    const wanted = focus ?? focused;
    if (wanted !== undefined || !document.activeElement?.isConnected) this.focus(wanted);
  }

  /** Put the focus on an entry, or on the heading if it is not shown. */
  focus(name) {
    const rows = [...document.querySelectorAll("tr[data-name]")];
    const row = rows.find((each) => each.dataset.name === name);
    (row?.querySelector(".entry") ?? document.querySelector("main h1"))?.focus();
  }
}
