// A list of entries as a grid: sorted by its headings, selected by mouse and keyboard.
// Only the rows near the window exist, so ten thousand scroll like ten.

import { keyOf } from "../state/listing.js";
import { rowsInSight } from "../state/viewport.js";
import { texts } from "../texts/texts.js";
import { h } from "./dom.js";
import { keyDeeds } from "./list_keys.js";
import { makeRow } from "./list_row.js";

const COLUMNS = ["name", "size", "modified"];
const HEADINGS = 1;
const SHORTCUTS = "F2 Delete Control+A Control+X Control+C Control+V";

export class EntryList {
  /**
   * `host` is the view: hrefOf(entry), placeOf(entry), openEntry(entry), rowActions(entry),
   * openMenu(entries, anchor), runKey(key, entries), sort(order), onSelect(). `signal` ends it.
   */
  constructor({ label, listing, selection, host, signal }) {
    Object.assign(this, { listing, selection, host });
    this.drawn = new Map();
    this.before = h("div", { role: "presentation" });
    this.after = h("div", { role: "presentation" });
    this.heads = h("div", { role: "row", "aria-rowindex": 1, class: "heads" });
    this.body = h("div", { role: "rowgroup", class: "entries" }, this.before, this.after);
    this.element = h("div",
      {
        role: "grid", class: "list", tabindex: -1, "aria-label": label,
        "aria-multiselectable": "true", "aria-keyshortcuts": SHORTCUTS,
        onkeydown: (event) => keyDeeds(event, this),
        onclick: (event) => this.clicked(event),
        oncontextmenu: (event) => this.asked(event),
        onfocusin: (event) => this.focused(event),
      },
      h("div", { role: "rowgroup" }, this.heads), this.body);
    const soon = () => this.drawSoon();
    addEventListener("scroll", soon, { passive: true, signal });
    addEventListener("resize", soon, { signal });
  }

  get keys() {
    return this.listing.rows.map(keyOf);
  }

  /** What is selected, in the order of the list. */
  get chosen() {
    return this.listing.rows.filter((entry) => this.selection.has(keyOf(entry)));
  }

  /** What a key in the list is for: what is selected, else the row it is at. */
  get atKeys() {
    const entry = this.entryAt({ target: document.activeElement });
    return entry ? this.meant(entry) : this.chosen;
  }

  /** Draw once for all that happens before the next frame. */
  drawSoon() {
    if (this.isDue) return;
    this.isDue = true;
    requestAnimationFrame(() => {
      this.isDue = false;
      if (this.element.isConnected) this.draw();
    });
  }

  draw() {
    const { rows } = this.listing;
    const height = this.rowHeight();
    const { top } = this.body.getBoundingClientRect();
    const span = rowsInSight({
      top, rowHeight: height, height: innerHeight, count: rows.length,
    });
    this.before.style.height = `${span.from * height}px`;
    this.after.style.height = `${(rows.length - span.to) * height}px`;
    this.element.setAttribute("aria-rowcount", rows.length + HEADINGS);
    this.drawHeads();
    this.place(rows.slice(span.from, span.to), span.from);
  }

  /** Bring the rows into their places; those that stay are not touched. */
  place(entries, from) {
    const focused = document.activeElement;
    const hadFocus = focused !== this.element && this.body.contains(focused);
    const next = new Map();
    for (const entry of entries) {
      const row = this.drawn.get(keyOf(entry));
      next.set(keyOf(entry), row?.entry === entry ? row : makeRow(entry, this));
    }
    for (const [key, row] of this.drawn) if (next.get(key) !== row) row.element.remove();
    this.drawn = next;
    let last = this.before;
    let index = from + HEADINGS;
    for (const row of next.values()) {
      row.element.setAttribute("aria-rowindex", (index += 1));
      if (last.nextSibling !== row.element) last.after(row.element);
      last = row.element;
    }
    this.mark();
    if (hadFocus && document.activeElement !== focused) {
      const row = this.drawn.get(this.selection.cursor);
      (focused.isConnected ? focused : row?.main ?? this.element).focus({ preventScroll: true });
    }
  }

  /** Show what is selected, and what the tabulator key leads to. */
  mark() {
    const { cursor } = this.selection;
    const entry = this.drawn.has(cursor) ? cursor : this.drawn.keys().next().value;
    for (const [key, row] of this.drawn) {
      const isChosen = this.selection.has(key);
      row.element.setAttribute("aria-selected", String(isChosen));
      row.box.checked = isChosen;
      row.main.tabIndex = key === entry ? 0 : -1;
    }
    if (this.allBox) {
      const { size } = this.selection.names;
      this.allBox.checked = size > 0 && size === this.listing.rows.length;
      this.allBox.indeterminate = size > 0 && !this.allBox.checked;
    }
  }

  rowHeight() {
    return parseFloat(getComputedStyle(this.body).getPropertyValue("--row")) || 44;
  }

  drawHeads() {
    const { order } = this.listing;
    const state = `${order.column} ${order.isDescending}`;
    if (this.headState === state) return;
    this.headState = state;
    this.allBox ??= h("input", {
      type: "checkbox", "aria-label": texts.selectAll, onchange: () => this.selectAll(),
    });
    this.heads.replaceChildren(
      h("span", { role: "columnheader", class: "pick" }, this.allBox),
      ...COLUMNS.map((column) => this.heading(column)),
      h("span", { role: "columnheader", class: "actions" },
        h("span", { class: "unseen" }, texts.theActions)));
  }

  heading(column) {
    const { order } = this.listing;
    const isChosen = order.column === column;
    const direction = order.isDescending ? "descending" : "ascending";
    const sort = () => {
      this.host.sort({ column, isDescending: isChosen && !order.isDescending });
      this.draw();
      this.heads.querySelector(`.${column} button`).focus();
    };
    return h("span",
      { role: "columnheader", class: column, "aria-sort": isChosen ? direction : "none" },
      h("button", { type: "button", class: "quiet", onclick: sort }, texts[column]));
  }

  /** The entry that an event happened at; null outside the rows. */
  entryAt(event) {
    const key = event.target.closest("[data-key]")?.dataset.key;
    return key === undefined ? null : this.listing.get(key) ?? null;
  }

  clicked(event) {
    const entry = this.entryAt(event);
    if (!entry || event.target.closest("a, button")) return;
    const isBox = event.target.closest("input") !== null;
    this.choose(entry, {
      isToggle: isBox || event.ctrlKey || event.metaKey, isRange: event.shiftKey,
    });
  }

  choose(entry, how) {
    this.selection.choose(this.keys, keyOf(entry), how);
    this.selected();
    this.goTo(keyOf(entry));
  }

  selectAll() {
    this.selection.toggleAll(this.keys);
    this.selected();
  }

  selected() {
    this.mark();
    this.host.onSelect();
  }

  asked(event) {
    const entry = this.entryAt(event);
    if (!entry) return;
    event.preventDefault();
    const open = () =>
      this.host.openMenu(this.meant(entry), this.drawn.get(keyOf(entry))?.more ?? this.element);
    // Where pressing asks, not letting go, letting go would close the menu: popovers
    // close at any pointerup elsewhere (whatwg/html#10905).
    const isPressed = event.buttons !== 0 && event.pointerType !== "touch";
    if (isPressed) addEventListener("pointerup", () => setTimeout(open), { once: true });
    else open();
  }

  /** What a deed at an entry is for: all that is selected, if the entry is. */
  meant(entry) {
    return this.selection.has(keyOf(entry)) ? this.chosen : [entry];
  }

  focused(event) {
    const entry = this.entryAt(event);
    if (!entry || this.selection.cursor === keyOf(entry)) return;
    this.selection.cursor = keyOf(entry);
    this.mark();
  }

  /** Scroll to an entry and put the focus on it; whether it is there. */
  goTo(key) {
    const index = this.keys.indexOf(key);
    if (index < 0) return false;
    this.selection.cursor = key;
    this.draw(); // it may have grown since, and nobody can scroll beyond what is drawn
    const height = this.rowHeight();
    const top = this.body.getBoundingClientRect().top + index * height;
    if (top < height) scrollBy(0, top - 2 * height);
    else if (top > innerHeight - 3 * height) scrollBy(0, top - innerHeight + 4 * height);
    this.draw();
    this.drawn.get(key)?.main.focus({ preventScroll: true });
    return true;
  }
}
