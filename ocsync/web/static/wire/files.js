// Spaces, folders and files: Libre Graph for spaces, WebDAV for what is in them.

import {
  DAV, NAMESPACES, OC, askProperties, documents, isFolder, properties, propfind, rowsOf,
  textOf,
} from "./multistatus.js";
import { BASE, Refused } from "./server.js";

const PROPERTIES = [
  "d:resourcetype", "d:getlastmodified", "d:getetag",
  "oc:id", "oc:name", "oc:size", "oc:permissions",
];
const WITH_HASH = [...PROPERTIES, "oc:checksums"];

/** The role of administrators, as Infinite Scale has it. */
const ADMIN = "71881883-1768-46bd-a24d-a356a2afdf7f";

/** The path of a file or folder in a space, below the server's base URL. */
export function davPath(spaceId, names = []) {
  return ["dav/spaces", ...[spaceId, ...names].map(encodeURIComponent)].join("/");
}

export class Files {
  constructor(server) {
    this.server = server;
  }

  /** Who is logged in. */
  async me() {
    const query = "$expand=appRoleAssignments";
    const user = await this.server.document(`graph/v1.0/me?${query}`);
    return {
      id: user.id,
      name: user.onPremisesSamAccountName,
      displayName: user.displayName || user.onPremisesSamAccountName,
      isAdmin: user.appRoleAssignments.some((each) => each.appRoleId === ADMIN),
    };
  }

  /** The spaces of the user, the personal one first. */
  async spaces() {
    const { value } = await this.server.document("graph/v1.0/me/drives");
    return value
      .map(spaceOf)
      .sort((a, b) => b.isPersonal - a.isPersonal || a.name.localeCompare(b.name));
  }

  /** A folder and what is in it. */
  async list(spaceId, names) {
    const [folder, ...entries] = await this.propfind(davPath(spaceId, names), "1");
    if (!folder.isFolder) throw new Refused(404, "");
    return { folder, entries };
  }

  /**
   * The same in parts, as they arrive. The first of all is the folder, whose `token`
   * tells `changes` what is known.
   */
  async *parts(spaceId, names, signal) {
    const wanted = [...PROPERTIES, "d:sync-token"];
    const path = davPath(spaceId, names);
    const answer = await askProperties(this.server, path, "1", wanted, signal);
    let isFirst = true;
    for await (const part of documents(answer)) {
      const entries = rowsOf(part).map(entryOf);
      if (isFirst && !entries[0]?.isFolder) throw new Refused(404, "");
      isFirst = false;
      if (entries.length) yield entries;
    }
  }

  /**
   * What has changed in a folder since a token (RFC 6578): entries that are new or
   * different, names that are gone, and the next token. Null if the token is too old.
   */
  async changes(spaceId, names, token, signal) {
    const path = davPath(spaceId, names);
    const body =
      `<d:sync-collection ${NAMESPACES}><d:sync-token>${token}</d:sync-token>` +
      `<d:sync-level>1</d:sync-level>${properties(PROPERTIES)}</d:sync-collection>`;
    const headers = { Depth: "0", "Content-Type": "application/xml" };
    const options = { body, headers, signal, accepts: [403, 507] };
    const answer = await this.server.ask("REPORT", path, options);
    if (!answer.ok) return null;
    const found = { changed: [], removed: [], token };
    for await (const part of documents(answer)) {
      for (const row of rowsOf(part)) {
        const at = namesOf(row, path);
        if (at.length !== 1) continue;
        const status = [...row.children].find((each) => each.localName === "status");
        if (status?.textContent.includes("404")) found.removed.push(at[0]);
        else found.changed.push(entryOf(row));
      }
      found.token = textOf(part, DAV, "sync-token") || found.token;
    }
    return found;
  }

  /** What has words in its name, anywhere in a space; each with its `path` there. */
  async search(spaceId, words, limit) {
    const path = davPath(spaceId);
    const pattern = words
      .replace(/[*?"]/g, " ").split(/\s+/).filter(Boolean)
      .map((word) => `name:"*${word}*"`).join(" AND ");
    const escaped = pattern.replace(/[&<]/g, (sign) => (sign === "&" ? "&amp;" : "&lt;"));
    const body =
      `<oc:search-files ${NAMESPACES}>${properties(PROPERTIES)}<oc:search>` +
      `<oc:pattern>${escaped}</oc:pattern><oc:limit>${limit}</oc:limit>` +
      "</oc:search></oc:search-files>";
    const headers = { "Content-Type": "application/xml" };
    const answer = await this.server.ask("REPORT", path, { body, headers });
    const found = [];
    for await (const part of documents(answer)) {
      for (const row of rowsOf(part)) {
        found.push({ ...entryOf(row), path: namesOf(row, path) });
      }
    }
    const total = Number(answer.headers.get("Content-Range")?.split("/")[1]);
    return { entries: found, total: total || found.length };
  }

  /** What has this path; null if nothing has. */
  async find(spaceId, names) {
    try {
      return (await this.propfind(davPath(spaceId, names), "0", WITH_HASH))[0];
    } catch (error) {
      if (error.status === 404) return null;
      throw error;
    }
  }

  /** Where the node with this id is: its space, its path, and whether it is a folder. */
  async locate(id) {
    const spaceId = id.split("!")[0];
    if (spaceId === id) return { spaceId, names: [], isFolder: true };
    const path = `dav/meta/${encodeURIComponent(id)}`;
    const [row] = await propfind(this.server, path, "0", ["oc:meta-path-for-user"]);
    const names = textOf(row, OC, "meta-path-for-user").split("/").filter(Boolean);
    const entry = await this.find(spaceId, names);
    return { spaceId, names, isFolder: entry?.isFolder ?? true };
  }

  /** Make a folder unless there is one; whether it is new. */
  async ensureFolder(spaceId, names) {
    const answer = await this.server.ask("MKCOL", davPath(spaceId, names), { accepts: [405] });
    return answer.ok;
  }

  makeFolder(spaceId, names) {
    return this.server.ask("MKCOL", davPath(spaceId, names));
  }

  /** Move something to another path, which must be free. */
  move(source, target) {
    return this.relocate("MOVE", source, target);
  }

  /** Copy something to another path, which must be free. */
  copy(source, target) {
    return this.relocate("COPY", source, target);
  }

  /** `source` and `target` are `{spaceId, names}`. */
  relocate(method, source, target) {
    const destination = new URL(davPath(target.spaceId, target.names), BASE).href;
    const headers = { Destination: destination, Overwrite: "F" };
    return this.server.ask(method, davPath(source.spaceId, source.names), { headers });
  }

  /** Move something to the trash. */
  remove(spaceId, names) {
    return this.server.ask("DELETE", davPath(spaceId, names));
  }

  async propfind(path, depth, names = PROPERTIES) {
    return (await propfind(this.server, path, depth, names)).map(entryOf);
  }
}

/** What a drive says of a space. */
export function spaceOf(drive) {
  return {
    id: drive.id,
    name: drive.name,
    description: drive.description ?? "",
    isPersonal: drive.driveType === "personal",
    isDisabled: Boolean(drive.root.deleted),
    used: drive.quota?.used ?? 0,
    total: drive.quota?.total ?? 0,
  };
}

function entryOf(row) {
  return {
    id: textOf(row, OC, "id"),
    name: textOf(row, OC, "name"),
    size: Number(textOf(row, OC, "size")),
    modified: new Date(textOf(row, DAV, "getlastmodified")),
    etag: textOf(row, DAV, "getetag"),
    permissions: textOf(row, OC, "permissions"),
    isFolder: isFolder(row),
    token: textOf(row, DAV, "sync-token"),
    sha1: textOf(row, OC, "checksum").match(/SHA1:(\w+)/)?.[1].toLowerCase(),
  };
}

/** The names from the resource at `path` to a row's resource. */
function namesOf(row, path) {
  const depth = new URL(path, BASE).pathname.split("/").length;
  const { pathname } = new URL(textOf(row, DAV, "href"), BASE);
  return pathname.split("/").slice(depth).filter(Boolean).map(decodeURIComponent);
}
