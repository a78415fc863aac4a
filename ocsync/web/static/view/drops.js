// Files and folders that are dropped onto the page while a folder is shown.

import { may } from "../state/order.js";
import { droppedFiles } from "../wire/local_files.js";

/** Upload to the folder what is dropped, until the signal says it is left. */
export function takeDrops(view, signal) {
  const isFilled = (event) => event.dataTransfer?.types.includes("Files");
  const isOpen = () => may(view.folder, "fill");
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
  listen("drop", async (event) => {
    mark(false);
    if (!isFilled(event)) return;
    event.preventDefault();
    if (!isOpen()) return;
    const { items, handles } = await droppedFiles(event.dataTransfer);
    view.upload(items, handles);
  });
}
