// A folder: breadcrumb, tools, and the list of what is in it, which appears with its
// first part and follows what others change.

import { keyOf } from "../state/listing.js";
import { may } from "../state/order.js";
import { folderHash } from "../state/route.js";
import { Watch } from "../state/watch.js";
import { explain, texts } from "../texts/texts.js";
import { around, h, nameOf } from "./dom.js";
import { takeDrops } from "./drops.js";
import { EntriesView } from "./entries_view.js";
import { finder } from "./finder.js";
import { toolButtons } from "./tools.js";
import { upload } from "./upload.js";

const GATHER_MS = 300;

export async function open({ spaceId, names }, app) {
  const { files } = app.wire;
  const reading = new AbortController();
  const parts = files.parts(spaceId, names, reading.signal);
  const [spaces, first] = await Promise.all([files.spaces(), parts.next()]);
  const [folder, ...entries] = first.value;
  const known = spaces.find((each) => each.id === spaceId);
  const space = known ?? { id: spaceId, name: folder.name };
  const view = new FolderView({ space, names, folder, app });
  view.closing.signal.addEventListener("abort", () => reading.abort());
  view.listing.add(entries);
  view.read(parts);
  return view;
}

class FolderView extends EntriesView {
  constructor({ space, names, folder, app }) {
    const title = names.at(-1) ?? space.name;
    super({ space, names, folder, app, label: texts.contents(title) });
    this.title = title;
    this.token = folder.token;
    this.isWhole = false;
    this.looking = Promise.resolve();
    this.count = h("p", { class: "faint", role: "status" });
    this.emptiness = h("div", { class: "empty" });
    const { signal } = this.closing;
    app.transfers.addEventListener("stored", (event) => this.onStored(event), { signal });
    takeDrops(this, signal);
  }

  parts() {
    return [
      this.breadcrumb(),
      h("div", { class: "tools" }, toolButtons(this), finder(this)),
      this.bar, this.list.element, this.emptiness, this.count,
    ];
  }

  /** After the parts are in the page. */
  shown() {
    this.redraw();
  }

  breadcrumb() {
    const labels = [this.space.name, ...this.names];
    const items = labels.map((label, index) => {
      const isHere = index === labels.length - 1;
      return h("li", {},
        isHere
          ? h("h1", { tabindex: -1, "aria-current": "page" }, nameOf(label))
          : h("a",
            { href: folderHash(this.space.id, this.names.slice(0, index)), "data-depth": index },
            nameOf(label)));
    });
    return h("nav", { "aria-label": texts.path },
      h("ol", { class: "path" },
        h("li", {}, h("a", { href: "#/" }, texts.spaces)), items));
  }

  redraw(keysBefore) {
    super.redraw(keysBefore);
    const { rows, size, filter } = this.listing;
    this.list.element.hidden = rows.length === 0;
    this.emptiness.hidden = rows.length > 0 || !this.isWhole;
    const isWritable = may(this.folder, "fill");
    this.emptiness.replaceChildren(
      h("p", {}, filter ? texts.noneFound : texts.empty),
      isWritable && !filter ? h("p", {}, texts.dropHere) : "");
    const text = filter ? texts.countedOf(rows.length, size) : texts.counted(size);
    this.count.textContent = this.isWhole ? (size ? text : "") : texts.loading;
  }

  /** Take the rest of the folder as it arrives, then watch for changes. */
  async read(parts) {
    try {
      for await (const entries of parts) {
        this.listing.add(entries);
        if (!this.isClosed) this.redrawSoon();
      }
      this.isWhole = true;
      this.redrawSoon();
      if (this.wanted && document.activeElement?.matches("main h1")) super.focus(this.wanted);
      if (!this.isClosed) this.watch ??= this.watchChanges();
    } catch (error) {
      if (this.isClosed) return;
      const again = () => this.app.open();
      this.app.shell.offer([explain(error)], { label: texts.retry, act: again });
    }
  }

  redrawSoon() {
    if (this.isDue) return;
    this.isDue = true;
    requestAnimationFrame(() => {
      this.isDue = false;
      if (!this.isClosed && this.list.element.isConnected) this.redraw();
    });
  }

  watchChanges() {
    const watch = new Watch({ look: () => this.look() });
    this.closing.signal.addEventListener("abort", () => watch.end());
    return watch;
  }

  /** Show what has changed; resolves to whether something had. One after the other. */
  look() {
    const answer = this.looking.then(() => this.lookNow());
    this.looking = answer.catch(() => {});
    return answer;
  }

  async lookNow() {
    if (this.isClosed) return false;
    const { files } = this.app.wire;
    const { signal } = this.closing;
    try {
      const found = await files.changes(this.space.id, this.names, this.token, signal);
      if (found === null) return await this.reread();
      // Without a token everything is told.
      const isAll = !this.token;
      this.token = found.token;
      if (!isAll && !found.changed.length && !found.removed.length) return false;
      const keys = this.list.keys;
      if (isAll) this.listing.replace(found.changed);
      this.listing.remove(found.removed);
      this.listing.add(found.changed);
      if (!this.isClosed) this.redraw(keys);
      return true;
    } catch (error) {
      if (error.status === 404 && !this.isClosed) this.app.open();
      throw error;
    }
  }

  /** Read everything anew, where the server no longer knows what has changed. */
  async reread() {
    const { files } = this.app.wire;
    const found = [];
    const parts = files.parts(this.space.id, this.names, this.closing.signal);
    for await (const part of parts) found.push(...part);
    const keys = this.list.keys;
    const [folder, ...entries] = found;
    this.token = folder.token;
    this.listing.replace(entries);
    if (!this.isClosed) this.redraw(keys);
    return true;
  }

  /** Show what is there now; the focus stays near, or goes to `focus`. */
  async refresh(focus = null) {
    if (this.isWhole) await this.look().catch(() => {});
    if (this.isClosed) return;
    if (focus !== null) this.focus(focus);
    else if (document.activeElement === document.body) this.focusNear();
  }

  focus(name) {
    super.focus(name);
    // It may be in a part that is still to come.
    this.wanted = this.isWhole ? null : name;
  }

  focusNear() {
    const entry = this.listing.get(this.selection.cursor);
    if (!entry || !this.list.goTo(keyOf(entry))) document.querySelector("main h1").focus();
  }

  upload(items, handles = null) {
    return upload({ items, handles }, this, this.app);
  }

  onStored({ detail }) {
    const { spaceId, folder, name } = detail;
    if (detail.batch.size === 1) this.app.shell.whisper(...around(texts.stored, name));
    const there = folderHash(spaceId, folder);
    if (there === this.hash || there.startsWith(`${this.hash}/`)) this.lookSoon();
  }

  /** Look once for all that is stored within a moment. */
  lookSoon() {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.watch?.soon();
    }, GATHER_MS);
  }
}
