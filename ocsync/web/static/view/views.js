// Which module shows which view. A module exports `open(route, app)`, which resolves to
// `{title, parts(), shown?(), focus?(what), refresh?(focus), close?()}`, or to null if it
// has led elsewhere.
// What is not needed at first is loaded when somebody goes there.

import * as folder from "./folder.js";

export const VIEWS = {
  start: () => import("./spaces.js"),
  folder: async () => folder,
  link: () => import("./link.js"),
  trash: () => import("./trash.js"),
  space: () => import("./space.js"),
  tokens: () => import("./tokens.js"),
  find: () => import("./search.js"),
  connect: () => import("./connect.js"),
};
