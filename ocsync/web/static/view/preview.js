// A file, shown in a dialog. Its content can run nothing here: text and Markdown become
// text nodes, pictures (SVG too), sound and film are given to elements that run no
// scripts, and a PDF goes to the browser's own viewer, in a frame, as a blob whose type
// is ours. HTML is shown as text.

import { kindOf } from "../state/kinds.js";
import { explain, texts } from "../texts/texts.js";
import { Content } from "../wire/content.js";
import { openDialog } from "./dialogs.js";
import { h } from "./dom.js";
import { markdown } from "./markdown.js";

const MOST_TEXT = 512 * 1024;
const MOST_PDF = 100 * 1024 * 1024;
/** A film may take longer than a download's URL is good for. */
const FILM_SECONDS = 12 * 3600;

/** Show a file: `name`, `size`, the `path` of its content; `note` tells more of it. */
export async function showPreview(file, app, note = null) {
  const place = h("div", { class: "preview", "aria-busy": "true" },
    h("p", { class: "faint" }, texts.loading));
  const closed = openDialog({
    title: file.name,
    style: "wide",
    content: (close) => [
      note ? h("p", { class: "faint" }, note) : null,
      place,
      h("div", { class: "buttons" },
        h("button", { type: "button", onclick: () => app.download(file.path, file.name) },
          texts.downloadIt),
        h("button", { type: "button", class: "main", onclick: () => close(null) },
          texts.close)),
    ],
  });
  const { parts, end } = await contentOf(file, app.wire);
  place.replaceChildren(...parts);
  place.removeAttribute("aria-busy");
  await closed;
  end();
}

/** How each kind is shown: the elements, and what is to be done when they are gone. */
const SHOWN = {
  image: async (file, { downloads }) =>
    shown(orWords(h("img", { src: await downloads.url(file.path), alt: file.name }))),
  audio: (file, wire) => player("audio", file, wire),
  video: (file, wire) => player("video", file, wire),
  pdf,
  text: (file, wire) =>
    written(file, wire, (text) =>
      h("pre", { tabindex: 0, dir: "auto", "aria-label": file.name }, text)),
  markdown: (file, wire) => written(file, wire, markdown),
};

async function contentOf(file, wire) {
  const kind = kindOf(file.name);
  try {
    return kind ? await SHOWN[kind](file, wire) : shown(words(texts.noPreview));
  } catch (error) {
    return shown(h("p", { role: "alert", class: "wrong" }, explain(error)));
  }
}

function shown(...parts) {
  return { parts, end: () => {} };
}

async function player(tag, file, { downloads }) {
  const src = await downloads.url(file.path, FILM_SECONDS);
  const element = orWords(h(tag, { src, controls: true, "aria-label": file.name }));
  const end = () => {
    element.removeAttribute("src");
    element.load();
  };
  return { parts: [element], end };
}

async function pdf(file, { server }) {
  if (!navigator.pdfViewerEnabled) return shown(words(texts.noPreview));
  if (file.size > MOST_PDF) return shown(words(texts.tooLarge));
  const blob = await new Content(server).blob(file, "application/pdf");
  const src = URL.createObjectURL(blob);
  const frame = h("iframe", { src, title: file.name });
  return { parts: [frame], end: () => URL.revokeObjectURL(src) };
}

async function written(file, { server }, element) {
  const found = await new Content(server).text(file, MOST_TEXT);
  if (found === null) return shown(words(texts.noPreview));
  const rest = found.isWhole ? [] : [h("p", { class: "faint" }, texts.onlyBeginning)];
  return shown(element(found.text), ...rest);
}

/** The element; or, when the browser cannot show it, words. */
function orWords(element) {
  element.addEventListener("error", () => element.replaceWith(words(texts.noPreview)));
  return element;
}

function words(text) {
  return h("p", { class: "empty" }, text);
}
