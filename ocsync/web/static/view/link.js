// A private link, #/f/<id>: leads to the folder, or to the one that the file is in.

import { folderHash } from "../state/route.js";

export async function open({ id }, app) {
  const { spaceId, names, isFolder } = await app.wire.files.locate(id);
  const hash = folderHash(spaceId, isFolder ? names : names.slice(0, -1));
  if (!isFolder) app.left.set(hash, names.at(-1));
  location.replace(hash);
  return null;
}
