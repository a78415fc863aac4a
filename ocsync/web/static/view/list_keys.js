// What keys do in a list: go through rows and their buttons, select, and run actions.

import { keyOf } from "../state/listing.js";

const PAGE = 12;
const DISTANCES = {
  ArrowDown: 1, ArrowUp: -1, PageDown: PAGE, PageUp: -PAGE, Home: -Infinity, End: Infinity,
};

export function keyDeeds(event, list) {
  if (event.altKey || event.isComposing) return;
  const { key } = event;
  const isWithControl = event.ctrlKey || event.metaKey;
  const entry = list.entryAt(event) ?? list.listing.get(list.selection.cursor);
  const isDone =
    goes(event, list) ||
    (isWithControl ? key === "a" && does(() => list.selectAll()) : plain(key, list, entry, event));
  if (isDone) event.preventDefault();
}

function does(deed) {
  deed();
  return true;
}

/** Up and down among rows. */
function goes(event, list) {
  const distance = DISTANCES[event.key];
  if (distance === undefined) return false;
  const isRange = event.shiftKey;
  const key = list.selection.move(list.keys, distance, { isRange });
  if (isRange) list.selected();
  return key !== null && list.goTo(key);
}

function plain(key, list, entry, event) {
  if (key === "Escape" && list.selection.names.size) {
    return does(() => {
      list.selection.clear();
      list.selected();
    });
  }
  if (!entry) return false;
  if (key === "ArrowLeft" || key === "ArrowRight") return sideways(key, event.target);
  if (key === " " && event.target.closest(".entry")) {
    return does(() => list.choose(entry, { isToggle: true, isRange: event.shiftKey }));
  }
  if (key === "ContextMenu" || (key === "F10" && event.shiftKey)) {
    return does(() => list.host.openMenu(list.meant(entry), list.drawn.get(keyOf(entry)).more));
  }
  return list.host.runKey(key, list.meant(entry));
}

/** To the next control of the row, in the direction in which it is read. */
function sideways(key, target) {
  const row = target.closest("[data-key]");
  if (!row) return false;
  const all = [...row.querySelectorAll("a, button, input")].filter((each) => each.checkVisibility());
  const isBack = (key === "ArrowLeft") === (getComputedStyle(row).direction === "ltr");
  all[all.indexOf(target) + (isBack ? -1 : 1)]?.focus();
  return true;
}
