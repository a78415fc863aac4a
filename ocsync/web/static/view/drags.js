// Rows that are dragged onto folders of the list, or of the way to it. They are moved; with
// Control (Option on a Mac) they are copied. By keyboard the same is cut and paste.

import { may } from "../state/order.js";
import { areIn, isWithin } from "../state/places.js";

/** Fingers scroll and open menus by what a mouse drags with. */
export const CAN_DRAG = matchMedia("(pointer: fine)").matches;

/** Serve a view of entries until the signal says it is left. */
export function takeDrags(view, signal) {
  let items = null;
  let over = null;
  const mark = (element) => {
    over?.classList.remove("onto");
    over = element;
    over?.classList.add("onto");
  };
  const listen = (name, heard) =>
    addEventListener(name, (event) => (items || name === "dragstart") && heard(event), { signal });
  listen("dragstart", (event) => {
    const entry = view.list.entryAt(event);
    if (!entry) return;
    const entries = view.list.meant(entry);
    items = view.placed(entries);
    const mayMove = entries.every((each) => may(each, "rename"));
    event.dataTransfer.effectAllowed = mayMove ? "copyMove" : "copy";
    event.dataTransfer.setData("text/plain", entries.map(({ name }) => name).join("\n"));
  });
  listen("dragover", (event) => {
    const target = targetAt(event, view, items);
    mark(target?.element ?? null);
    if (!target) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = isCopy(event) ? "copy" : "move";
  });
  listen("drop", async (event) => {
    const target = targetAt(event, view, items);
    if (!target) return;
    event.preventDefault();
    const dragged = items;
    const { moveTo, copyTo } = await import("./deeds.js");
    await (isCopy(event) ? copyTo : moveTo)(dragged, target.place, view.app);
  });
  listen("dragend", () => {
    items = null;
    mark(null);
  });
}

function isCopy({ ctrlKey, altKey, dataTransfer }) {
  return ctrlKey || altKey || dataTransfer.effectAllowed === "copy";
}

/** The folder that an event happens at, if it can take the items. */
function targetAt(event, view, items) {
  const element = event.target.closest?.("[data-key], [data-depth]");
  if (!element) return null;
  const { depth } = element.dataset;
  const entry = depth === undefined ? view.list.entryAt(event) : null;
  if (!depth && !(entry?.isFolder && may(entry, "fill"))) return null;
  const names = entry ? view.pathOf(entry) : view.names.slice(0, Number(depth));
  const place = { spaceId: view.space.id, names };
  return isWithin(items, place) || areIn(items, place) ? null : { element, place };
}
