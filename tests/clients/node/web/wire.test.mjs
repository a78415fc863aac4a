// What is read from the wire: addresses, multistatus answers in pieces, waiting times.

import assert from "node:assert/strict";
import { test } from "node:test";

import { folderHash, hashOf, readRoute } from "../../../../ocsync/web/static/state/route.js";
import { Watch } from "../../../../ocsync/web/static/state/watch.js";
import { Cutter } from "../../../../ocsync/web/static/wire/multistatus.js";
import { retryMs } from "../../../../ocsync/web/static/wire/server.js";

const HEAD = '<?xml version="1.0"?>\n<d:multistatus xmlns:d="DAV:">';
const row = (name) => `<d:response><d:href>/${name}</d:href></d:response>`;

test("any cut of an answer gives every row once", () => {
  const rows = ["a", "b", "c"].map(row).join("");
  const whole = `${HEAD}${rows}<d:sync-token>7</d:sync-token></d:multistatus>`;
  for (let size = 1; size <= whole.length; size += 1) {
    const cutter = new Cutter();
    const parts = [];
    for (let at = 0; at < whole.length; at += size) {
      const part = cutter.take(whole.slice(at, at + size));
      if (part !== null) parts.push(part);
    }
    for (const part of parts) {
      assert.ok(part.startsWith(HEAD) && part.endsWith("</d:response></d:multistatus>"));
    }
    const found = parts.join("").match(/<d:response>.*?<\/d:response>/g).join("");
    assert.equal(found, rows);
    assert.equal(cutter.rest(), `${HEAD}<d:sync-token>7</d:sync-token></d:multistatus>`);
  }
});

test("the prefix of the namespace is the server's choice", () => {
  const cutter = new Cutter();
  const text = '<multistatus xmlns="DAV:"><response>x</response></multistatus>';
  assert.equal(cutter.take(text), text);
  assert.equal(cutter.rest(), '<multistatus xmlns="DAV:"></multistatus>');
});

test("addresses lead where they say, and nonsense to the start", () => {
  const names = ["a b", "#?/%", "ä"];
  assert.deepEqual(readRoute(folderHash("1$2", names)), {
    view: "folder", spaceId: "1$2", names,
  });
  assert.deepEqual(readRoute(hashOf("f", "1$2!3")), { view: "link", id: "1$2!3" });
  for (const hash of ["", "#", "#/", "#/s", "#/f/a/b", "#/s/%zz", "#/constructor", "#x"]) {
    assert.deepEqual(readRoute(hash), { view: "start" }, hash);
  }
});

test("Retry-After is seconds or a date", () => {
  const now = Date.UTC(2030, 0, 1);
  assert.equal(retryMs("3"), 3000);
  assert.equal(retryMs(new Date(now + 5000).toUTCString(), now), 5000);
  assert.equal(retryMs(new Date(now - 5000).toUTCString(), now), 0);
  assert.equal(retryMs(null), null);
  assert.equal(retryMs("soon"), null);
});

/** A page and a clock that stand still until they are told. */
function stage() {
  const page = Object.assign(new EventTarget(), { hidden: false });
  const clock = {
    waits: [],
    setTimeout: (run, ms) => clock.waits.push({ run, ms }),
    clearTimeout: () => (clock.waits = []),
    next: () => clock.waits.shift().run(),
  };
  return { page, clock };
}

test("who looks and finds nothing looks ever more rarely", async () => {
  const { page, clock } = stage();
  const answers = [true, false, false, new Error("away")];
  const look = async () => {
    const answer = answers.shift() ?? false;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const watch = new Watch({ look, page, clock });
  const waits = [];
  for (let turn = 0; turn < 12; turn += 1) {
    waits.push(clock.waits[0].ms);
    await clock.next();
  }
  assert.deepEqual(waits.slice(0, 4), [2000, 2000, 3000, 4500]);
  assert.equal(waits.at(-1), 30_000);
  watch.end();
  assert.deepEqual(clock.waits, []);
});

test("nobody looks while the page is hidden, and at once when it is seen", async () => {
  const { page, clock } = stage();
  let looks = 0;
  new Watch({ look: async () => ((looks += 1), false), page, clock });
  page.hidden = true;
  await clock.next();
  assert.equal(looks, 0);
  assert.deepEqual(clock.waits, []);
  page.hidden = false;
  page.dispatchEvent(new Event("visibilitychange"));
  assert.equal(looks, 1);
});
