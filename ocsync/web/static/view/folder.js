// A folder: breadcrumb, tools, and the table of what is in it.

import { may, sorted } from "../state/order.js";
import { folderHash } from "../state/route.js";
import { texts } from "../texts/texts.js";
import { h, icon, iconButton, nameOf } from "./dom.js";
import { date, size } from "./format.js";

const PAGE = 500;
const COLUMNS = ["name", "size", "modified"];

/**
 * The view of a folder; `act` is what can be done: upload(files), makeFolder(),
 * download(entry), rename(entry), remove(entry), refuse(text).
 */
export class FolderView {
  constructor({ space, names, folder, entries, act }) {
    Object.assign(this, { space, names, folder, entries, act });
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
    if (!may(this.folder, "fill")) return "";
    const input = h("input", {
      type: "file", multiple: true, id: "chosen-files", class: "hidden",
      tabindex: -1, "aria-label": texts.upload,
    });
    input.addEventListener("change", () => {
      this.act.upload([...input.files]);
      input.value = "";
    });
    const button = (name, label, onclick, style) =>
      h("button", { type: "button", class: style, onclick }, icon(name), label);
    return h("div", { class: "tools" },
      input,
      button("upload", texts.upload, () => input.click(), "main"),
      button("add", texts.newFolder, () => this.act.makeFolder(), null));
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
            h("span", { class: "unseen" }, texts.actions)))),
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
    const { act } = this;
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
        { type: "button", class: "entry quiet", onclick: () => act.download(entry) },
        content);
    return h("tr", { "data-name": entry.name },
      h("th", { scope: "row", class: "name" }, main),
      h("td", { class: "size" }, size(entry.size)),
      h("td", { class: "modified" }, date(entry.modified)),
      h("td", { class: "actions" }, this.buttons(entry)));
  }

  buttons(entry) {
    const { act } = this;
    const { name } = entry;
    return [
      entry.isFolder
        ? null
        : iconButton("download", texts.download(name), () => act.download(entry)),
      may(entry, "rename")
        ? iconButton("rename", texts.rename(name), () => act.rename(entry))
        : null,
      may(entry, "remove")
        ? iconButton("remove", texts.remove(name), () => act.remove(entry))
        : null,
    ];
  }

  /** Put the focus on an entry, or on the heading if it is not shown. */
  focus(name) {
    const rows = [...document.querySelectorAll("tr[data-name]")];
    const row = rows.find((each) => each.dataset.name === name);
    (row?.querySelector(".entry") ?? document.querySelector("main h1"))?.focus();
  }
}
