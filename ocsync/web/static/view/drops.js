// Files that are dropped onto the page while a folder is shown.

import { may } from "../state/order.js";
import { texts } from "../texts/texts.js";

/** Upload to the folder what is dropped, until the signal says it is left. */
export function takeDrops(folder, signal) {
  const isFilled = (event) => event.dataTransfer?.types.includes("Files");
  const isOpen = () => may(folder.folder, "fill");
  const mark = (isOver) => document.body.classList.toggle("dropping", isOver);
  const listen = (name, heard) => addEventListener(name, heard, { signal });
  listen("dragover", (event) => {
    if (!isFilled(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = isOpen() ? "copy" : "none";
    mark(isOpen());
  });
  listen("dragleave", (event) => {
    if (event.relatedTarget === null) mark(false);
  });
  listen("drop", (event) => {
    mark(false);
    if (!isFilled(event)) return;
    event.preventDefault();
    if (!isOpen()) return;
    const items = [...event.dataTransfer.items].filter((each) => each.kind === "file");
    const isFolder = (item) => item.webkitGetAsEntry?.()?.isDirectory ?? false;
    if (items.some(isFolder)) folder.app.shell.announce(texts.noFolders);
    const dropped = items.filter((item) => !isFolder(item)).map((item) => item.getAsFile());
    if (dropped.length) folder.upload(dropped);
  });
}
