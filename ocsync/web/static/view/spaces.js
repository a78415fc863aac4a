// The spaces of the user: those that are open, and those that are disabled.

import { folderHash, hashOf } from "../state/route.js";
import { texts } from "../texts/texts.js";
import { h, icon, nameOf } from "./dom.js";
import { quotaBar } from "./quota.js";

export async function open(_route, app) {
  const spaces = await app.wire.files.spaces();
  const disabled = spaces.filter((space) => space.isDisabled);
  return {
    title: "",
    parts: () => [
      h("h1", { tabindex: -1 }, texts.spaces),
      app.user.isAdmin ? tools(app) : "",
      h("ul", { class: "spaces" }, spaces.filter((space) => !space.isDisabled).map(row)),
      disabled.length ? disabledSpaces(disabled) : "",
    ],
  };
}

function tools(app) {
  const make = async () => (await import("./new_space.js")).makeSpace(app);
  return h("div", { class: "tools" },
    h("button", { type: "button", onclick: make }, icon("add"), texts.newSpace));
}

function row(space) {
  const { id, isPersonal } = space;
  const kind = isPersonal ? texts.personal : space.description;
  return h("li", { class: "space" },
    icon("folder"),
    h("div", {},
      h("a", { href: folderHash(id) }, h("strong", {}, nameOf(space.name))),
      kind ? h("p", { class: "faint" }, nameOf(kind)) : null,
      quotaBar(space),
      h("p", { class: "space-links" },
        h("a", { href: hashOf("trash", id) }, texts.trash),
        isPersonal ? null : h("a", { href: hashOf("space", id) }, texts.manage))));
}

function disabledSpaces(spaces) {
  return h("section", { "aria-label": texts.disabledSpaces },
    h("h2", {}, texts.disabledSpaces),
    h("ul", { class: "rows" },
      spaces.map(({ id, name }) =>
        h("li", {}, h("a", { href: hashOf("space", id) }, nameOf(name))))));
}
