// One row of a list: what the entry is called, its facts, and its buttons.

import { keyOf } from "../state/listing.js";
import { texts } from "../texts/texts.js";
import { h, icon, iconButton, nameOf } from "./dom.js";
import { CAN_DRAG } from "./drags.js";
import { date, size } from "./format.js";

/** The row of an entry: its `element`, and in it `main`, `box` and `more`. */
export function makeRow(entry, list) {
  const { host } = list;
  const kind = entry.isFolder ? "folder" : "file";
  const place = host.placeOf(entry);
  const content = [
    icon(kind),
    h("span", { class: "unseen" }, `${texts[kind]} `),
    h("span", { class: "label" },
      nameOf(entry.name), place ? h("small", {}, nameOf(place)) : null),
  ];
  const href = host.hrefOf(entry);
  const properties = { class: "entry", tabindex: -1, title: entry.name };
  const main = href
    ? h("a", { ...properties, href }, content)
    : h("button",
      {
        ...properties, class: "entry quiet", type: "button",
        onclick: () => host.openEntry(entry),
      },
      content);
  const box = h("input",
    { type: "checkbox", tabindex: -1, "aria-label": texts.select(entry.name) });
  const more = iconButton("more", texts.actionsFor(entry.name), () =>
    host.openMenu(list.meant(entry), more));
  const buttons = host.rowActions(entry).map(({ icon: name, label, run }) =>
    iconButton(name, label, run));
  for (const each of [...buttons, more]) each.tabIndex = -1;
  more.setAttribute("aria-haspopup", "menu");
  const element = h("div",
    {
      role: "row", "data-key": keyOf(entry), "data-name": entry.name,
      draggable: CAN_DRAG ? "true" : null,
    },
    h("span", { role: "gridcell", class: "pick" }, box),
    h("span", { role: "rowheader", class: "name" }, main),
    h("span", { role: "gridcell", class: "size" }, size(entry.size)),
    h("span", { role: "gridcell", class: "modified" }, date(entry.modified)),
    h("span", { role: "gridcell", class: "actions" }, buttons, more));
  return { entry, element, main, box, more };
}
