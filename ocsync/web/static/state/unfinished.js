// Uploads that have begun, kept in localStorage by the fingerprint of their file, so
// that they go on after a reload, a crash or a closed laptop.

const PREFIX = "ocsync.upload.";
const KEPT_MS = 24 * 3600 * 1000;

export class Unfinished {
  constructor(userId) {
    this.prefix = `${PREFIX}${userId}.`;
  }

  /** The fingerprint of a file for a folder; also the name of its lock. */
  key({ spaceId, folder, file }) {
    const parts = [spaceId, folder, file.name, file.size, file.lastModified];
    return this.prefix + JSON.stringify(parts);
  }

  /** What is known of an upload of the same file to the same folder, or null. */
  find(upload) {
    return read(this.key(upload));
  }

  keep(upload) {
    const { spaceId, folder, name, token, file } = upload;
    const record = { spaceId, folder, name, token, began: Date.now() };
    record.file = { name: file.name, size: file.size, lastModified: file.lastModified };
    localStorage.setItem(this.key(upload), JSON.stringify(record));
  }

  forget(upload) {
    localStorage.removeItem(this.key(upload));
  }

  /** All that are not too old; the others are forgotten. */
  list() {
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(this.prefix));
    const records = [];
    for (const key of keys) {
      const record = read(key);
      if (record && record.began > Date.now() - KEPT_MS) records.push(record);
      else localStorage.removeItem(key);
    }
    return records;
  }
}

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}
