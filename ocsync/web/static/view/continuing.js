// Drops that were not through when the page was left: they go on by themselves where the
// browser still lets the page read the files, else after a press on a button.

import { dropLock } from "../state/transfers.js";
import { texts } from "../texts/texts.js";
import { filesOf } from "../wire/local_files.js";
import { askToRead, isReadable } from "../wire/kept_drops.js";

export async function continueDrops({ drops, transfers, shell }) {
  const kept = await drops.list().catch(() => []);
  const { held } = await navigator.locks.query();
  const elsewhere = new Set(held.map((lock) => lock.name));
  const waiting = [];
  for (const drop of kept) {
    if (elsewhere.has(dropLock(drop.id))) continue;
    if (await isReadable(drop)) await proceed(drop, { drops, transfers });
    else waiting.push(drop);
  }
  if (!waiting.length) return;
  const proceedAll = async () => {
    for (const drop of waiting) {
      if (await askToRead(drop)) await proceed(drop, { drops, transfers });
    }
  };
  shell.offer([texts.dropsWait], { label: texts.goOn, act: proceedAll, isLasting: true });
}

async function proceed(drop, { drops, transfers }) {
  try {
    const items = await filesOf(drop.handles);
    transfers.add(drop.spaceId, drop.folder, items, drop.id);
  } catch {
    // What was dropped is not there any more.
    await drops.forget(drop.id);
  }
}
