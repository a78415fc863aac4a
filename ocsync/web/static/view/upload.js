// From files that somebody chose or dropped to an upload: whether they fit is asked first.

import { texts } from "../texts/texts.js";

/**
 * `items` are `{file, path}`, the path that of the folder it is in, below this one. By
 * `handles` they are read again if the page is left before all is uploaded.
 */
export async function upload({ items, handles }, { space, names }, app) {
  if (!items.length) return;
  const bytes = items.reduce((sum, { file }) => sum + (file?.size ?? 0), 0);
  const { mayUpload } = await import("./quota.js");
  if (!(await mayUpload(space.id, bytes, app))) return;
  const place = { spaceId: space.id, folder: names };
  const keep = () => app.wire.drops.keep({ ...place, handles }).catch(() => null);
  app.transfers.add(space.id, names, items, handles && (await keep()));
  app.shell.whisper(texts.uploadBegins(items.length));
}
