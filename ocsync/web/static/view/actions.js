// What can be done with entries, in the order of buttons and menus. A row:
//
//   name     its texts are `texts.actions[name]`; its icon is `icon` of `dom.js`
//   key      the key that does it, for what is selected
//   inRow    whether each entry has a button of its own for it
//   isFor    whether it is offered, for these entries of a view
//   isMain   whether it is what a click on an entry's name does
//   run      does it: run(entries, view, app); `view` is the `EntriesView`

import { kindOf } from "../state/kinds.js";
import { may } from "../state/order.js";
import { davPath } from "../wire/files.js";

const all = (entries, deed) => entries.every((entry) => may(entry, deed));

/** A deed of `deeds.js`, which is loaded when something is first done. */
const deed = (name) => async (...given) => (await import("./deeds.js"))[name](...given);

export const ACTIONS = [
  {
    name: "show",
    icon: "see",
    isMain: true,
    isFor: (entries) =>
      entries.length === 1 && !entries[0].isFolder && kindOf(entries[0].name) !== null,
    run: async ([entry], view, app) => {
      const { showPreview } = await import("./preview.js");
      const path = davPath(view.space.id, view.pathOf(entry));
      await showPreview({ name: entry.name, size: entry.size, path }, app);
    },
  },
  {
    name: "download",
    icon: "download",
    inRow: true,
    isFor: (entries) => entries.length > 0,
    run: deed("download"),
  },
  {
    name: "versions",
    icon: "history",
    inRow: true,
    isFor: (entries) =>
      entries.length === 1 && !entries[0].isFolder && all(entries, "edit"),
    run: async ([entry], view, app) => {
      const { showVersions } = await import("./versions.js");
      await showVersions(entry, view.space.id, view.pathOf(entry), app);
    },
  },
  {
    name: "rename",
    icon: "rename",
    key: "F2",
    inRow: true,
    isFor: (entries) => entries.length === 1 && all(entries, "rename"),
    run: deed("rename"),
  },
  { name: "move", icon: "move", isFor: (entries) => all(entries, "rename"), run: deed("move") },
  { name: "copy", icon: "copy", isFor: () => true, run: deed("copy") },
  {
    name: "link",
    icon: "link",
    isFor: (entries) => entries.length === 1 && Boolean(navigator.clipboard),
    run: deed("link"),
  },
  {
    name: "remove",
    icon: "remove",
    key: "Delete",
    inRow: true,
    isFor: (entries) => all(entries, "remove"),
    run: deed("remove"),
  },
];
