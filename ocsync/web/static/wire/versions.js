// The former contents of a file.

import { davPath } from "./files.js";
import { DAV, OC, propfind, textOf } from "./multistatus.js";
import { BASE } from "./server.js";

const PROPERTIES = ["d:getlastmodified", "oc:size"];

export class Versions {
  constructor(server) {
    this.server = server;
  }

  /** The versions of the file with this id, the latest first; not the present content. */
  async list(fileId) {
    const path = `dav/meta/${encodeURIComponent(fileId)}/v`;
    const [, ...rows] = await propfind(this.server, path, "1", PROPERTIES);
    return rows.map((row) => {
      const key = textOf(row, DAV, "href").split("/").at(-1);
      return {
        path: `${path}/${key}`,
        modified: new Date(textOf(row, DAV, "getlastmodified")),
        size: Number(textOf(row, OC, "size")),
      };
    });
  }

  /** Make a version the content of its file again. */
  restore(version, spaceId, names) {
    const headers = { Destination: new URL(davPath(spaceId, names), BASE).href };
    return this.server.ask("COPY", version.path, { headers });
  }
}
