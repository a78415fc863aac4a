// Spaces, folders and files: Libre Graph for spaces, WebDAV for what is in them.

import { DAV, OC, isFolder, propfind, textOf } from "./multistatus.js";
import { BASE, Refused } from "./server.js";

const PROPERTIES = [
  "d:resourcetype", "d:getlastmodified", "d:getetag",
  "oc:id", "oc:name", "oc:size", "oc:permissions",
];

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

  /** What has this path; null if nothing has. */
  async find(spaceId, names) {
    try {
      return (await this.propfind(davPath(spaceId, names), "0"))[0];
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

  makeFolder(spaceId, names) {
    return this.server.ask("MKCOL", davPath(spaceId, names));
  }

  /** Move something to another path, which must be free. */
  move(spaceId, names, target) {
    const destination = new URL(davPath(spaceId, target), BASE).href;
    const headers = { Destination: destination, Overwrite: "F" };
    return this.server.ask("MOVE", davPath(spaceId, names), { headers });
  }

  /** Move something to the trash. */
  remove(spaceId, names) {
    return this.server.ask("DELETE", davPath(spaceId, names));
  }

  async propfind(path, depth) {
    return (await propfind(this.server, path, depth, PROPERTIES)).map(entryOf);
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
  };
}
