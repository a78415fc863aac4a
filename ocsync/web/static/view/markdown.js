// Markdown as elements. Nothing of the text becomes an element of its own choosing.

import { parseMarkdown } from "../state/markdown.js";
import { h } from "./dom.js";

/** The text as an article; its headings stand below that of what it is shown in. */
export function markdown(text) {
  return h("article", { class: "markdown", dir: "auto" }, parseMarkdown(text).map(element));
}

function element(node) {
  if (typeof node === "string") return node;
  const [tag, children, href] = node;
  const level = tag.match(/^h([1-6])$/)?.[1];
  const properties = href ? { href, target: "_blank", rel: "noopener noreferrer" } : {};
  if (tag === "pre") properties.tabindex = 0;
  return h(level ? `h${Math.min(6, Number(level) + 2)}` : tag, properties, children.map(element));
}
