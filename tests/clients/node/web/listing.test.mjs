// Lists: what is shown of a folder, what of it is selected, and which rows exist.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Listing } from "../../../../ocsync/web/static/state/listing.js";
import { freeName, isName } from "../../../../ocsync/web/static/state/order.js";
import { Selection } from "../../../../ocsync/web/static/state/selection.js";
import { rowsInSight } from "../../../../ocsync/web/static/state/viewport.js";

const entry = (name, more = {}) => ({
  name, size: 1, modified: new Date(0), isFolder: false, ...more,
});
const names = (listing) => listing.rows.map((each) => each.name);

test("folders stand first, and numbers in names count", () => {
  const listing = new Listing();
  listing.add([entry("a10"), entry("a9"), entry("z", { isFolder: true })]);
  assert.deepEqual(names(listing), ["z", "a9", "a10"]);
  listing.sort({ column: "name", isDescending: true });
  assert.deepEqual(names(listing), ["z", "a10", "a9"]);
});

test("sizes and times sort, equals by name", () => {
  const listing = new Listing();
  listing.add([entry("b"), entry("a"), entry("c", { size: 5, modified: new Date(9) })]);
  listing.sort({ column: "size", isDescending: true });
  assert.deepEqual(names(listing), ["c", "a", "b"]);
  listing.sort({ column: "modified", isDescending: false });
  assert.deepEqual(names(listing), ["a", "b", "c"]);
});

test("what arrives later takes its place, and what is gone goes", () => {
  const listing = new Listing();
  listing.add([entry("b"), entry("d")]);
  assert.deepEqual(names(listing), ["b", "d"]);
  listing.add([entry("c"), entry("b", { size: 2 })]);
  listing.remove(["d", "never"]);
  assert.deepEqual(names(listing), ["b", "c"]);
  assert.equal(listing.get("b").size, 2);
  listing.replace([entry("x")]);
  assert.deepEqual(names(listing), ["x"]);
});

test("a filter knows no case and no way of composing letters", () => {
  const listing = new Listing();
  listing.add([entry("A\u0308pfel.txt"), entry("Birnen.txt")]);
  listing.find(" \u00e4PF ");
  assert.deepEqual(names(listing), ["A\u0308pfel.txt"]);
  listing.find("");
  assert.equal(listing.rows.length, 2);
});

test("a free name is numbered before its ending", () => {
  assert.equal(freeName("a.tar.gz", ["a.tar (2).gz"]), "a.tar (3).gz");
  assert.equal(freeName(".profile", []), ".profile (2)");
});

test("what the server would refuse is no name", () => {
  for (const name of ["a.txt", "...", "ä b", "x".repeat(255)]) assert.ok(isName(name), name);
  for (const name of [".", "..", "a/b", "a\\b", "a\n", "é".repeat(128)]) assert.ok(!isName(name), name);
});

test("a click selects one, with keys it adds or reaches", () => {
  const all = ["a", "b", "c", "d", "e"];
  const selection = new Selection();
  const chosen = () => [...selection.names].sort();
  selection.choose(all, "b");
  selection.choose(all, "d", { isRange: true });
  assert.deepEqual(chosen(), ["b", "c", "d"]);
  selection.choose(all, "a", { isRange: true });
  assert.deepEqual(chosen(), ["a", "b"]);
  selection.choose(all, "e", { isToggle: true });
  selection.choose(all, "a", { isToggle: true });
  assert.deepEqual(chosen(), ["b", "e"]);
  selection.choose(all, "c");
  assert.deepEqual(chosen(), ["c"]);
});

test("the keyboard moves within the list, and shift selects on the way", () => {
  const all = ["a", "b", "c"];
  const selection = new Selection();
  assert.equal(selection.move([], 1), null);
  assert.equal(selection.move(all, 1), "a");
  assert.equal(selection.move(all, 1, { isRange: true }), "b");
  assert.equal(selection.move(all, 9, { isRange: true }), "c");
  assert.deepEqual([...selection.names], all);
  assert.equal(selection.move(all, -Infinity), "a");
  selection.toggleAll(all);
  assert.equal(selection.names.size, 0);
  selection.toggleAll(all);
  assert.equal(selection.names.size, 3);
});

test("what goes is not selected any more, and the keyboard stays near", () => {
  const selection = new Selection();
  const before = ["a", "b", "c", "d"];
  selection.choose(before, "b");
  selection.choose(before, "c", { isRange: true });
  selection.keep(["a", "d"], before);
  assert.equal(selection.names.size, 0);
  assert.equal(selection.cursor, "d");
  selection.keep(["a"], ["a", "d"]);
  assert.equal(selection.cursor, "a");
});

test("only rows near the window exist", () => {
  const all = { rowHeight: 40, height: 800, count: 10_000 };
  assert.deepEqual(rowsInSight({ ...all, top: 100 }), { from: 0, to: 30 });
  assert.deepEqual(rowsInSight({ ...all, top: -40_000 }), { from: 988, to: 1032 });
  assert.deepEqual(rowsInSight({ ...all, top: -500_000 }), { from: 10_000, to: 10_000 });
  assert.deepEqual(rowsInSight({ ...all, top: 0, count: 3 }), { from: 0, to: 3 });
  assert.deepEqual(rowsInSight({ ...all, top: 9000 }), { from: 0, to: 0 });
});
