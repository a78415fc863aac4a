// What is shown of files: their kinds, Markdown as a tree, and how full a space is.

import assert from "node:assert/strict";
import { test } from "node:test";

import { kindOf } from "../../../../ocsync/web/static/state/kinds.js";
import { parseMarkdown, safeHref } from "../../../../ocsync/web/static/state/markdown.js";
import { fits, left, level } from "../../../../ocsync/web/static/state/quota.js";
import { readRoute } from "../../../../ocsync/web/static/state/route.js";

test("the ending tells the kind, whatever its case", () => {
  const kinds = {
    "a.PNG": "image", "b.svg": "image", "c.mp3": "audio", "d.webm": "video",
    "e.pdf": "pdf", "README.md": "markdown", "f.html": "text", "g.tar.gz": null,
    "Makefile": "text", ".gitignore": "text", "constructor": null, "x.__proto__": null, "": null,
  };
  for (const [name, kind] of Object.entries(kinds)) assert.equal(kindOf(name), kind, name);
});

test("blocks", () => {
  assert.deepEqual(parseMarkdown("# One #\ntext\nmore\n\n---\n> quoted\n"), [
    ["h1", ["One"]],
    ["p", ["text\nmore"]],
    ["hr", []],
    ["blockquote", [["p", ["quoted"]]]],
  ]);
  assert.deepEqual(parseMarkdown("- a\n- b\n  - c\n\n1. d"), [
    ["ul", [["li", ["a"]], ["li", [["p", ["b"]], ["ul", [["li", ["c"]]]]]]]],
    ["ol", [["li", ["d"]]]],
  ]);
  assert.deepEqual(parseMarkdown("```js\n<b>\n# x\n```\nend"), [
    ["pre", [["code", ["<b>\n# x"]]]],
    ["p", ["end"]],
  ]);
  assert.deepEqual(parseMarkdown("|a|b|\n|-|-|\n|1|2|"), [
    ["table", [
      ["thead", [["tr", [["th", ["a"]], ["th", ["b"]]]]]],
      ["tbody", [["tr", [["td", ["1"]], ["td", ["2"]]]]]],
    ]],
  ]);
});

test("words in a line", () => {
  assert.deepEqual(parseMarkdown("**b** *i* _j_ `c*d*` ~~x~~ snake_case_ \\*no\\*"), [
    ["p", [
      ["strong", ["b"]], " ", ["em", ["i"]], " ", ["em", ["j"]], " ", ["code", ["c*d*"]],
      " ", ["del", ["x"]], " snake_case_ ", "*", "no", "*",
    ]],
  ]);
});

test("links lead to the web or to mail, or are text", () => {
  assert.deepEqual(parseMarkdown("[a](https://x.example/y) https://z.example. <mailto:a@b.c>"), [
    ["p", [
      ["a", ["a"], "https://x.example/y"], " ",
      ["a", ["https://z.example"], "https://z.example/"], ". ",
      ["a", ["mailto:a@b.c"], "mailto:a@b.c"],
    ]],
  ]);
  for (const target of [
    "javascript:alert(1)", "JaVaScRiPt:x", "java\nscript:x", " javascript:x", "data:text/html,x",
    "vbscript:x", "//evil.example", "/f/x", "file:///etc", "blob:https://x", "",
  ]) {
    assert.equal(safeHref(target), null, target);
  }
});

test("HTML is text", () => {
  const html = "<img src=x onerror=alert(1)><script>x</script>";
  assert.deepEqual(parseMarkdown(html), [["p", [html]]]);
});

test("nothing nests without an end", () => {
  const depth = (nodes) =>
    Math.max(0, ...nodes.map((each) => (Array.isArray(each) ? 1 + depth(each[1]) : 0)));
  assert.ok(depth(parseMarkdown(`${"> ".repeat(10_000)}x`)) < 20);
  assert.ok(depth(parseMarkdown(`${"- ".repeat(10_000)}x`)) < 30);
});

// What looked further than its own next mark would not come to an end here.
test("marks without an end are text", () => {
  for (const mark of ["[", "![", "**x", "_", "`", "~~", "<a:", "\\", "- ", "> ", "|", "("]) {
    const text = `x ${mark.repeat(Math.ceil(500_000 / mark.length))}`;
    assert.equal(parseMarkdown(text)[0][0], "p", mark);
  }
});

test("how full a space is", () => {
  assert.equal(left({ used: 5, total: 0 }), Infinity);
  assert.equal(left({ used: 12, total: 10 }), 0);
  assert.ok(fits({ used: 4, total: 10 }, 6));
  assert.ok(!fits({ used: 4, total: 10 }, 7));
  const levels = [[0, 0], [8, 10], [9, 10], [10, 10]];
  assert.deepEqual(
    levels.map(([used, total]) => level({ used, total })),
    ["free", "free", "nearing", "full"]);
});

test("no fragment leads out of the paths of ids and names", () => {
  for (const hash of ["#/s/..", "#/s/a/..", "#/trash/.", "#/space/%2e%2e", "#/__proto__/x"]) {
    assert.deepEqual(readRoute(hash), { view: "start" }, hash);
  }
});
