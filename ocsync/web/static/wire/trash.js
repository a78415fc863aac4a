// What was removed from a space, and the ways back. An item's id is that of its node.

import { davPath } from "./files.js";
import { OC, isFolder, propfind, textOf } from "./multistatus.js";
import { BASE } from "./server.js";

const PROPERTIES = [
  "d:resourcetype", "oc:id", "oc:size",
  "oc:trashbin-original-location", "oc:trashbin-delete-timestamp",
];

export class Trash {
  constructor(server) {
    this.server = server;
  }

  /** What lies in the trash of a space, the latest first. */
  async list(spaceId) {
    const [, ...rows] = await propfind(this.server, trashPath(spaceId), "1", PROPERTIES);
    return rows.map(itemOf).sort((a, b) => b.removed - a.removed);
  }

  /** Bring an item back to a path, which must be free; folders on the way are made. */
  async restore(spaceId, item, names) {
    const headers = {
      Destination: new URL(davPath(spaceId, names), BASE).href,
      Overwrite: "F",
    };
    const move = () => this.server.ask("MOVE", trashPath(spaceId, item.id), { headers });
    try {
      await move();
    } catch (error) {
      if (error.status !== 409) throw error;
      await this.makeFolders(spaceId, names.slice(0, -1));
      await move();
    }
  }

  /** Let an item go for good. */
  purge(spaceId, item) {
    return this.server.ask("DELETE", trashPath(spaceId, item.id));
  }

  /** Let everything go for good. */
  empty(spaceId) {
    return this.server.ask("DELETE", trashPath(spaceId));
  }

  async makeFolders(spaceId, names) {
    for (let count = 1; count <= names.length; count += 1) {
      const path = davPath(spaceId, names.slice(0, count));
      await this.server.ask("MKCOL", path, { accepts: [405] });
    }
  }
}

function trashPath(spaceId, id) {
  return davPath("trash-bin", id === undefined ? [spaceId] : [spaceId, id]);
}

function itemOf(row) {
  const origin = textOf(row, OC, "trashbin-original-location").split("/");
  return {
    id: textOf(row, OC, "id").split("!").at(-1),
    name: origin.at(-1),
    origin,
    removed: new Date(Number(textOf(row, OC, "trashbin-delete-timestamp")) * 1000),
    size: Number(textOf(row, OC, "size")),
    isFolder: isFolder(row),
  };
}
