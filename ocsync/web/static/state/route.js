// What the address's fragment says: #/s/<space>/<names…>, #/f/<id>, #/connect.

/** The route of a fragment; whatever makes no sense is the start. */
export function readRoute(hash) {
  const [kind = "", ...rest] = hash.replace(/^#\/?/, "").split("/");
  let parts;
  try {
    parts = rest.filter(Boolean).map(decodeURIComponent);
  } catch {
    return { kind: "start" };
  }
  if (kind === "s" && parts.length) {
    return { kind: "folder", spaceId: parts[0], names: parts.slice(1) };
  }
  if (kind === "f" && parts.length === 1) return { kind: "link", id: parts[0] };
  return { kind: kind === "connect" ? "connect" : "start" };
}

/** The fragment of a folder. */
export function folderHash(spaceId, names = []) {
  return `#/s/${[spaceId, ...names].map(encodeURIComponent).join("/")}`;
}
