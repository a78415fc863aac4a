// Handles of what was dropped, kept in IndexedDB until all of it is uploaded: after a
// reload or a crash the page reads the same files again, without anybody choosing them.

const NAME = "ocsync";
const STORE = "drops";
const READ = { mode: "read" };

export class KeptDrops {
  constructor(userId) {
    this.userId = userId;
  }

  /** Keep a drop, `{spaceId, folder, handles}`; resolves to its id. */
  keep(drop) {
    return this.run("readwrite", (store) => store.add({ ...drop, userId: this.userId }));
  }

  forget(id) {
    return this.run("readwrite", (store) => store.delete(id));
  }

  /** All of this user's, each with its `id`. */
  async list() {
    const all = await this.run("readonly", (store) => store.getAll());
    return all.filter((drop) => drop.userId === this.userId);
  }

  async run(mode, ask) {
    this.database ??= opened(indexedDB.open(NAME, 1));
    const transaction = (await this.database).transaction(STORE, mode);
    return finished(ask(transaction.objectStore(STORE)));
  }
}

/** Whether a drop may be read at once. */
export async function isReadable({ handles }) {
  const states = await Promise.all(handles.map((each) => each.queryPermission(READ)));
  return states.every((state) => state === "granted");
}

/** Ask for it; only while somebody presses something. */
export async function askToRead({ handles }) {
  for (const each of handles) {
    if ((await each.requestPermission(READ)) !== "granted") return false;
  }
  return true;
}

function opened(request) {
  request.onupgradeneeded = () =>
    request.result.createObjectStore(STORE, { keyPath: "id", autoIncrement: true });
  return finished(request);
}

function finished(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
