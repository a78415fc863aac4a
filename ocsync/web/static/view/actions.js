// What can be done with entries, in the order of buttons and menus. A row:
//
//   name     its texts are `texts.actions[name]`; its icon is `icon` of `dom.js`
//   key      the key that does it, for what is selected
//   inRow    whether each entry has a button of its own for it
//   isFor    whether it is offered, for these entries of a folder
//   isMain   whether it is what a click on an entry's name does
//   run      does it: run(entries, folder, app); `folder` is the `FolderView`

import { kindOf } from "../state/kinds.js";
import { may } from "../state/order.js";
import { davPath } from "../wire/files.js";
import { around, askName, askRemoval } from "./dialogs.js";
import { texts } from "../texts/texts.js";

const all = (entries, deed) => entries.every((entry) => may(entry, deed));

export const ACTIONS = [
  {
    name: "show",
    icon: "see",
    isMain: true,
    isFor: (entries) =>
      entries.length === 1 && !entries[0].isFolder && kindOf(entries[0].name) !== null,
    run: async ([entry], { space, names }, app) => {
      const { showPreview } = await import("./preview.js");
      const path = davPath(space.id, [...names, entry.name]);
      await showPreview({ name: entry.name, size: entry.size, path }, app);
    },
  },
  {
    name: "download",
    icon: "download",
    inRow: true,
    isFor: (entries) => entries.length === 1 && !entries[0].isFolder,
    run: ([entry], { space, names }, app) =>
      app.download(davPath(space.id, [...names, entry.name]), entry.name),
  },
  {
    name: "versions",
    icon: "history",
    inRow: true,
    isFor: (entries) =>
      entries.length === 1 && !entries[0].isFolder && all(entries, "edit"),
    run: async ([entry], { space, names }, app) => {
      const { showVersions } = await import("./versions.js");
      await showVersions(entry, space.id, [...names, entry.name], app);
    },
  },
  {
    name: "rename",
    icon: "rename",
    key: "F2",
    inRow: true,
    isFor: (entries) => entries.length === 1 && all(entries, "rename"),
    run: rename,
  },
  {
    name: "remove",
    icon: "remove",
    key: "Delete",
    inRow: true,
    isFor: (entries) => all(entries, "remove"),
    run: remove,
  },
];

async function rename([entry], { space, names }, app) {
  const name = await askName({
    title: texts.renameTitle, label: texts.newName, action: texts.save, name: entry.name,
  });
  if (name === null || name === entry.name) return;
  const [source, target] = [[...names, entry.name], [...names, name]];
  await app.act(() => app.wire.files.move(space.id, source, target), { focus: name });
}

async function remove([entry], { space, names }, app) {
  if (!(await askRemoval(entry.name))) return;
  await app.act(() => app.wire.files.remove(space.id, [...names, entry.name]), {
    done: around(texts.removed, entry.name),
  });
}
