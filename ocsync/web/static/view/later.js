// Modules that are needed later, fetched while there is time. When somebody needs them, the
// server may be away, or newer than this page; and Firefox never asks again for a module
// that it did not get once.

import { VIEWS } from "./views.js";

const PAUSE_MS = 2000;

/** Fetch them when the first view has had its turn. */
export function fetchLater() {
  setTimeout(() => {
    const views = Object.values(VIEWS).map((load) => load());
    Promise.allSettled([
      ...views, import("./deeds.js"), import("./new_space.js"), import("./preview.js"),
      import("./target.js"), import("./versions.js"),
    ]);
  }, PAUSE_MS);
}
