// What a person does with spaces and folders: goes through them, and changes them.

import { may } from "../state/order.js";
import { folderHash, readRoute } from "../state/route.js";
import { explain, texts } from "../texts/texts.js";
import { davPath } from "../wire/files.js";
import { connectCards } from "./connect.js";
import { around, askName, askRemoval } from "./dialogs.js";
import { h } from "./dom.js";
import { FolderView } from "./folder.js";
import { spaceList } from "./spaces.js";

const REFRESH_MS = 300;

export class FilesView {
  constructor({ shell, files, downloads, transfers, user }) {
    Object.assign(this, { shell, files, downloads, transfers, user });
    this.spaces = null;
    this.turn = 0;
    this.view = null;
    transfers.addEventListener("stored", ({ detail }) => this.onStored(detail));
    addEventListener("hashchange", () => this.open());
    this.takeDrops();
  }

  /** Show what the address says; `focus` is the name of the entry to go to. */
  async open(focus = null) {
    this.turn += 1;
    const { turn, shell } = this;
    shell.busy();
    try {
      this.spaces = await this.files.spaces();
      const view = await this.find(readRoute(location.hash));
      if (turn !== this.turn || view === null) return;
      this.view = view instanceof FolderView ? view : null;
      shell.show(...(this.view ? this.view.parts() : view));
      document.title = this.title();
      if (this.view) this.view.focus(focus);
      else shell.main.querySelector("h1").focus();
    } catch (error) {
      if (turn !== this.turn || error.status === 401) return;
      this.view = null;
      shell.problem(explain(error), () => this.open());
    }
  }

  /** The view of a route; null if it has led to another address. */
  async find(route) {
    const { spaces } = this;
    if (route.kind === "connect") return this.connectView();
    if (route.kind === "link") {
      const { spaceId, names, isFolder } = await this.files.locate(route.id);
      location.replace(folderHash(spaceId, isFolder ? names : names.slice(0, -1)));
      return null;
    }
    if (route.kind === "start") return spaceList(spaces);
    const { spaceId, names } = route;
    const known = spaces.find((each) => each.id === spaceId);
    const content = await this.files.list(spaceId, names);
    const space = known ?? { id: spaceId, name: content.folder.name };
    return new FolderView({ space, names, ...content, act: this });
  }

  connectView() {
    const space = this.spaces.find((each) => each.isPersonal) ?? null;
    const announce = (text) => this.shell.announce(text);
    return [
      h("h1", { tabindex: -1 }, texts.connectTitle),
      h("p", {}, texts.connectText),
      connectCards({ user: this.user, space, announce }),
    ];
  }

  title() {
    const here = this.view && (this.view.names.at(-1) ?? this.view.space.name);
    return here ? `${here} · ${texts.title}` : texts.title;
  }

  upload(chosen) {
    this.transfers.add(this.view.space.id, this.view.names, chosen);
  }

  async makeFolder() {
    const { space, names } = this.view;
    const name = await askName({
      title: texts.newFolder, label: texts.folderName, action: texts.create,
    });
    if (name === null) return;
    await this.change(() => this.files.makeFolder(space.id, [...names, name]), name);
  }

  async rename(entry) {
    const { space, names } = this.view;
    const name = await askName({
      title: texts.renameTitle, label: texts.newName, action: texts.save,
      name: entry.name,
    });
    if (name === null || name === entry.name) return;
    const [source, target] = [[...names, entry.name], [...names, name]];
    await this.change(() => this.files.move(space.id, source, target), name);
  }

  async remove(entry) {
    const { space, names } = this.view;
    if (!(await askRemoval(entry.name))) return;
    const isDone = await this.change(
      () => this.files.remove(space.id, [...names, entry.name]), null);
    if (isDone) this.shell.announce(...around(texts.removed, entry.name));
  }

  async download(entry) {
    const { space, names } = this.view;
    const path = davPath(space.id, [...names, entry.name]);
    try {
      const href = await this.downloads.url(path);
      h("a", { href, download: entry.name }).click();
    } catch (error) {
      this.shell.announce(explain(error));
    }
  }

  /** Change something at the server, then show the folder as it is; whether it worked. */
  async change(deed, focus) {
    try {
      await deed();
    } catch (error) {
      this.shell.announce(explain(error));
      return false;
    }
    await this.open(focus);
    return true;
  }

  onStored(upload) {
    this.shell.whisper(...around(texts.stored, upload.name));
    clearTimeout(this.refreshing);
    this.refreshing = setTimeout(() => this.refresh(upload), REFRESH_MS);
  }

  /** Show the folder with what has come, and leave the focus where it is. */
  async refresh({ spaceId, folder }) {
    const { view, turn } = this;
    const isHere = () =>
      view !== null &&
      turn === this.turn &&
      view.space.id === spaceId &&
      folderHash(spaceId, folder) === folderHash(view.space.id, view.names);
    if (!isHere()) return;
    const content = await this.files.list(spaceId, folder).catch(() => null);
    if (content === null || !isHere()) return;
    const focused = document.activeElement?.closest("tr[data-name]")?.dataset.name;
    view.entries = content.entries;
    view.draw();
    if (focused !== undefined) view.focus(focused);
  }

  takeDrops() {
    const isFilled = (event) => event.dataTransfer?.types.includes("Files");
    const isOpen = () => this.view !== null && may(this.view.folder, "fill");
    const mark = (isOver) => document.body.classList.toggle("dropping", isOver);
    addEventListener("dragover", (event) => {
      if (!isFilled(event)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = isOpen() ? "copy" : "none";
      mark(isOpen());
    });
    addEventListener("dragleave", (event) => {
      if (event.relatedTarget === null) mark(false);
    });
    addEventListener("drop", (event) => {
      mark(false);
      if (!isFilled(event)) return;
      event.preventDefault();
      if (!isOpen()) return;
      const items = [...event.dataTransfer.items].filter((each) => each.kind === "file");
      const isFolder = (item) => item.webkitGetAsEntry?.()?.isDirectory ?? false;
      if (items.some(isFolder)) this.shell.announce(texts.noFolders);
      const dropped = items.filter((item) => !isFolder(item)).map((item) => item.getAsFile());
      if (dropped.length) this.upload(dropped);
    });
  }
}
