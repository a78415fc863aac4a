// A button that copies a text; none where the browser does not let pages do that.

import { texts } from "../texts/texts.js";
import { h } from "./dom.js";

export function copyButton(content, label, announce) {
  if (!navigator.clipboard) return null;
  const copy = async () => {
    await navigator.clipboard.writeText(content);
    announce(texts.copied);
  };
  return h("button", { type: "button", "aria-label": label, onclick: copy }, texts.copy);
}
