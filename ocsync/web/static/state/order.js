// In which order entries stand, and which names are free.

const byText = new Intl.Collator(undefined, { numeric: true }).compare;
const COLUMNS = {
  name: () => 0,
  size: (a, b) => a.size - b.size,
  modified: (a, b) => a.modified - b.modified,
};

/** The entries sorted by a column; folders stand first, equals by their names. */
export function sorted(entries, { column, isDescending }) {
  const sign = isDescending ? -1 : 1;
  const nameSign = column === "name" ? sign : 1;
  return [...entries].sort(
    (a, b) =>
      b.isFolder - a.isFolder ||
      sign * COLUMNS[column](a, b) ||
      nameSign * byText(a.name, b.name),
  );
}

const MOST_BYTES = 255;

/** Whether a file or folder can be called so. */
export function isName(text) {
  const isShort = new TextEncoder().encode(text).length <= MOST_BYTES;
  return isShort && ![".", ".."].includes(text) && !/[/\\\p{Cc}]/u.test(text);
}

/** The name with the first number that makes it free: `a (2).txt`. */
export function freeName(name, taken) {
  const dot = name.lastIndexOf(".");
  const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
  const used = new Set(taken.map((each) => each.normalize()));
  for (let number = 2; ; number += 1) {
    const candidate = `${stem} (${number})${ending}`;
    if (!used.has(candidate.normalize())) return candidate;
  }
}

/** What the letters of `oc:permissions` allow with an entry. */
export function may(entry, deed) {
  const letters = { fill: "CK", rename: "NV", remove: "D", edit: "W" };
  return (entry.permissions ?? "").includes(letters[deed]);
}
