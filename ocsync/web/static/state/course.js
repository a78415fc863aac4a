// How one upload goes: its folder, what stands in its way, its parts, and whether the
// server has got what was sent. However often the connection breaks, it goes on.

import { freeName } from "./order.js";

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
const MAX_DISPUTES = 5;
/** Statuses after which the server is asked for its offset, and sending goes on. */
const DISPUTES = [404, 409, 410, 423, 429, 460];
const FULL = 507;
/** The file has other bytes than were sent, or cannot be read: it must be given anew. */
const DIFFERENT = "different";
const UNREADABLE = "unreadable";

/** The condition that nothing is replaced. */
const NEW = { "If-None-Match": "*" };

export class Stopped extends Error {}

/** Whether an upload cannot go on with the file that it has. */
export function needsFile({ state, error }) {
  return state === "failed" && [DIFFERENT, UNREADABLE].includes(error.status);
}

export class Course {
  constructor(transfers, upload) {
    const { uploads, files, hashFile, unfinished } = transfers;
    Object.assign(this, { transfers, upload, uploads, files, hashFile, unfinished });
  }

  /** Send until it is done, or until nothing helps. */
  async go() {
    const { upload } = this;
    let disputes = 0;
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
      const before = upload.sent;
      try {
        return await this.send();
      } catch (error) {
        upload.controller.signal.throwIfAborted();
        const isBroken = error.status === 0 || (error.status >= 500 && error.status !== FULL);
        if (upload.sent > before) [wait, disputes] = [FIRST_WAIT_MS, 0];
        if (error.status === DIFFERENT) await this.discard();
        if (DISPUTES.includes(error.status) && upload.token) disputes += 1;
        else if (!isBroken && error.status !== 429) throw error;
        if (disputes > MAX_DISPUTES) throw error;
        this.show("retrying");
        await rest(Math.max(error.retryMs ?? 0, wait), upload.controller.signal);
        this.show("sending");
      }
    }
  }

  async send() {
    const { upload, uploads } = this;
    const { file } = upload;
    const { signal } = upload.controller;
    let offset = upload.token ? await uploads.offset(upload.token, signal) : null;
    if (offset === null) {
      upload.token = null;
      offset = await this.begin();
      if (offset === null) return;
    }
    const isLong = file.size > (await uploads.partSize());
    this.hash ??= isLong ? this.hashFile(file, signal) : null;
    this.hash?.catch(() => {});
    if (isLong) upload.ends ??= await uploads.ends(file);
    const pace = { at: performance.now(), sent: offset };
    this.progress(offset, pace);
    while (offset < file.size) {
      signal.throwIfAborted();
      if (isLong && (await uploads.ends(file)) !== upload.ends) throw changed();
      const start = offset;
      const onProgress = (sent) => this.progress(Math.min(start + sent, file.size), pace);
      offset = await uploads.append(upload.token, file, start, { signal, onProgress });
      this.progress(offset, pace);
    }
    signal.throwIfAborted();
    if (isLong) await this.verify();
    this.transfers.stored(upload);
  }

  /** Compare what the server has with the file as it is. */
  async verify() {
    const { upload } = this;
    const path = [...upload.folder, upload.name];
    const [sha1, stored] = await Promise.all([
      this.hash, this.files.find(upload.spaceId, path),
    ]);
    if (stored?.sha1 && stored.sha1 !== sha1) throw changed();
  }

  /** What was sent is no good: the file is another by now. */
  async discard() {
    await this.transfers.forget(this.upload);
    Object.assign(this.upload, { token: null, sent: 0, ends: null });
  }

  /** Begin at the server: the offset it has then; null if there is nothing to send. */
  async begin() {
    const { upload } = this;
    let condition = NEW;
    let existing = await this.expected();
    for (;;) {
      upload.controller.signal.throwIfAborted();
      if (existing) {
        if (isSame(existing, upload.file)) return this.finish();
        const answer = await this.decide(existing);
        if (answer === "skip") return this.transfers.skip(upload) ?? null;
        if (answer === "keep") upload.name = await this.otherName();
        condition = answer === "keep" ? NEW : { "If-Match": existing.etag };
      }
      try {
        return await this.create(condition);
      } catch (error) {
        if (error.status !== 412) throw error;
        existing = await this.files.find(upload.spaceId, [...upload.folder, upload.name]);
        if (existing === null && condition === NEW) throw error;
        condition = NEW;
      }
    }
  }

  /** The file is there already, from an earlier visit or an answer that was lost. */
  finish() {
    this.transfers.stored(this.upload);
    return null;
  }

  async create(condition) {
    const { spaceId, folder, name, file, controller } = this.upload;
    const options = { condition, signal: controller.signal };
    const { token, offset } = await this.uploads.create(spaceId, folder, name, file, options);
    this.upload.token = token;
    if (this.upload.state === "gone") await this.transfers.forget(this.upload);
    else if (offset < file.size) this.unfinished.keep(this.upload);
    return offset;
  }

  /** What had the file's name when its folder was looked at, once for all its files. */
  async expected() {
    const { folder, name } = this.upload;
    const entries = await this.folder(folder);
    return entries.find((each) => isCalled(each, name));
  }

  /** What is in a folder; it is made first if it lies below the one that was chosen. */
  folder(names) {
    const { batch } = this.upload;
    const key = names.join("/");
    if (!batch.folders.has(key)) {
      const entries = this.reach(names);
      batch.folders.set(key, entries);
      entries.catch(() => batch.folders.delete(key));
    }
    return batch.folders.get(key);
  }

  async reach(names) {
    const { spaceId, batch } = this.upload;
    if (names.length > batch.folder.length) {
      const above = await this.folder(names.slice(0, -1));
      const isThere = above.some((each) => isCalled(each, names.at(-1)));
      if (!isThere && (await this.files.ensureFolder(spaceId, names))) return [];
    }
    return (await this.files.list(spaceId, names)).entries;
  }

  async otherName() {
    const { spaceId, folder, name } = this.upload;
    const { entries } = await this.files.list(spaceId, folder);
    return freeName(name, entries.map((entry) => entry.name));
  }

  /** What to do about a file that is there already; one question at a time. */
  decide(existing) {
    const { upload, transfers } = this;
    const ask = async () => {
      upload.controller.signal.throwIfAborted();
      const known = upload.batch.answer;
      if (known && !(known === "replace" && existing.isFolder)) return known;
      return transfers.askConflict(upload, existing);
    };
    const answer = transfers.question.then(ask);
    transfers.question = answer.catch(() => {});
    return answer;
  }

  progress(sent, pace) {
    const { upload } = this;
    const now = performance.now();
    const seconds = (now - pace.at) / 1000;
    if (seconds > 0.5) {
      const speed = Math.max(0, sent - pace.sent) / seconds;
      upload.speed = upload.speed ? 0.7 * upload.speed + 0.3 * speed : speed;
      Object.assign(pace, { at: now, sent });
    }
    upload.sent = sent;
    this.transfers.changed();
  }

  show(state) {
    const { upload } = this;
    if (upload.state === "sending" || upload.state === "retrying") upload.state = state;
    if (state === "retrying") upload.speed = 0;
    this.transfers.changed();
  }
}

function changed() {
  return Object.assign(new Error(), { status: DIFFERENT });
}

function isCalled(entry, name) {
  return entry.name.normalize() === name.normalize();
}

/** Whether what is there is this file, by size and time, as programs that sync decide. */
function isSame(existing, file) {
  const seconds = (ms) => Math.floor(ms / 1000);
  return (
    !existing.isFolder &&
    existing.size === file.size &&
    seconds(existing.modified.getTime()) === seconds(file.lastModified)
  );
}

/** Wait, but no longer than until the network is back. */
function rest(ms, signal) {
  return new Promise((resolve, reject) => {
    const finish = (settle) => () => {
      clearTimeout(timer);
      removeEventListener("online", awake);
      signal.removeEventListener("abort", stop);
      settle();
    };
    const awake = finish(resolve);
    const stop = finish(() => reject(signal.reason));
    const timer = setTimeout(awake, ms);
    if (signal.aborted) stop();
    addEventListener("online", awake, { once: true });
    signal.addEventListener("abort", stop, { once: true });
  });
}
