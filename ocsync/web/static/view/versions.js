// The former contents of a file, in a dialog: look at one, download it, bring it back.

import { kindOf } from "../state/kinds.js";
import { explain, texts } from "../texts/texts.js";
import { Versions } from "../wire/versions.js";
import { openDialog } from "./dialogs.js";
import { around, h, iconButton } from "./dom.js";
import { exactDate, size } from "./format.js";
import { showPreview } from "./preview.js";

/** Show the versions of a file; `names` is its path in the space. */
export async function showVersions(entry, spaceId, names, app) {
  const versions = new Versions(app.wire.server);
  const file = { ...entry, spaceId, names };
  const place = h("div", { "aria-busy": "true" }, h("p", { class: "faint" }, texts.loading));
  const closed = openDialog({
    title: texts.versionsOf(file.name),
    style: "wide",
    content: (close) => {
      fill(place, file, { versions, app, close });
      return [
        place,
        h("div", { class: "buttons" },
          h("button", { type: "button", class: "main", onclick: () => close(false) },
            texts.close)),
      ];
    },
  });
  if (await closed) {
    app.shell.announce(...around(texts.versionRestored, file.name));
    await app.go(null, file.name);
  }
}

async function fill(place, file, { versions, app, close }) {
  const fail = (error) =>
    place.replaceChildren(h("p", { role: "alert", class: "wrong" }, explain(error)));
  const restore = (version) =>
    versions.restore(version, file.spaceId, file.names).then(() => close(true), fail);
  try {
    const all = await versions.list(file.id);
    const rows = all.map((version) => row(version, file, { app, restore }));
    place.replaceChildren(
      all.length
        ? h("ul", { class: "rows" }, rows)
        : h("p", { class: "empty" }, texts.noVersions));
  } catch (error) {
    fail(error);
  }
  place.removeAttribute("aria-busy");
}

function row(version, file, { app, restore }) {
  const when = exactDate(version.modified);
  const content = { name: file.name, path: version.path, size: version.size };
  return h("li", {},
    h("span", { class: "what" }, h("strong", {}, when), h("small", {}, size(version.size))),
    h("span", { class: "actions" },
      kindOf(file.name)
        ? iconButton("see", texts.seeVersion(when), () =>
          showPreview(content, app, texts.versionFrom(when)))
        : null,
      iconButton("download", texts.downloadVersion(when), () =>
        app.download(version.path, file.name)),
      h("button",
        { type: "button", "aria-label": texts.restoreVersion(when), onclick: () => restore(version) },
        texts.restore)));
}
