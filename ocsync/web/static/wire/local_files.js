// Files and whole folders of this computer, as choosers and drops give them: a list of
// `{file, path}`, the path being that of the folder the file is in, from what was chosen.
// A folder with nothing in it stands there without a file.

/** What an `<input type=file>` holds, with or without `webkitdirectory`. */
export function chosenFiles(input) {
  return [...input.files].map((file) => ({
    file,
    path: (file.webkitRelativePath || "").split("/").slice(0, -1),
  }));
}

/**
 * What a drop holds, and handles by which it can be read again after a reload, where the
 * browser gives some (null if not). Has to be called while the event is dispatched.
 */
export async function droppedFiles(dataTransfer) {
  const tops = [...dataTransfer.items]
    .filter((item) => item.kind === "file")
    .map((item) => ({
      handle: item.getAsFileSystemHandle?.().catch(() => null) ?? null,
      entry: item.webkitGetAsEntry?.() ?? null,
      file: item.getAsFile(),
    }));
  const handles = await Promise.all(tops.map(({ handle }) => handle));
  if (tops.length && handles.every(Boolean)) {
    return { items: await filesOf(handles), handles };
  }
  const lists = await Promise.all(tops.map(({ entry, file }) => {
    if (entry?.isDirectory) return filesBelow(entry, [entry.name]);
    return file ? [{ file, path: [] }] : [];
  }));
  return { items: lists.flat(), handles: null };
}

/** The files behind handles, and everything below those that are folders. */
export async function filesOf(handles, path = []) {
  const found = [];
  for (const handle of handles) {
    if (handle.kind === "file") found.push({ file: await handle.getFile(), handle, path });
    else {
      const below = [];
      for await (const each of handle.values()) below.push(each);
      const inside = [...path, handle.name];
      found.push(...(below.length ? await filesOf(below, inside) : [{ path: inside }]));
    }
  }
  return found;
}

/** The same by the older interface, one folder after the other. */
async function filesBelow(folder, path) {
  const entries = [];
  const reader = folder.createReader();
  for (;;) {
    // Only some entries come at a time.
    const some = await new Promise((...settle) => reader.readEntries(...settle));
    if (!some.length) break;
    entries.push(...some);
  }
  if (!entries.length) return [{ path }];
  const found = [];
  for (const entry of entries) {
    if (entry.isDirectory) found.push(...(await filesBelow(entry, [...path, entry.name])));
    else found.push({ file: await new Promise((...settle) => entry.file(...settle)), path });
  }
  return found;
}
