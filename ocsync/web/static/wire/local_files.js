// Files and whole folders of this computer, as choosers and drops give them: a list of
// `{file, path}`, the path being that of the folder the file is in, from what was chosen.

/** What an `<input type=file>` holds, with or without `webkitdirectory`. */
export function chosenFiles(input) {
  return [...input.files].map((file) => ({
    file,
    path: (file.webkitRelativePath || "").split("/").slice(0, -1),
  }));
}

/** What a drop holds. Has to be called while the event is dispatched. */
export function droppedFiles(dataTransfer) {
  const items = [...dataTransfer.items].filter((each) => each.kind === "file");
  const tops = items.map((item) => ({
    entry: item.webkitGetAsEntry?.() ?? null, file: item.getAsFile(),
  }));
  return Promise.all(tops.map(topFiles)).then((lists) => lists.flat());
}

/** A file is taken as it was dropped; only folders are read through their entry. */
async function topFiles({ entry, file }) {
  if (entry?.isDirectory) return filesBelow(entry, [entry.name]);
  return file ? [{ file, path: [] }] : [];
}

/** Everything below a folder, one folder after the other. */
async function filesBelow(folder, path) {
  const found = [];
  const reader = folder.createReader();
  for (;;) {
    // Only some entries come at a time.
    const entries = await new Promise((...settle) => reader.readEntries(...settle));
    if (!entries.length) break;
    for (const entry of entries) {
      if (entry.isDirectory) found.push(...(await filesBelow(entry, [...path, entry.name])));
      else found.push({ file: await fileOf(entry), path });
    }
  }
  return found;
}

function fileOf(entry) {
  return new Promise((...settle) => entry.file(...settle));
}
