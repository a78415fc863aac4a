// SHA-1 of streams, against what node has built in.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";

import { Sha1 } from "../../../../ocsync/web/static/wire/sha1.js";

const expected = (bytes) => createHash("sha1").update(bytes).digest("hex");

test("known answers", () => {
  assert.equal(new Sha1().hex(), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  const text = new TextEncoder().encode("abc");
  assert.equal(new Sha1().update(text).hex(), "a9993e364706816aba3e25717850c26c9cd0d89d");
});

test("every length around the borders of blocks", () => {
  const bytes = randomBytes(300);
  for (let length = 0; length <= bytes.length; length += 1) {
    const part = bytes.subarray(0, length);
    assert.equal(new Sha1().update(part).hex(), expected(part), `${length}`);
  }
});

test("any cut gives the same", () => {
  const bytes = randomBytes(5000);
  for (const size of [1, 3, 63, 64, 65, 127, 1000]) {
    const hash = new Sha1();
    for (let at = 0; at < bytes.length; at += size) hash.update(bytes.subarray(at, at + size));
    assert.equal(hash.hex(), expected(bytes), `${size}`);
  }
});
