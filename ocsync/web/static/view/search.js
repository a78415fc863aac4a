// What was found in a space: entries of all its folders.

import { folderHash, hashOf } from "../state/route.js";
import { texts } from "../texts/texts.js";
import { h, nameOf } from "./dom.js";
import { EntriesView } from "./entries_view.js";

const MOST = 500;

export async function open({ spaceId, words }, app) {
  const { files } = app.wire;
  const [spaces, found] = await Promise.all([
    files.spaces(), files.search(spaceId, words, MOST),
  ]);
  const space = spaces.find((each) => each.id === spaceId) ?? { id: spaceId, name: spaceId };
  return new SearchView({ space, words, found, app });
}

class SearchView extends EntriesView {
  constructor({ space, words, found, app }) {
    super({ space, names: [], folder: null, app, label: texts.foundFor(words) });
    Object.assign(this, { words, title: texts.foundFor(words) });
    this.count = h("p", { class: "faint", role: "status" });
    this.take(found);
  }

  take({ entries, total }) {
    this.listing.replace(entries);
    this.list.element.hidden = total === 0;
    this.count.textContent = total ? texts.countedOf(entries.length, total) : texts.noneFound;
  }

  parts() {
    return [
      h("p", {}, h("a", { href: folderHash(this.space.id) }, nameOf(this.space.name))),
      h("h1", { tabindex: -1 }, this.title),
      this.bar, this.list.element, this.count,
    ];
  }

  get hash() {
    return hashOf("find", this.space.id, this.words);
  }

  shown() {
    this.redraw();
  }

  placeOf(entry) {
    return entry.path.slice(0, -1).join("/") || this.space.name;
  }

  async refresh(focus = null) {
    const keys = this.list.keys;
    this.take(await this.app.wire.files.search(this.space.id, this.words, MOST));
    if (this.isClosed) return;
    this.redraw(keys);
    if (focus !== null || document.activeElement === document.body) this.focus(focus);
  }
}
