// The spaces that are open to the user.

import { folderHash } from "../state/route.js";
import { texts } from "../texts/texts.js";
import { h, icon, nameOf } from "./dom.js";
import { size } from "./format.js";

export async function open(route, app) {
  const spaces = await app.wire.files.spaces();
  return {
    title: "",
    parts: () => [
      h("h1", { tabindex: -1 }, texts.spaces),
      h("ul", { class: "spaces" }, spaces.map(row)),
    ],
  };
}

function row(space) {
  const { used, total } = space;
  const quota = texts.used(size(used), total ? size(total) : null);
  const kind = space.isPersonal ? texts.personal : space.description;
  return h("li", {},
    h("a", { class: "space", href: folderHash(space.id) },
      icon("folder"),
      h("span", {},
        h("strong", {}, nameOf(space.name)),
        h("small", {}, nameOf([kind, quota].filter(Boolean).join(" · "))))));
}
