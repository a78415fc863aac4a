// Properties of resources, asked and read as WebDAV has them (RFC 4918), while the
// answer is still arriving.

import { Refused } from "./server.js";

export const DAV = "DAV:";
export const OC = "http://owncloud.org/ns";

const ROOT = /^[^]*?<((?:[\w.-]+:)?)multistatus\b[^>]*>/;

/** Cuts the text of a multistatus into documents of whole rows, as it arrives. */
export class Cutter {
  constructor() {
    this.head = null;
    this.text = "";
  }

  /** The document of the rows that are whole by now; null if there is no new one. */
  take(text) {
    this.text += text;
    if (this.head === null) {
      const found = this.text.match(ROOT);
      if (!found) return null;
      [this.head, this.prefix] = found;
      this.text = this.text.slice(this.head.length);
    }
    const end = `</${this.prefix}response>`;
    const at = this.text.lastIndexOf(end);
    if (at < 0) return null;
    const rows = this.text.slice(0, at + end.length);
    this.text = this.text.slice(at + end.length);
    return `${this.head}${rows}</${this.prefix}multistatus>`;
  }

  /** What is left at the end, with whatever stands after the rows. */
  rest() {
    return `${this.head ?? ""}${this.text}`;
  }
}

/** The documents of an answer, each with some of its rows; the last has what follows. */
export async function* documents(answer) {
  const cutter = new Cutter();
  const decoder = new TextDecoder();
  const reader = answer.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch(broken);
      const xml = cutter.take(decoder.decode(value, { stream: !done }));
      if (xml !== null) yield parse(xml);
      if (done) break;
    }
    yield parse(cutter.rest());
  } finally {
    reader.cancel().catch(() => {});
  }
}

function broken() {
  throw new Refused(0, "");
}

function parse(xml) {
  const parsed = new DOMParser().parseFromString(xml, "text/xml");
  if (parsed.getElementsByTagName("parsererror").length) throw new Refused(0, "");
  return parsed;
}

export function rowsOf(parsed) {
  return [...parsed.getElementsByTagNameNS(DAV, "response")];
}

/** Ask for properties; `names` have their prefixes, such as `d:getetag`. */
export function askProperties(server, path, depth, names, signal) {
  const body = `<d:propfind ${NAMESPACES}>${properties(names)}</d:propfind>`;
  const headers = { Depth: depth, "Content-Type": "application/xml" };
  return server.ask("PROPFIND", path, { body, headers, signal });
}

export const NAMESPACES = `xmlns:d="${DAV}" xmlns:oc="${OC}"`;

export function properties(names) {
  return `<d:prop>${names.map((name) => `<${name}/>`).join("")}</d:prop>`;
}

/** The rows of a PROPFIND: the resource itself, and at depth 1 what is in it. */
export async function propfind(server, path, depth, names) {
  const rows = [];
  const answer = await askProperties(server, path, depth, names);
  for await (const part of documents(answer)) rows.push(...rowsOf(part));
  return rows;
}

/** The text of a row's property; empty if it has none. */
export function textOf(row, namespace, name) {
  return row?.getElementsByTagNameNS(namespace, name)[0]?.textContent ?? "";
}

export function isFolder(row) {
  return row.getElementsByTagNameNS(DAV, "collection").length > 0;
}
