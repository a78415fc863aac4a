// Which rows of a list are selected, and where the keyboard is. Rows are known by name;
// `names` are those of all rows, in the order in which they are shown.

export class Selection {
  constructor() {
    this.names = new Set();
    /** The row that the keyboard is at. */
    this.cursor = null;
    /** Where a range begins. */
    this.anchor = null;
  }

  has(name) {
    return this.names.has(name);
  }

  /** Select this row only; `isToggle` adds or takes it, `isRange` reaches up to it. */
  choose(names, name, { isToggle = false, isRange = false } = {}) {
    if (isRange && names.includes(this.anchor)) {
      const ends = [names.indexOf(this.anchor), names.indexOf(name)].sort((a, b) => a - b);
      if (!isToggle) this.names.clear();
      for (const each of names.slice(ends[0], ends[1] + 1)) this.names.add(each);
    } else {
      const wasIn = this.names.has(name);
      if (!isToggle) this.names.clear();
      if (isToggle && wasIn) this.names.delete(name);
      else this.names.add(name);
      this.anchor = name;
    }
    this.cursor = name;
  }

  /** Go up or down; with `isRange`, what is passed gets selected. The row gone to. */
  move(names, distance, { isRange = false } = {}) {
    if (names.length === 0) return null;
    const at = names.indexOf(this.cursor);
    const wanted = at < 0 ? 0 : at + distance;
    const name = names[Math.max(0, Math.min(names.length - 1, wanted))];
    if (isRange) {
      if (!names.includes(this.anchor)) this.anchor = this.cursor ?? name;
      this.choose(names, name, { isRange });
    } else {
      this.cursor = name;
      this.anchor = name;
    }
    return name;
  }

  /** Select all, or none if all are selected. */
  toggleAll(names) {
    const isAll = names.length > 0 && names.every((name) => this.names.has(name));
    this.names = new Set(isAll ? [] : names);
  }

  clear() {
    this.names.clear();
  }

  /** Forget what is there no more; the keyboard goes to what took its place. */
  keep(names, before) {
    const left = new Set(names);
    for (const name of this.names) if (!left.has(name)) this.names.delete(name);
    if (this.cursor !== null && !left.has(this.cursor)) {
      const at = before.indexOf(this.cursor);
      const next = before.slice(at + 1).find((name) => left.has(name));
      this.cursor = next ?? names.at(-1) ?? null;
    }
    if (!left.has(this.anchor)) this.anchor = this.cursor;
  }
}
