// What can be done in a folder as a whole: the buttons above its list. A row is like
// one of `actions.js`: isFor(folder, app), and run(folder, app) or href(folder).

import { may } from "../state/order.js";
import { hashOf } from "../state/route.js";
import { texts } from "../texts/texts.js";
import { chosenFiles } from "../wire/local_files.js";
import { h, icon } from "./dom.js";

const TOOLS = [
  {
    name: "upload",
    icon: "upload",
    style: "main",
    isFor: ({ folder }) => may(folder, "fill"),
    run: (view) => choose(view, { id: "chosen-files" }),
  },
  {
    name: "uploadFolder",
    icon: "uploadFolder",
    isFor: ({ folder }) => may(folder, "fill"),
    run: (view) => choose(view, { id: "chosen-folder", webkitdirectory: true }),
  },
  {
    name: "newFolder",
    icon: "add",
    isFor: ({ folder }) => may(folder, "fill"),
    run: async (...given) => (await import("./deeds.js")).makeFolder(...given),
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

/** Let somebody choose files or, with `webkitdirectory`, a whole folder. */
function choose(view, properties) {
  const input = h("input",
    { type: "file", multiple: true, class: "hidden", tabindex: -1, ...properties });
  const done = () => input.remove();
  input.addEventListener("change", () => {
    view.upload(chosenFiles(input));
    done();
  });
  input.addEventListener("cancel", done);
  document.body.append(input);
  input.click();
}

export function toolButtons(view) {
  return TOOLS.filter((tool) => tool.isFor(view, view.app)).map((tool) => {
    const content = [icon(tool.icon), texts[tool.name]];
    if (tool.href) return h("a", { class: "button", href: tool.href(view) }, content);
    const onclick = () => tool.run(view, view.app);
    return h("button", { type: "button", class: tool.style, onclick }, content);
  });
}
