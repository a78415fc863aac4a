// Uploads: what is asked of the server, in which order, and what happens when it refuses.

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { FakeServer, Locks, Refused, fileOf, furnish, settled, transfersOf } from "./stage.mjs";

let items;
let server;
let waits;

beforeEach(() => {
  items = furnish();
  server = new FakeServer();
  waits = [];
  mock.restoreAll();
  const { setTimeout: real } = globalThis;
  mock.method(globalThis, "setTimeout", (run, ms = 0) => {
    if (ms >= 1000) waits.push(ms);
    return real(run, 0);
  });
});

const add = (transfers, ...files) =>
  transfers.add("space", ["in"], files.map((file) => ({ file, path: [] })));

test("a file goes in parts, and nothing of it is kept afterwards", async () => {
  const transfers = transfersOf(server);
  add(transfers, fileOf("a", 25));
  await settled(transfers);
  assert.deepEqual(server.log, ["LIST in", "POST in/a", "PATCH 0", "PATCH 10", "PATCH 20"]);
  assert.equal(transfers.all[0].state, "done");
  assert.equal(items.size, 0);
  assert.deepEqual(transfers.summary(), {
    count: 1, done: 1, size: 25, sent: 25, speed: 0, isMoving: false, isStopped: false,
  });
});

test("a connection that breaks: the server is asked where it is, waiting ever longer", async () => {
  server.failures = [null, null, new Refused(0), new Refused(0), new Refused(502)];
  const transfers = transfersOf(server);
  add(transfers, fileOf("a", 25));
  await settled(transfers);
  assert.equal(transfers.all[0].state, "done");
  assert.deepEqual(waits, [1000, 2000, 4000]);
  assert.equal(server.log.filter((each) => each === "HEAD token0").length, 3);
  assert.ok(!server.log.includes("PATCH 0", 4), "what is there is not sent again");
});

test("Retry-After is waited for", async () => {
  server.failures = [new Refused(503, 7000), null, new Refused(423, 3000)];
  const transfers = transfersOf(server);
  add(transfers, fileOf("a", 25));
  await settled(transfers);
  assert.equal(transfers.all[0].state, "done");
  assert.deepEqual(waits, [7000, 3000]);
});

test("a part that arrived damaged, or at another place, goes again", async () => {
  server.failures = [null, new Refused(460), null, new Refused(409)];
  const transfers = transfersOf(server);
  add(transfers, fileOf("a", 15));
  await settled(transfers);
  assert.equal(transfers.all[0].state, "done");
});

test("an upload that the server has forgotten begins anew", async () => {
  server.failures = [null, null, new Refused(404)];
  const transfers = transfersOf(server);
  add(transfers, fileOf("a", 25));
  mock.method(server.begun, "get", () => undefined, { times: 1 });
  await settled(transfers);
  assert.equal(transfers.all[0].state, "done");
});

for (const status of [403, 413, 507]) {
  test(`${status} is the end, until somebody tries again`, async () => {
    server.failures = [new Refused(status)];
    const transfers = transfersOf(server);
    add(transfers, fileOf("a", 5));
    await settled(transfers);
    assert.equal(transfers.all[0].state, "failed");
    assert.equal(transfers.all[0].error.status, status);
    transfers.resumeAll();
    await settled(transfers);
    assert.equal(transfers.all[0].state, "done");
  });
}

test("disputes without end are not", async () => {
  server.failures = [null, ...Array.from({ length: 20 }, () => new Refused(460))];
  const transfers = transfersOf(server);
  add(transfers, fileOf("a", 25));
  await settled(transfers);
  assert.equal(transfers.all[0].error.status, 460);
});

test("after a reload the same file goes on where it was, another does not", async () => {
  const before = transfersOf(server);
  server.failures = [null, null, new Refused(403)];
  add(before, fileOf("a", 25));
  await settled(before);
  server.log.length = 0;

  const after = transfersOf(server);
  await after.findOld();
  assert.deepEqual(after.old.map(({ name }) => name), ["a"]);
  add(after, fileOf("a", 25));
  await settled(after);
  assert.deepEqual(server.log.slice(0, 2), ["HEAD token0", "PATCH 10"]);
  await after.findOld();
  assert.deepEqual(after.old, []);
});

test("a file that is there already is not sent", async () => {
  server.store("in/a", fileOf("a", 25));
  const transfers = transfersOf(server);
  add(transfers, fileOf("a", 25, 5999));
  await settled(transfers);
  assert.equal(transfers.all[0].state, "done");
  assert.deepEqual(server.log, ["LIST in"]);
});

test("taken names: one question at a time, and one answer for all", async () => {
  for (const name of ["a", "b", "c"]) server.store(`in/${name}`, fileOf(name, 1));
  const asked = [];
  const askConflict = async (upload) => {
    asked.push(upload.name);
    upload.batch.answer = "keep";
    return "keep";
  };
  const transfers = transfersOf(server, { askConflict });
  add(transfers, fileOf("a", 5), fileOf("b", 5), fileOf("c", 5));
  await settled(transfers);
  assert.equal(asked.length, 1);
  assert.ok(["in/a (2)", "in/b (2)", "in/c (2)"].every((path) => server.stored.has(path)));
});

test("a name that is taken meanwhile is asked about, and can be left out", async () => {
  const transfers = transfersOf(server);
  const create = server.uploads.create;
  const uploads = { ...server.uploads, create: (...given) => {
    server.store("in/a", fileOf("a", 99));
    return create(...given);
  } };
  Object.assign(transfers, { uploads });
  add(transfers, fileOf("a", 5));
  await settled(transfers);
  assert.deepEqual(transfers.all, []);
  assert.equal(server.stored.get("in/a").size, 99);
});

test("folders are made once, those above first", async () => {
  const transfers = transfersOf(server);
  const items = ["x", "y"].map((name) => ({ file: fileOf(name, 5), path: ["deep", "er"] }));
  transfers.add("space", ["in"], [...items, { path: ["empty"] }]);
  await settled(transfers);
  const made = server.log.filter((each) => each.startsWith("MKCOL"));
  assert.deepEqual(made.sort(), ["MKCOL in/deep", "MKCOL in/deep/er", "MKCOL in/empty"]);
  assert.ok(server.stored.has("in/deep/er/y"));
});

test("never more than three at once, and none twice", async () => {
  const transfers = transfersOf(server);
  let most = 0;
  transfers.addEventListener("change", () => {
    most = Math.max(most, transfers.all.filter((each) => each.isRunning).length);
  });
  const files = Array.from({ length: 9 }, (_, number) => fileOf(`${number}`, 25));
  add(transfers, ...files);
  add(transfers, ...files);
  await settled(transfers);
  assert.equal(most, 3);
  assert.equal(transfers.all.length, 9);
});

test("a file goes from one tab at a time", async () => {
  const locks = new Locks();
  const tabs = [transfersOf(server, { locks }), transfersOf(server, { locks })];
  for (const tab of tabs) add(tab, fileOf("a", 25));
  assert.ok(await becomes(tabs[1], "elsewhere"));
  await Promise.all(tabs.map(settled));
  assert.deepEqual(tabs.map((tab) => tab.all[0].state), ["done", "done"]);
  assert.equal(server.log.filter((each) => each.startsWith("POST")).length, 1);
});

function becomes(transfers, state) {
  return new Promise((resolve) =>
    transfers.addEventListener("change", () => {
      if (transfers.all.some((each) => each.state === state)) resolve(true);
    }));
}

test("other bytes at the server than in the file are told", async () => {
  const transfers = transfersOf(server, { hashFile: async () => "wrong" });
  add(transfers, fileOf("a", 25));
  await settled(transfers);
  assert.equal(transfers.all[0].error.status, "different");
  assert.equal(items.size, 0);
});

test("a file that changes on the way is noticed at its next part, and goes anew", async () => {
  const transfers = transfersOf(server);
  const file = fileOf("a", 25);
  const { append } = server.uploads;
  const changing = async (...given) => {
    file.ends = "other";
    return append(...given);
  };
  Object.assign(transfers, { uploads: { ...server.uploads, append: changing } });
  add(transfers, file);
  await settled(transfers);
  const [upload] = transfers.all;
  assert.equal(upload.error.status, "different");
  assert.deepEqual(server.log, ["LIST in", "POST in/a", "PATCH 0", "DELETE token0"]);
  assert.equal(items.size, 0);
  transfers.resumeAll();
  assert.equal(upload.state, "failed", "the same file cannot go on");

  Object.assign(transfers, { uploads: server.uploads });
  await transfers.renew(upload, fileOf("a", 15, 9000));
  await settled(transfers);
  assert.equal(upload.state, "done");
  assert.equal(server.stored.get("in/a").size, 15);
});

test("paused, cancelled, and what was dropped is forgotten at the end", async () => {
  const forgotten = [];
  const drops = { forget: async (id) => forgotten.push(id) };
  const transfers = transfersOf(server, { drops });
  const files = [fileOf("a", 25), fileOf("b", 25)];
  transfers.add("space", ["in"], files.map((file) => ({ file, path: [] })), 7);
  const [first, second] = transfers.all;
  transfers.pauseAll();
  await settled(transfers);
  assert.deepEqual([first.state, second.state], ["paused", "paused"]);
  assert.deepEqual(forgotten, []);
  await transfers.cancel(second);
  transfers.resume(first);
  await settled(transfers);
  assert.deepEqual([...server.stored.keys()], ["in/a"]);
  assert.deepEqual(forgotten, [7]);
});

test("only what was dropped and kept goes on after the page is left", async () => {
  const transfers = transfersOf(server);
  add(transfers, fileOf("chosen", 25));
  assert.ok(transfers.endWithPage);
  await settled(transfers);
  assert.ok(!transfers.endWithPage);
  transfers.add("space", ["in"], [{ file: fileOf("dropped", 25), path: [] }], 7);
  assert.ok(!transfers.endWithPage);
  await settled(transfers);
});
