// What can be done in a folder as a whole: the buttons above its list. A row is like
// one of `actions.js`: isFor(folder, app), and run(folder, app) or href(folder).

import { may } from "../state/order.js";
import { hashOf } from "../state/route.js";
import { texts } from "../texts/texts.js";
import { askName } from "./dialogs.js";

export const TOOLS = [
  {
    name: "newFolder",
    icon: "add",
    isFor: ({ folder }) => may(folder, "fill"),
    run: makeFolder,
  },
  {
    name: "trash",
    icon: "remove",
    isFor: ({ names }) => names.length === 0,
    href: ({ space }) => hashOf("trash", space.id),
  },
  {
    name: "manage",
    icon: "people",
    isFor: ({ names, space }) => names.length === 0 && !space.isPersonal,
    href: ({ space }) => hashOf("space", space.id),
  },
];

async function makeFolder({ space, names }, app) {
  const name = await askName({
    title: texts.newFolder, label: texts.folderName, action: texts.create,
  });
  if (name === null) return;
  await app.act(() => app.wire.files.makeFolder(space.id, [...names, name]), { focus: name });
}
