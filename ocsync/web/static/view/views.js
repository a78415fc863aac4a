// Which module shows which view. A module exports `open(route, app)`, which resolves to
// `{title, parts(), shown?(), focus?(what), refresh?(focus), close?()}`, or to null if it has led elsewhere.
// What is not needed at first is loaded when somebody goes there.

import * as folder from "./folder.js";
import * as link from "./link.js";
import * as start from "./spaces.js";

export const VIEWS = {
  start: async () => start,
  folder: async () => folder,
  link: async () => link,
  trash: () => import("./trash.js"),
  space: () => import("./space.js"),
  tokens: () => import("./tokens.js"),
  find: () => import("./search.js"),
  connect: () => import("./connect.js"),
};
