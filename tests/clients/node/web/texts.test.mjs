// The words of the page: the same in every language.

import assert from "node:assert/strict";
import { test } from "node:test";

import { de } from "../../../../ocsync/web/static/texts/de.js";
import { en } from "../../../../ocsync/web/static/texts/en.js";

/** Every text by its path, as what it takes: nothing, or so many values. */
function shape(texts, path = "") {
  return Object.entries(texts).flatMap(([key, text]) =>
    typeof text === "object"
      ? shape(text, `${path}${key}.`)
      : [`${path}${key}(${typeof text === "function" ? text.length : ""})`]);
}

test("no text is missing in a language", () => {
  assert.deepEqual(shape(de).sort(), shape(en).sort());
});

test("no text was left as it is in English", () => {
  const words = (texts) =>
    Object.entries(texts).filter(([, text]) => typeof text === "string" && text.includes(" "));
  const same = words(en).filter(([key, text]) => de[key] === text);
  assert.deepEqual(same, []);
});
