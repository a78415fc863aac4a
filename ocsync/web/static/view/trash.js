// The trash of a space: what was removed, from where and when, and the ways it can go.

import { freeName } from "../state/order.js";
import { folderHash } from "../state/route.js";
import { texts } from "../texts/texts.js";
import { Spaces } from "../wire/spaces.js";
import { Trash } from "../wire/trash.js";
import { askName, askSure } from "./dialogs.js";
import { around, h, icon, iconButton, nameOf } from "./dom.js";
import { date, size } from "./format.js";

export async function open({ spaceId }, app) {
  const trash = new Trash(app.wire.server);
  const [space, items] = await Promise.all([
    new Spaces(app.wire.server).get(spaceId), trash.list(spaceId),
  ]);
  return new TrashView({ space, items, trash, app });
}

class TrashView {
  constructor({ space, items, trash, app }) {
    Object.assign(this, { space, items, trash, app });
    this.title = texts.trashOf(space.name);
  }

  parts() {
    const { space, items } = this;
    const tools = space.mayPurge && items.length
      ? h("div", { class: "tools" },
        h("button", { type: "button", onclick: () => this.empty() },
          icon("remove"), texts.emptyTrash))
      : null;
    return [
      h("p", {}, h("a", { href: folderHash(space.id) }, texts.backTo(space.name))),
      h("h1", { tabindex: -1 }, this.title),
      tools,
      items.length
        ? h("ul", { class: "rows", "aria-label": this.title },
          items.map((item) => this.row(item)))
        : h("p", { class: "empty" }, texts.trashEmpty),
    ].filter(Boolean);
  }

  row(item) {
    const { name, origin } = item;
    const folder = origin.slice(0, -1).join("/");
    const facts = [
      texts.wasIn(folder || this.space.name), date(item.removed), size(item.size),
    ];
    return h("li", { "data-name": item.id },
      icon(item.isFolder ? "folder" : "file"),
      h("span", { class: "what" },
        h("strong", {},
          h("span", { class: "unseen" }, `${texts[item.isFolder ? "folder" : "file"]} `),
          nameOf(name)),
        h("small", {}, nameOf(facts.join(" · ")))),
      h("span", { class: "actions" },
        this.space.mayRestore
          ? h("button",
            {
              type: "button", "aria-label": texts.restoreIt(name),
              onclick: () => this.restore(item),
            },
            texts.restore)
          : null,
        this.space.mayPurge
          ? iconButton("remove", texts.purge(name), () => this.purge(item))
          : null));
  }

  /** Bring an item back to where it was; if its name is taken there, ask for another. */
  async restore(item, name = item.name) {
    const target = [...item.origin.slice(0, -1), name];
    const deed = () => this.trash.restore(this.space.id, item, target);
    await this.app.act(deed, {
      done: around(texts.restored, name),
      refused: async (error) => {
        if (error.status !== 412) return false;
        const other = await askName({
          title: texts.nameTaken, label: texts.newName, action: texts.restore,
          name: freeName(name, [name]),
        });
        if (other !== null) await this.restore(item, other);
        return true;
      },
    });
  }

  async purge(item) {
    const sure = await askSure({
      title: texts.purgeTitle, text: around(texts.purgeText, item.name),
      action: texts.purgeAction,
    });
    if (!sure) return;
    await this.app.act(() => this.trash.purge(this.space.id, item), {
      done: around(texts.purged, item.name),
    });
  }

  async empty() {
    const sure = await askSure({
      title: texts.emptyTitle, text: [texts.emptyText(this.items.length)],
      action: texts.emptyTrash,
    });
    if (!sure) return;
    await this.app.act(() => this.trash.empty(this.space.id), { done: [texts.trashEmptied] });
  }
}
