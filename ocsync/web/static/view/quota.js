// How full a space is, as a bar with words, and the warning before what does not fit.

import { fits, left, level } from "../state/quota.js";
import { texts } from "../texts/texts.js";
import { ask, cancelButton } from "./dialogs.js";
import { h } from "./dom.js";
import { size } from "./format.js";

/** The bar; only words where there is no limit. */
export function quotaBar(space) {
  const { used, total } = space;
  const words = texts.used(size(used), total ? size(total) : null);
  if (!total) return h("p", { class: "quota" }, words);
  const state = level(space);
  return h("p", { class: `quota ${state}` },
    h("progress", { max: total, value: Math.min(used, total), "aria-label": texts.quota }),
    state === "free" ? words : `${words}. ${texts.quotaLevels[state]}`);
}

/** Whether so many bytes may be uploaded to a space: they fit, or the user insists. */
export async function mayUpload(spaceId, bytes, app) {
  const spaces = await app.wire.files.spaces().catch(() => []);
  const space = spaces.find((each) => each.id === spaceId);
  return !space || fits(space, bytes) || (await askTooMuch(space, bytes)) === true;
}

function askTooMuch(space, bytes) {
  return ask(texts.tooMuchTitle, (close) => [
    h("p", {}, texts.tooMuchText(size(bytes), size(left(space)))),
    h("div", { class: "buttons" },
      cancelButton(close),
      h("button", { type: "button", class: "bad", onclick: () => close(true) },
        texts.uploadAnyway)),
  ]);
}
