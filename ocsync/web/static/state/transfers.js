// The uploads of this tab: which of them runs, how far it is, and what happens when
// something fails. Emits "change" when one of them changes and "stored" with a file.

import { freeName } from "./order.js";

const AT_ONCE = 2;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
const MAX_DISPUTES = 5;
/** Statuses after which the server is asked for its offset, and sending goes on. */
const DISPUTES = [409, 423, 429, 460];

/** The condition that nothing is replaced. */
const NEW = { "If-None-Match": "*" };

class Stopped extends Error {}

export class Transfers extends EventTarget {
  /** `askConflict(upload, existing)` resolves to "replace", "keep" or "skip". */
  constructor({ uploads, files, unfinished, askConflict }) {
    super();
    Object.assign(this, { uploads, files, unfinished, askConflict });
    this.all = [];
    this.question = Promise.resolve();
  }

  /** Upload files into a folder. */
  add(spaceId, folder, files) {
    const batch = { answer: null, size: files.length, entries: null };
    for (const file of files) {
      const upload = { spaceId, folder, file, name: file.name, batch, token: null };
      const known = this.unfinished.find(upload);
      if (this.all.some((each) => this.isSame(each, upload))) continue;
      if (known) Object.assign(upload, { token: known.token, name: known.name });
      this.all.push(Object.assign(upload, { state: "waiting", sent: 0, speed: 0 }));
    }
    this.proceed();
  }

  pause(upload) {
    upload.state = "paused";
    upload.controller?.abort(new Stopped());
    this.proceed();
  }

  resume(upload) {
    upload.state = "waiting";
    this.proceed();
  }

  /** Stop an upload and drop what the server has of it. */
  async cancel(upload) {
    const isRunning = upload.state !== "done";
    upload.state = "gone";
    upload.controller?.abort(new Stopped());
    this.all = this.all.filter((each) => each !== upload);
    if (isRunning) await this.forget(upload);
    this.proceed();
  }

  /** Take uploads that are over from the list. */
  clear() {
    this.all = this.all.filter((each) => each.state !== "done");
    this.changed();
  }

  /** Uploads of an earlier visit, for which the file must be chosen again. */
  interrupted() {
    const isKnown = (record) => this.all.some((each) => this.isSame(each, record));
    return this.unfinished.list().filter((record) => !isKnown(record));
  }

  /** Give up an upload, of this visit or an earlier one. */
  async forget(upload) {
    this.unfinished.forget(upload);
    this.changed();
    if (upload.token) await this.uploads.remove(upload.token).catch(() => {});
  }

  isSame(one, other) {
    const isOver = one.state === "done" || one.state === "failed";
    return !isOver && this.unfinished.key(one) === this.unfinished.key(other);
  }

  changed() {
    this.dispatchEvent(new Event("change"));
  }

  proceed() {
    const running = this.all.filter((each) => each.isRunning).length;
    const waiting = this.all.filter((each) => each.state === "waiting" && !each.isRunning);
    for (const upload of waiting.slice(0, Math.max(0, AT_ONCE - running))) {
      this.run(upload);
    }
    this.changed();
  }

  async run(upload) {
    upload.isRunning = true;
    upload.state = "sending";
    upload.controller = new AbortController();
    try {
      await this.persist(upload);
    } catch (error) {
      if (!(error instanceof Stopped)) {
        upload.state = "failed";
        upload.error = error;
      }
    } finally {
      upload.isRunning = false;
      this.proceed();
    }
  }

  /** Send until it is done, however often the connection breaks. */
  async persist(upload) {
    let disputes = 0;
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
      const before = upload.sent;
      try {
        return await this.transfer(upload);
      } catch (error) {
        if (error instanceof Stopped) throw error;
        const isBroken = error.status === 0 || (error.status >= 500 && error.status !== 507);
        if (upload.sent > before) [wait, disputes] = [FIRST_WAIT_MS, 0];
        if (DISPUTES.includes(error.status)) disputes += 1;
        else if (!isBroken) throw error;
        if (disputes > MAX_DISPUTES) throw error;
        this.show(upload, "retrying");
        await rest(wait, upload.controller.signal);
        this.show(upload, "sending");
      }
    }
  }

  async transfer(upload) {
    const { file, controller } = upload;
    let offset = upload.token ? await this.uploads.offset(upload.token) : null;
    if (offset === null) {
      if (!(await this.create(upload))) return this.skipped(upload);
      offset = 0;
    }
    const pace = { at: performance.now(), sent: offset };
    this.progress(upload, offset, pace);
    while (offset < file.size) {
      controller.signal.throwIfAborted();
      const start = offset;
      offset = await this.uploads.append(upload.token, file, start, {
        signal: controller.signal,
        onProgress: (sent) =>
          this.progress(upload, Math.min(start + sent, file.size), pace),
      });
      this.progress(upload, offset, pace);
    }
    controller.signal.throwIfAborted();
    upload.state = "done";
    this.unfinished.forget(upload);
    this.dispatchEvent(new CustomEvent("stored", { detail: upload }));
  }

  /** Begin at the server; false if the file shall be left out after all. */
  async create(upload) {
    let condition = NEW;
    let existing = await this.expected(upload);
    for (;;) {
      upload.controller.signal.throwIfAborted();
      if (existing) {
        const answer = await this.decide(upload, existing);
        if (answer === "skip") return false;
        if (answer === "keep") upload.name = await this.otherName(upload);
        condition = answer === "keep" ? NEW : { "If-Match": existing.etag };
      }
      try {
        await this.begin(upload, condition);
        return true;
      } catch (error) {
        if (error.status !== 412) throw error;
        existing = await this.files.find(upload.spaceId, [...upload.folder, upload.name]);
        if (existing === null && condition === NEW) throw error;
        condition = NEW;
      }
    }
  }

  async begin(upload, condition) {
    const { spaceId, folder, name, file } = upload;
    upload.token = await this.uploads.create(spaceId, folder, name, file, condition);
    if (upload.state === "gone") await this.forget(upload);
    else this.unfinished.keep(upload);
  }

  /** What had the file's name when its folder was listed, once for all files together. */
  async expected({ spaceId, folder, name, batch }) {
    batch.entries ??= await this.files.list(spaceId, folder).then(({ entries }) => entries);
    return batch.entries.find((each) => each.name.normalize() === name.normalize());
  }

  async otherName({ spaceId, folder, name }) {
    const { entries } = await this.files.list(spaceId, folder);
    return freeName(name, entries.map((entry) => entry.name));
  }

  /** What to do about a file that is there already; one question at a time. */
  decide(upload, existing) {
    const ask = async () => {
      if (upload.state === "gone") throw new Stopped();
      const known = upload.batch.answer;
      if (known && !(known === "replace" && existing.isFolder)) return known;
      return this.askConflict(upload, existing);
    };
    const answer = this.question.then(ask);
    this.question = answer.catch(() => {});
    return answer;
  }

  skipped(upload) {
    upload.state = "gone";
    this.all = this.all.filter((each) => each !== upload);
  }

  progress(upload, sent, pace) {
    const now = performance.now();
    const seconds = (now - pace.at) / 1000;
    if (seconds > 0.5) {
      const speed = Math.max(0, sent - pace.sent) / seconds;
      upload.speed = upload.speed ? 0.7 * upload.speed + 0.3 * speed : speed;
      Object.assign(pace, { at: now, sent });
    }
    upload.sent = sent;
    this.changed();
  }

  show(upload, state) {
    if (upload.state === "sending" || upload.state === "retrying") upload.state = state;
    this.changed();
  }
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
