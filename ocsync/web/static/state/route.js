// What the address's fragment says, and the fragments that lead to views. A view of its
// own begins with a row here.

/** By the first segment: the view, what further segments are called, and the rest. */
const ROUTES = {
  "": { view: "start", takes: [] },
  s: { view: "folder", takes: ["spaceId"], rest: "names" },
  f: { view: "link", takes: ["id"] },
  find: { view: "find", takes: ["spaceId", "words"] },
  trash: { view: "trash", takes: ["spaceId"] },
  space: { view: "space", takes: ["spaceId"] },
  tokens: { view: "tokens", takes: [] },
  connect: { view: "connect", takes: [] },
};

/** The route of a fragment: `{view, …}`; whatever makes no sense is the start. */
export function readRoute(hash) {
  const [segment = "", ...others] = hash.replace(/^#\/?/, "").split("/");
  const route = Object.hasOwn(ROUTES, segment) ? ROUTES[segment] : ROUTES[""];
  let parts;
  try {
    parts = others.filter(Boolean).map(decodeURIComponent);
  } catch {
    return { view: "start" };
  }
  // No id or name is one of these; in a path they would lead elsewhere.
  if (parts.some((part) => part === "." || part === "..")) return { view: "start" };
  const { view, takes, rest } = route;
  const isWhole = parts.length === takes.length;
  if (rest ? parts.length < takes.length : !isWhole) return { view: "start" };
  const named = Object.fromEntries(takes.map((name, index) => [name, parts[index]]));
  return { view, ...named, ...(rest ? { [rest]: parts.slice(takes.length) } : {}) };
}

/** The fragment whose first segment and further parts these are. */
export function hashOf(segment, ...parts) {
  return `#/${[segment, ...parts.map(encodeURIComponent)].join("/")}`;
}

/** The fragment of a folder. */
export function folderHash(spaceId, names = []) {
  return hashOf("s", spaceId, ...names);
}
