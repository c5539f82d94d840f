import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ClientResponseError } from "pocketbase";

import { openProxy } from "./proxy.mjs";
import { client, later, makeCollections, member, password, superuser, url } from "./setup.mjs";

const WAIT_MS = 15_000;

let root;
let guest;

before(async () => {
  root = await superuser();
  await makeCollections(root);
  guest = client();
});

after(() => {
  root.realtime.unsubscribe();
});

async function refused(promise, status) {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof ClientResponseError);
    assert.equal(error.status, status);
    return true;
  });
}

test("health", async () => {
  assert.equal((await guest.health.check()).code, 200);
});

test("records: create, read, change, remove", async () => {
  const articles = guest.collection("articles");
  const made = await articles.create({
    title: "First",
    stars: 3.5,
    labels: ["a", "b"],
    extra: { deep: [1, "two", null] },
    place: { lon: 13.4, lat: 52.5 },
    at: new Date("2024-01-02T03:04:05.678Z"),
  });
  assert.match(made.id, /^[a-z0-9]{15}$/);
  assert.equal(made.at, "2024-01-02 03:04:05.678Z");
  assert.deepEqual(made.extra, { deep: [1, "two", null] });
  assert.deepEqual(await articles.getOne(made.id), made);

  const changed = await articles.update(made.id, { "stars+": 1, "labels-": "a", "labels+": ["c"] });
  assert.equal(changed.stars, 4.5);
  assert.deepEqual(changed.labels, ["b", "c"]);

  const filter = guest.filter("title = {:title} && stars > {:stars}", { title: "First", stars: 4 });
  assert.equal((await articles.getFirstListItem(filter)).id, made.id);
  assert.equal(await articles.delete(made.id), true);
  await refused(articles.getOne(made.id), 404);
  await refused(articles.delete(made.id), 404);
  await refused(articles.getOne(""), 404);
});

test("records: what is wrong is said by field", async () => {
  await assert.rejects(guest.collection("articles").create({ labels: ["x"] }), (error) => {
    assert.equal(error.status, 400);
    assert.equal(error.response.data.title.code, "validation_required");
    assert.equal(error.response.data.labels.code, "validation_invalid_value");
    return true;
  });
});

test("records: lists, sorts, fields, expand", async () => {
  const { record: author } = await member(root, "lister");
  const articles = guest.collection("articles");
  for (let n = 0; n < 25; n++) {
    await articles.create({ title: `Paged ${n}`, stars: n, author: author.id });
  }
  const query = { filter: "title ~ 'Paged'", sort: "-stars" };
  const page = await articles.getList(2, 10, { ...query, expand: "author", fields: "*,expand.author.name" });
  assert.equal(page.totalItems, 25);
  assert.equal(page.totalPages, 3);
  assert.equal(page.items[0].title, "Paged 14");
  assert.deepEqual(page.items[0].expand, { author: { name: "lister" } });
  assert.equal((await articles.getFullList({ ...query, batch: 7 })).length, 25);
  const quick = await articles.getList(1, 5, { ...query, skipTotal: true });
  assert.equal(quick.totalItems, -1);
  const back = await guest.collection("members").getOne(author.id, { expand: "articles_via_author" });
  assert.equal(back.expand.articles_via_author.length, 25);
});

test("auth: password, refresh, own record, manage", async () => {
  const { made, record, email } = await member(root, "signer");
  assert.ok(made.authStore.isValid);
  assert.equal(made.authStore.record.id, record.id);
  const refreshed = await made.collection("members").authRefresh();
  assert.equal(refreshed.record.email, email);
  await made.collection("members").update(record.id, { name: "other" });
  await refused(made.collection("members").update(record.id, { email: "new@example.com" }), 400);
  await refused(guest.collection("members").update(record.id, { name: "x" }), 404);
  await refused(guest.collection("members").authWithPassword(email, "wrong"), 400);
  await made.collection("members").update(record.id, {
    oldPassword: password,
    password: "another-password-1",
    passwordConfirm: "another-password-1",
  });
  await refused(made.collection("members").authRefresh(), 401);
  await made.collection("members").authWithPassword(email, "another-password-1");
});

test("auth: methods, requests by mail, impersonation", async () => {
  const { record, email } = await member(root, "mailed");
  const methods = await guest.collection("members").listAuthMethods();
  assert.equal(methods.password.enabled, true);
  assert.equal(await guest.collection("members").requestPasswordReset(email), true);
  assert.equal(await guest.collection("members").requestVerification(email), true);
  await refused(guest.collection("members").confirmVerification("bad"), 400);
  await refused(guest.collection("members").confirmPasswordReset("bad", password, password), 400);
  await refused(guest.collection("members").authWithOTP("bad", "bad"), 403);
  const other = await root.collection("members").impersonate(record.id, 60);
  assert.equal(other.authStore.record.id, record.id);
  await refused(guest.collection("members").impersonate(record.id, 60), 401);
});

test("superusers: collections, settings, logs, crons, backups", async () => {
  const made = await root.collections.create({
    name: "passing",
    type: "base",
    fields: [{ name: "text", type: "text" }],
  });
  const changed = await root.collections.update(made.id, { name: "passed" });
  assert.equal(changed.name, "passed");
  await root.collections.truncate("passed");
  assert.equal(await root.collections.delete("passed"), true);
  assert.ok((await root.collections.getFullList()).length > 3);
  assert.ok((await root.collections.getScaffolds()).auth);
  assert.ok((await root.settings.getAll()).meta.appName);
  assert.ok(Array.isArray(await root.crons.getFullList()));
  assert.ok(Array.isArray(await root.backups.getFullList()));
  assert.ok((await root.logs.getList(1, 5)).page === 1);
  await refused(guest.collections.getFullList(), 401);
  await refused(guest.settings.getAll(), 401);
});

test("files: upload, address, protected, remove", async () => {
  const articles = guest.collection("articles");
  const form = new FormData();
  form.append("title", "With files");
  form.append("cover", new File(["cover text"], "Cöver 1.txt", { type: "text/plain" }));
  const made = await articles.create(form);
  const address = guest.files.getURL(made, made.cover);
  const answer = await fetch(address);
  assert.equal(answer.status, 200);
  assert.equal(await answer.text(), "cover text");

  const two = await articles.update(made.id, {
    "papers+": [new File(["one"], "one.txt"), new File(["two"], "two.txt")],
  });
  assert.equal(two.papers.length, 2);
  const guarded = guest.files.getURL(two, two.papers[0]);
  const token = await root.files.getToken();
  assert.equal((await fetch(`${guarded}?token=${token}`)).status, 200);
  const one = await articles.update(made.id, { "papers-": two.papers[0] });
  assert.deepEqual(one.papers, [two.papers[1]]);
  assert.equal((await fetch(`${guarded}?token=${token}`)).status, 404);
  await refused(
    articles.update(made.id, { cover: new File(["x".repeat(100001)], "big.txt") }),
    400,
  );
  await articles.delete(made.id);
  assert.equal((await fetch(address)).status, 404);
});

test("batch: all or nothing", async () => {
  const articles = guest.collection("articles");
  const batch = guest.createBatch();
  batch.collection("articles").create({ id: "batch0000000001", title: "Batched" });
  batch.collection("articles").update("batch0000000001", { "stars+": 2 });
  batch.collection("articles").upsert({ id: "batch0000000002", title: "Upserted" });
  batch.collection("articles").create({ title: "File", cover: new File(["c"], "c.txt") });
  const results = await batch.send();
  assert.deepEqual(results.map((r) => r.status), [200, 200, 200, 200]);
  assert.equal(results[1].body.stars, 2);

  const failing = guest.createBatch();
  failing.collection("articles").delete("batch0000000001");
  failing.collection("articles").create({ title: "" });
  await refused(failing.send(), 400);
  assert.equal((await articles.getOne("batch0000000001")).title, "Batched");
});

test("realtime: who may see, sees", async () => {
  const { made, record } = await member(root, "watcher");
  const seen = [];
  const all = later(WAIT_MS, "three events");
  await made.collection("private").subscribe("*", (event) => {
    seen.push(`${event.action} ${event.record.text}`);
    if (seen.length === 3) all.resolve();
  });
  const secret = guest.collection("private");
  await secret.create({ text: "hidden" });
  const own = await secret.create({ text: "mine", owner: record.id });
  await secret.update(own.id, { text: "changed" });
  await secret.delete(own.id);
  await all.promise;
  assert.deepEqual(seen, ["create mine", "update changed", "delete changed"]);
  await made.collection("private").unsubscribe();
});

test("realtime: one record, with expand and fields; unsubscribe", async () => {
  const { record: author } = await member(root, "expanded");
  const article = await guest.collection("articles").create({ title: "Seen", author: author.id });
  const came = later(WAIT_MS, "an update");
  const options = { expand: "author", fields: "title,expand.author.name" };
  const stop = await guest.collection("articles").subscribe(article.id, came.resolve, options);
  await guest.collection("articles").update(article.id, { title: "Seen twice" });
  const event = await came.promise;
  assert.deepEqual(event.record, { title: "Seen twice", expand: { author: { name: "expanded" } } });
  await stop();
});

test("realtime: comes back after the connection is cut", async () => {
  const proxy = await openProxy(url);
  const watcher = client(proxy.url);
  try {
    let came = later(WAIT_MS, "the first event");
    await watcher.collection("articles").subscribe("*", (event) => came.resolve(event));
    const first = watcher.realtime.clientId;
    await guest.collection("articles").create({ title: "Before" });
    assert.equal((await came.promise).record.title, "Before");

    const again = later(WAIT_MS, "a new connection");
    await watcher.realtime.subscribe("PB_CONNECT", again.resolve);
    proxy.cut();
    await again.promise;
    assert.notEqual(watcher.realtime.clientId, first);
    came = later(WAIT_MS, "an event after the cut");
    // The subscriptions are sent right after the new connection opened.
    const until = Date.now() + WAIT_MS;
    let got;
    do {
      await guest.collection("articles").create({ title: "After" });
      got = await Promise.race([came.promise, new Promise((r) => setTimeout(r, 200))]);
    } while (!got && Date.now() < until);
    assert.equal(got.record.title, "After");
  } finally {
    await watcher.realtime.unsubscribe().catch(() => {});
    proxy.close();
  }
});

test("custom requests, hooks around them, cancellation", async () => {
  guest.beforeSend = (address, options) => ({
    url: address,
    options: { ...options, headers: { ...options.headers, "X-Own": "1" } },
  });
  const health = await guest.send("/api/health", { query: { a: 1 } });
  assert.equal(health.code, 200);
  guest.beforeSend = undefined;
  const cancelling = client();
  cancelling.autoCancellation(true);
  const first = cancelling.collection("articles").getList(1, 1);
  const second = cancelling.collection("articles").getList(1, 1);
  await assert.rejects(first, (error) => error.isAbort);
  assert.equal((await second).page, 1);
});
