// What is in a folder as far as it is known: it grows while the folder is read, and
// changes when others change it. Gives the rows to show, in order and filtered.

import { sorted } from "./order.js";

/** What tells entries of a list apart: the name, or the path where there are several folders. */
export function keyOf(entry) {
  return entry.path ? entry.path.join("/") : entry.name;
}

export class Listing {
  constructor() {
    this.entries = new Map();
    this.order = { column: "name", isDescending: false };
    this.filter = "";
    this.inOrder = [];
    this.shown = null;
  }

  /** Entries that are new or have another state than before. */
  add(entries) {
    for (const entry of entries) this.entries.set(keyOf(entry), entry);
    this.inOrder = null;
    this.shown = null;
  }

  /** Entries with these keys are gone. */
  remove(keys) {
    for (const key of keys) this.entries.delete(key);
    this.inOrder = null;
    this.shown = null;
  }

  /** Nothing but these is there. */
  replace(entries) {
    this.entries.clear();
    this.add(entries);
  }

  sort(order) {
    this.order = order;
    this.inOrder = null;
    this.shown = null;
  }

  find(text) {
    this.filter = folded(text.trim());
    this.shown = null;
  }

  get(key) {
    return this.entries.get(key);
  }

  get size() {
    return this.entries.size;
  }

  /** The entries to show, in their order. */
  get rows() {
    this.inOrder ??= sorted(this.entries.values(), this.order);
    this.shown ??= this.filter
      ? this.inOrder.filter((entry) => folded(entry.name).includes(this.filter))
      : this.inOrder;
    return this.shown;
  }
}

/** Without case, and composed, so that what looks the same is the same. */
function folded(text) {
  return text.normalize("NFC").toLowerCase();
}
