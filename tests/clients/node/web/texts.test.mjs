// The catalogues: the same texts in each language, taking the same things.

import assert from "node:assert/strict";
import { test } from "node:test";

import { de } from "../../../../ocsync/web/static/texts/de.js";
import { en } from "../../../../ocsync/web/static/texts/en.js";

/** Every key with its kind, and how much it takes. */
function shape(texts, path = "") {
  return Object.entries(texts).flatMap(([key, value]) => {
    if (typeof value === "object") return shape(value, `${path}${key}.`);
    return `${path}${key}: ${typeof value} ${typeof value === "function" ? value.length : ""}`;
  }).sort();
}

test("both catalogues have the same texts", () => {
  assert.deepEqual(shape(de), shape(en));
});
