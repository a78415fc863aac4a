// The deeds behind `ACTIONS` and `TOOLS` that change or fetch what is there: each asks what it has to
// ask, does it at the server, and offers to take it back.

import { freeName } from "../state/order.js";
import { isSame, isWithin } from "../state/places.js";
import { texts } from "../texts/texts.js";
import { davPath } from "../wire/files.js";
import { MOST_IN_ARCHIVE, archivePath } from "../wire/downloads.js";
import { BASE } from "../wire/server.js";
import { askName } from "./dialogs.js";
import { around } from "./dom.js";

/** One file as it is, anything else as a zip. */
export function download(entries, view, app) {
  const [entry] = entries;
  if (entries.length === 1 && !entry.isFolder) {
    return app.download(davPath(view.space.id, view.pathOf(entry)), entry.name);
  }
  const isAll = view.folder && entries.length === view.listing.size;
  const tops = isAll ? [view.folder] : entries;
  if (tops.length > MOST_IN_ARCHIVE) {
    return app.shell.announce(texts.tooManyForZip(MOST_IN_ARCHIVE));
  }
  const name = tops.length === 1 ? tops[0].name : texts.title;
  return app.download(archivePath(tops.map(({ id }) => id)), `${name}.zip`);
}

/** `title` and `wish` are what is asked again with, when a name is taken. */
export async function makeFolder(view, app, { title = texts.newFolder, wish = "" } = {}) {
  const name = await askName({ title, label: texts.folderName, action: texts.create, name: wish });
  if (name === null) return;
  await app.act(() => app.wire.files.makeFolder(view.space.id, [...view.names, name]), {
    focus: name,
    refused: async (error) => {
      if (error.status !== 405) return false;
      await makeFolder(view, app, { title: texts.nameTaken, wish: name });
      return true;
    },
  });
}

/** A link that stays when the entry is moved or renamed. */
export async function link([{ id }], _view, app) {
  await navigator.clipboard.writeText(new URL(`f/${encodeURIComponent(id)}`, BASE).href);
  app.shell.announce(texts.linkCopied);
}

export async function rename([entry], view, app, { title = texts.renameTitle, wish = entry.name } = {}) {
  const name = await askName({ title, label: texts.newName, action: texts.save, name: wish });
  if (name === null || name === entry.name) return;
  const { files } = app.wire;
  const [{ place: source }] = view.placed([entry]);
  const target = { ...source, names: [...source.names.slice(0, -1), name] };
  await app.act(() => files.move(source, target), {
    done: around(texts.renamed, name), undo: () => files.move(target, source), focus: name,
    refused: async (error) => {
      if (error.status !== 412) return false;
      await rename([entry], view, app, { title: texts.nameTaken, wish: name });
      return true;
    },
  });
}

export async function remove(entries, view, app) {
  const { Trash } = await import("../wire/trash.js");
  const { files, server } = app.wire;
  const trash = new Trash(server);
  const removed = [];
  const undo = async () => {
    for (const { entry, place } of removed) {
      await trash.restore(place.spaceId, { id: entry.id.split("!").at(-1) }, place.names);
    }
  };
  const deed = async () => {
    for (const item of view.placed(entries)) {
      await files.remove(item.place.spaceId, item.place.names);
      removed.push(item);
    }
  };
  await app.act(deed, { done: around(texts.removed, what(entries)), undo });
}

export async function move(entries, view, app) {
  const target = await askTarget(entries, view, app, texts.moveHere);
  if (target !== null) await moveTo(view.placed(entries), target, app);
}

export async function copy(entries, view, app) {
  const target = await askTarget(entries, view, app, texts.copyHere);
  if (target !== null) await copyTo(view.placed(entries), target, app);
}

/** Move items to a folder; those that are there already stay. */
export async function moveTo(items, target, app) {
  const { files } = app.wire;
  const moved = [];
  const deed = async () => {
    for (const { entry, place } of items) {
      const there = { ...target, names: [...target.names, entry.name] };
      if (isSame(place, there)) continue;
      await files.move(place, there);
      moved.push([place, there]);
    }
  };
  const undo = async () => {
    for (const [source, there] of moved) await files.move(there, source);
  };
  await app.act(deed, { done: around(texts.moved, named(items)), undo });
}

/** Copy items to a folder; where a name is taken, the copy gets another. */
export async function copyTo(items, target, app) {
  const { files } = app.wire;
  const copied = [];
  const deed = async () => {
    const { entries: there } = await files.list(target.spaceId, target.names);
    const taken = there.map((each) => each.name);
    for (const { entry, place } of items) {
      const isTaken = taken.some((each) => each.normalize() === entry.name.normalize());
      const name = isTaken ? freeName(entry.name, taken) : entry.name;
      const copy = { ...target, names: [...target.names, name] };
      await files.copy(place, copy);
      taken.push(name);
      copied.push(copy);
    }
  };
  const undo = async () => {
    for (const each of copied) await files.remove(each.spaceId, each.names);
  };
  await app.act(deed, { done: around(texts.copiedTo, named(items)), undo });
}

async function askTarget(entries, view, app, action) {
  const { askFolder } = await import("./target.js");
  return askFolder({
    title: action(what(entries)),
    start: { space: view.space, names: view.names },
    files: app.wire.files,
    isBarred: (place) => isWithin(view.placed(entries), place),
  });
}

function named(items) {
  return what(items.map(({ entry }) => entry));
}

function what(entries) {
  return entries.length === 1 ? entries[0].name : texts.counted(entries.length);
}
