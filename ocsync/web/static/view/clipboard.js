// Cut, copy and paste by the keys that everybody knows: of entries, and of files that were
// copied in another program. What is cut stays where it is until it is pasted.

import { may } from "../state/order.js";
import { isWithin } from "../state/places.js";
import { texts } from "../texts/texts.js";
import { droppedFiles } from "../wire/local_files.js";
import { around } from "./dom.js";

/** Serve a view of entries until the signal says it is left. */
export function takeClipboard(view, signal) {
  const listen = (name, heard) =>
    addEventListener(name, (event) => isForText(event) || heard(event, view), { signal });
  listen("copy", take);
  listen("cut", take);
  listen("paste", paste);
}

/** Whether the keys mean text here: in a field, in a dialog, or where some is selected. */
function isForText({ type, target }) {
  const field = "input:not([type=checkbox]), textarea, select, dialog";
  const isSelected = type !== "paste" && !getSelection().isCollapsed;
  return isSelected || document.querySelector("dialog[open]") || target.closest?.(field);
}

function take(event, view) {
  const isCut = event.type === "cut";
  const entries = view.list.atKeys;
  if (!entries.length || (isCut && !entries.every((entry) => may(entry, "rename")))) return;
  event.preventDefault();
  // The names, for other programs; and here they tell whether anything was copied since.
  const text = entries.map(({ name }) => name).join("\n");
  event.clipboardData.setData("text/plain", text);
  view.app.clipboard = { isCut, text, items: view.placed(entries) };
  const name = entries.length === 1 ? text : texts.counted(entries.length);
  view.app.shell.announce(...around(isCut ? texts.isCut : texts.isCopied, name));
}

async function paste(event, view) {
  const { app, folder, space, names } = view;
  const { clipboard } = app;
  const isOurs = clipboard?.text === event.clipboardData.getData("text/plain");
  const isFiles = event.clipboardData.types.includes("Files");
  if (!folder || !may(folder, "fill") || !(isOurs || isFiles)) return;
  event.preventDefault();
  if (isFiles) return view.upload((await droppedFiles(event.clipboardData)).items);
  const place = { spaceId: space.id, names };
  if (isWithin(clipboard.items, place)) return app.shell.announce(texts.intoItself);
  const { moveTo, copyTo } = await import("./deeds.js");
  if (!clipboard.isCut) return copyTo(clipboard.items, place, app);
  app.clipboard = null;
  await moveTo(clipboard.items, place, app);
}
