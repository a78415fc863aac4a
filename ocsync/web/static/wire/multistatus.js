// Properties of resources, asked and read as WebDAV has them (RFC 4918).

export const DAV = "DAV:";
export const OC = "http://owncloud.org/ns";

/**
 * The rows of a PROPFIND: the resource itself, and at depth 1 what is in it. `names` are
 * the properties with their prefixes, such as `d:getetag`.
 */
export async function propfind(server, path, depth, names) {
  const wanted = names.map((name) => `<${name}/>`).join("");
  const answer = await server.ask("PROPFIND", path, {
    body: `<d:propfind xmlns:d="${DAV}" xmlns:oc="${OC}"><d:prop>${wanted}</d:prop></d:propfind>`,
    headers: { Depth: depth, "Content-Type": "application/xml" },
  });
  const parsed = new DOMParser().parseFromString(await answer.text(), "text/xml");
  return [...parsed.getElementsByTagNameNS(DAV, "response")];
}

/** The text of a row's property; empty if it has none. */
export function textOf(row, namespace, name) {
  return row?.getElementsByTagNameNS(namespace, name)[0]?.textContent ?? "";
}

export function isFolder(row) {
  return row.getElementsByTagNameNS(DAV, "collection").length > 0;
}
