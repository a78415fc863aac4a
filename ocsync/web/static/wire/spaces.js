// Project spaces and their members: Libre Graph's drives and permissions.

import { spaceOf } from "./files.js";

const DRIVES = "graph/v1.0/drives";
const ROLES = ["viewer", "editor", "manager"];

/** A user is found by at least so many letters. */
export const LEAST_LETTERS = 3;

export class Spaces {
  constructor(server) {
    this.server = server;
  }

  /** The space, with its members and what the one who asks may do with it. */
  async get(id) {
    const [drive, access] = await Promise.all([
      this.server.document(drivePath(id)),
      this.server.document(`${drivePath(id)}/root/permissions`),
    ]);
    const actions = access["@libre.graph.permissions.actions.allowedValues"];
    const may = (deed) => actions.includes(`libre.graph/driveItem/${deed}`);
    return {
      ...spaceOf(drive),
      members: access.value.map(memberOf),
      mayManage: may("permissions/update"),
      mayRestore: may("deleted/update"),
      mayPurge: may("deleted/delete"),
    };
  }

  async create(name, description) {
    const answer = await this.send("POST", DRIVES, { name, description });
    return spaceOf(await answer.json());
  }

  /** Change name or description. */
  update(id, changes) {
    return this.send("PATCH", drivePath(id), changes);
  }

  /** Switch a space off: it keeps everything, and nobody gets at it. */
  disable(id) {
    return this.server.ask("DELETE", drivePath(id));
  }

  /** Switch a space on again. */
  enable(id) {
    return this.send("PATCH", drivePath(id), {}, { Restore: "true" });
  }

  /** Delete a space that is switched off, for good. */
  purge(id) {
    return this.server.ask("DELETE", drivePath(id), { headers: { Purge: "T" } });
  }

  /** Users whose names contain the text; none for too short a text. */
  async findUsers(text) {
    if ([...text].length < LEAST_LETTERS) return [];
    const query = new URLSearchParams({ $search: `"${text.replaceAll('"', "")}"` });
    const { value } = await this.server.document(`graph/v1.0/users?${query}`);
    return value.map((user) => ({ id: user.id, name: user.displayName }));
  }

  invite(id, userId, role) {
    const recipients = [{ objectId: userId, "@libre.graph.recipient.type": "user" }];
    return this.send("POST", `${drivePath(id)}/root/invite`, { recipients, roles: [role] });
  }

  changeRole(id, member, role) {
    return this.send("PATCH", memberPath(id, member), { roles: [role] });
  }

  removeMember(id, member) {
    return this.server.ask("DELETE", memberPath(id, member));
  }

  send(method, path, document, headers = {}) {
    return this.server.ask(method, path, {
      body: JSON.stringify(document),
      headers: { "Content-Type": "application/json", ...headers },
    });
  }
}

function drivePath(id) {
  return `${DRIVES}/${encodeURIComponent(id)}`;
}

function memberPath(id, member) {
  return `${drivePath(id)}/root/permissions/${encodeURIComponent(member.id)}`;
}

function memberOf(permission) {
  const { user } = permission.grantedToV2;
  const role = permission.roles.find((each) => ROLES.includes(each));
  return { id: permission.id, userId: user.id, name: user.displayName, role };
}
