// What uploads need besides themselves, in memory: a server, locks, and a storage.

import { Transfers } from "../../../../ocsync/web/static/state/transfers.js";
import { Unfinished } from "../../../../ocsync/web/static/state/unfinished.js";

export class Refused extends Error {
  constructor(status, retryMs = null) {
    super(`${status}`);
    Object.assign(this, { status, retryMs });
  }
}

/** What the browser has and node lacks. */
export function furnish() {
  const items = new Map();
  globalThis.localStorage = new Proxy(
    {
      getItem: (key) => items.get(key) ?? null,
      setItem: (key, value) => items.set(key, value),
      removeItem: (key) => items.delete(key),
    },
    { ownKeys: () => [...items.keys()], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }) },
  );
  globalThis.addEventListener = () => {};
  globalThis.removeEventListener = () => {};
  return items;
}

/** Locks as browsers have them, exclusive ones only. */
export class Locks {
  constructor() {
    this.held = new Map();
  }

  async request(name, ...rest) {
    const deed = rest.pop();
    const { ifAvailable } = rest[0] ?? {};
    if (ifAvailable && this.held.has(name)) return deed(null);
    while (this.held.has(name)) await this.held.get(name);
    let free;
    this.held.set(name, new Promise((resolve) => (free = resolve)));
    try {
      return await deed({ name });
    } finally {
      this.held.delete(name);
      free();
    }
  }

  async query() {
    return { held: [...this.held.keys()].map((name) => ({ name })) };
  }
}

/** A server that takes uploads in parts of ten bytes; `failures` are thrown in order. */
export class FakeServer {
  constructor() {
    this.stored = new Map();
    this.begun = new Map();
    this.log = [];
    this.failures = [];
  }

  fail() {
    const failure = this.failures.shift();
    if (failure) throw failure;
  }

  get uploads() {
    return {
      partSize: async () => 10,
      create: async (spaceId, folder, name, file, { condition }) => {
        this.log.push(`POST ${[...folder, name].join("/")}`);
        this.fail();
        const path = [...folder, name].join("/");
        if (condition["If-None-Match"] && this.stored.has(path)) throw new Refused(412);
        const token = `token${this.begun.size}`;
        this.begun.set(token, { path, file, offset: 0 });
        return { token, offset: 0 };
      },
      offset: async (token) => {
        this.log.push(`HEAD ${token}`);
        return this.begun.get(token)?.offset ?? null;
      },
      append: async (token, file, offset, { signal }) => {
        this.log.push(`PATCH ${offset}`);
        this.fail();
        signal.throwIfAborted();
        const upload = this.begun.get(token);
        if (!upload) throw new Refused(404);
        if (upload.offset !== offset) throw new Refused(409);
        upload.offset = Math.min(offset + 10, file.size);
        if (upload.offset === file.size) this.store(upload.path, file);
        return upload.offset;
      },
      ends: async (file) => file.ends ?? "same",
      remove: async (token) => {
        this.log.push(`DELETE ${token}`);
        this.begun.delete(token);
      },
    };
  }

  store(path, file) {
    const modified = new Date(file.lastModified);
    const name = path.split("/").at(-1);
    this.stored.set(path, { name, size: file.size, modified, etag: `"${path}"`, sha1: "right" });
  }

  get files() {
    const below = (names) => `${names.join("/")}/`.replace(/^\/$/, "");
    return {
      list: async (spaceId, names) => {
        this.log.push(`LIST ${names.join("/")}`);
        const inside = [...this.stored].filter(([path]) => path.startsWith(below(names)));
        return { entries: inside.map(([, entry]) => entry).filter(({ name }) => this.stored.has(below(names) + name)) };
      },
      find: async (spaceId, names) => this.stored.get(names.join("/")) ?? null,
      ensureFolder: async (spaceId, names) => {
        this.log.push(`MKCOL ${names.join("/")}`);
        return true;
      },
    };
  }
}

export function fileOf(name, size, lastModified = 5000) {
  return { name, size, lastModified };
}

export function transfersOf(server, more = {}) {
  return new Transfers({
    uploads: server.uploads,
    files: server.files,
    hashFile: async () => "right",
    unfinished: new Unfinished("me"),
    drops: { forget: async () => {} },
    askConflict: async () => "skip",
    locks: new Locks(),
    ...more,
  });
}

/** Until nothing is on its way any more. */
export async function settled(transfers) {
  const isOver = () => transfers.all.every(({ state, isRunning }) => !isRunning && state !== "waiting");
  while (!isOver()) await new Promise((resolve) => setTimeout(resolve, 1));
}
