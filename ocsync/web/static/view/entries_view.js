// What views that list entries of a space have in common: the list, what is selected,
// and the actions that are offered for it.

import { Listing, keyOf } from "../state/listing.js";
import { folderHash } from "../state/route.js";
import { Selection } from "../state/selection.js";
import { texts } from "../texts/texts.js";
import { ACTIONS } from "./actions.js";
import { takeClipboard } from "./clipboard.js";
import { h, icon, iconButton } from "./dom.js";
import { takeDrags } from "./drags.js";
import { size } from "./format.js";
import { EntryList } from "./list.js";
import { openMenu } from "./menu.js";

export class EntriesView {
  /** `space`, `names` (the path of the folder), `folder` itself; see `VIEWS`. */
  constructor({ space, names, folder, app, label }) {
    Object.assign(this, { space, names, folder, app });
    this.closing = new AbortController();
    this.listing = new Listing();
    this.listing.sort(app.order);
    this.selection = new Selection();
    this.list = new EntryList({
      label, listing: this.listing, selection: this.selection, host: this,
      signal: this.closing.signal,
    });
    this.bar = h("div",
      { class: "chosen", role: "toolbar", "aria-label": texts.chosenActions, hidden: true });
    takeClipboard(this, this.closing.signal);
    takeDrags(this, this.closing.signal);
  }

  /** The path of an entry in its space. */
  pathOf(entry) {
    return entry.path ?? [...this.names, entry.name];
  }

  /** Entries with their places, as `state/places.js` knows them. */
  placed(entries) {
    return entries.map((entry) =>
      ({ entry, place: { spaceId: this.space.id, names: this.pathOf(entry) } }));
  }

  hrefOf(entry) {
    return entry.isFolder ? folderHash(this.space.id, this.pathOf(entry)) : null;
  }

  /** What is said of an entry's place; nothing in its own folder. */
  placeOf() {
    return null;
  }

  get hash() {
    return folderHash(this.space.id, this.names);
  }

  /** The name of the entry that the keyboard is at. */
  get cursor() {
    return this.listing.get(this.selection.cursor)?.name;
  }

  sort(order) {
    this.app.order = order;
    this.listing.sort(order);
  }

  close() {
    this.closing.abort();
  }

  get isClosed() {
    return this.closing.signal.aborted;
  }

  actionsFor(entries) {
    return ACTIONS
      .filter((action) => action.isFor(entries, this, this.app))
      .map((action) => ({
        icon: action.icon,
        key: action.key,
        inRow: action.inRow,
        isMain: action.isMain,
        label: texts.actions[action.name](what(entries)),
        run: () => action.run(entries, this, this.app),
      }));
  }

  rowActions(entry) {
    return this.actionsFor([entry]).filter((action) => action.inRow);
  }

  /** What a click on a file does. */
  openEntry(entry) {
    const offered = this.actionsFor([entry]);
    (offered.find((action) => action.isMain) ?? offered[0])?.run();
  }

  openMenu(entries, anchor) {
    openMenu(anchor, texts.actionsFor(what(entries)), this.actionsFor(entries));
  }

  /** Do what a key stands for; whether it stands for something here. */
  runKey(key, entries) {
    const action = this.actionsFor(entries).find((each) => each.key === key);
    action?.run();
    return action !== undefined;
  }

  /** Show what is selected and what can be done with it. */
  onSelect() {
    const { chosen } = this.list;
    this.bar.hidden = chosen.length === 0;
    if (!chosen.length) return;
    const bytes = chosen.reduce((sum, entry) => sum + entry.size, 0);
    const clear = () => {
      this.selection.clear();
      this.list.selected();
      this.list.goTo(this.selection.cursor);
    };
    const text = texts.chosen(chosen.length, size(bytes));
    this.bar.replaceChildren(
      h("span", { role: "status" }, text),
      ...this.actionsFor(chosen).map(({ icon: name, label, run }) =>
        h("button", { type: "button", "aria-label": label, title: label, onclick: run },
          icon(name))),
      iconButton("close", texts.clearChosen, clear));
  }

  /** Draw after the entries have changed; selection and focus stay near where they were. */
  redraw(keysBefore = this.list.keys) {
    this.selection.keep(this.list.keys, keysBefore);
    this.list.draw();
    this.onSelect();
  }

  /** Put the focus on an entry, or on the heading if it is not there. */
  focus(name) {
    const found = this.listing.rows.find((entry) => entry.name === name);
    if (!found || !this.list.goTo(keyOf(found))) document.querySelector("main h1")?.focus();
  }
}

function what(entries) {
  return entries.length === 1 ? entries[0].name : texts.counted(entries.length);
}
