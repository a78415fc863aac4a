// The uploads of this tab: which of them runs, what can be done with them, and how far
// they are all together. How one goes is `course.js`'s. Emits "change" when one of them
// changes and "stored" with a file that is there.

import { Course, Stopped, needsFile } from "./course.js";

const AT_ONCE = 3;

export class Transfers extends EventTarget {
  /**
   * `askConflict(upload, existing)` resolves to "replace", "keep" or "skip". `locks` is
   * the browser's: a file goes to a folder from one tab at a time.
   */
  constructor({ uploads, files, hashFile, unfinished, drops, askConflict, locks }) {
    super();
    Object.assign(this, { uploads, files, hashFile, unfinished, drops, askConflict, locks });
    this.all = [];
    this.old = [];
    this.question = Promise.resolve();
  }

  /**
   * Upload into a folder: `items` are `{file, path}`; without a file, only the folder.
   * By an item's `handle`, where there is one, the file can be read anew.
   * `drop` is the id by which `drops` keeps them until all are through.
   */
  add(spaceId, folder, items, drop = null) {
    const batch = {
      spaceId, folder, drop, size: items.length, answer: null, folders: new Map(),
    };
    const known = new Set(this.all.filter(isOpen).map((each) => this.unfinished.key(each)));
    for (const { file, handle, path } of items) {
      if (file) this.addFile(batch, { file, handle }, [...folder, ...path], known);
      else new Course(this, { batch, spaceId }).folder([...folder, ...path]).catch(() => {});
    }
    if (drop !== null) this.holdDrop(batch);
    this.settle({ batch });
    this.proceed();
    this.findOld();
  }

  addFile(batch, { file, handle }, folder, known) {
    const { spaceId } = batch;
    const upload = { spaceId, folder, file, handle, name: file.name, batch, token: null };
    const key = this.unfinished.key(upload);
    if (known.has(key)) return;
    known.add(key);
    const record = this.unfinished.find(upload);
    if (record) Object.assign(upload, { token: record.token, name: record.name });
    this.all.push(Object.assign(upload, { state: "waiting", sent: 0, speed: 0 }));
  }

  pause(upload) {
    this.stop(upload, "paused");
    this.proceed();
  }

  resume(upload) {
    upload.state = "waiting";
    this.proceed();
  }

  /** Send an upload from its beginning, with the file as it is by now. */
  async renew(upload, file) {
    await this.forget(upload);
    Object.assign(upload, { file, token: null, sent: 0, ends: null });
    this.resume(upload);
  }

  pauseAll() {
    for (const each of this.all.filter(isMoving)) this.stop(each, "paused");
    this.proceed();
  }

  resumeAll() {
    for (const each of this.all) {
      const isStopped = each.state === "paused" || each.state === "failed";
      if (isStopped && !needsFile(each)) each.state = "waiting";
    }
    this.proceed();
  }

  async cancelAll() {
    await Promise.all(this.all.filter(isOpen).map((each) => this.cancel(each)));
  }

  /** Stop an upload and drop what the server has of it. */
  async cancel(upload) {
    const isBegun = upload.state !== "done";
    this.stop(upload, "gone");
    this.all = this.all.filter((each) => each !== upload);
    this.settle(upload);
    if (isBegun) await this.forget(upload);
    this.proceed();
  }

  stop(upload, state) {
    upload.state = state;
    upload.controller?.abort(new Stopped());
  }

  /** Take uploads that are over from the list. */
  clear() {
    this.all = this.all.filter((each) => each.state !== "done");
    this.changed();
  }

  /** Give up an upload, of this visit or an earlier one. */
  async forget(upload) {
    this.unfinished.forget(upload);
    this.old = this.old.filter((each) => each !== upload);
    this.changed();
    if (upload.token) await this.uploads.remove(upload.token).catch(() => {});
  }

  /** Look for uploads of earlier visits, whose files must be chosen again, in `old`. */
  async findOld() {
    const { held = [] } = await this.locks.query();
    const busy = new Set([
      ...held.map((lock) => lock.name),
      ...this.all.filter(isOpen).map((each) => this.unfinished.key(each)),
    ]);
    this.old = this.unfinished.list().filter((each) => !busy.has(this.unfinished.key(each)));
    this.changed();
  }

  /** All together: counts, bytes, speed, and the bytes that are left. */
  summary() {
    const open = this.all.filter(isOpen);
    const sum = (read) => (total, each) => total + read(each);
    return {
      count: this.all.length,
      done: this.all.length - open.length,
      size: this.all.reduce(sum((each) => each.file.size), 0),
      sent: this.all.reduce(sum((each) => (isOpen(each) ? each.sent : each.file.size)), 0),
      speed: open.filter(isMoving).reduce(sum((each) => each.speed), 0),
      isMoving: open.some(isMoving),
      isStopped: open.some((each) => each.state === "paused" || each.state === "failed"),
    };
  }

  /** Whether something is under way that does not go on by itself after a reload. */
  get endWithPage() {
    return this.all.some((each) => isMoving(each) && each.batch.drop === null);
  }

  changed() {
    this.dispatchEvent(new Event("change"));
  }

  /** Let other tabs know that this one uploads what was dropped. */
  holdDrop(batch) {
    this.locks.request(dropLock(batch.drop), () =>
      new Promise((resolve) => (batch.release = resolve)));
  }

  /** What was dropped need not be kept once nothing of it is open. */
  settle({ batch }) {
    if (batch.drop === null) return;
    if (this.all.some((each) => each.batch === batch && isOpen(each))) return;
    batch.release?.();
    this.drops.forget(batch.drop).catch(() => {});
    batch.drop = null;
  }

  proceed() {
    const running = this.all.filter((each) => each.isRunning && each.state !== "elsewhere");
    const waiting = this.all.filter((each) => each.state === "waiting" && !each.isRunning);
    for (const upload of waiting.slice(0, Math.max(0, AT_ONCE - running.length))) {
      this.run(upload);
    }
    this.changed();
  }

  async run(upload) {
    upload.isRunning = true;
    upload.state = "sending";
    upload.controller = new AbortController();
    try {
      await this.alone(upload, () => new Course(this, upload).go());
    } catch (error) {
      if (upload.state !== "gone" && upload.state !== "paused") {
        upload.state = "failed";
        upload.error = error;
      }
    } finally {
      upload.isRunning = false;
      this.settle(upload);
      this.proceed();
    }
  }

  /** Do it while no other tab uploads the same file to the same folder. */
  async alone(upload, deed) {
    const key = this.unfinished.key(upload);
    const { signal } = upload.controller;
    const isDone = await this.locks.request(key, { ifAvailable: true }, async (lock) => {
      if (lock) await deed();
      return lock !== null;
    });
    if (isDone) return;
    upload.state = "elsewhere";
    this.proceed();
    await this.locks.request(key, { signal }, async () => {
      upload.state = "sending";
      upload.token = this.unfinished.find(upload)?.token ?? null;
      await deed();
    });
  }

  /** Take an upload from the list that shall not happen after all. */
  skip(upload) {
    upload.state = "gone";
    this.all = this.all.filter((each) => each !== upload);
  }

  stored(upload) {
    upload.state = "done";
    this.unfinished.forget(upload);
    this.dispatchEvent(new CustomEvent("stored", { detail: upload }));
  }
}

/** The lock that a tab has while it uploads a drop. */
export function dropLock(id) {
  return `ocsync.drop.${id}`;
}

/** Whether it is not over yet. */
function isOpen(upload) {
  return upload.state !== "done" && upload.state !== "gone";
}

function isMoving({ state }) {
  return ["waiting", "sending", "retrying", "elsewhere"].includes(state);
}
