// Clients, and the collections that the tests use.

import { EventSource } from "eventsource";
import PocketBase from "pocketbase";

globalThis.EventSource = EventSource;

const { SDK_URL, SDK_EMAIL, SDK_PASSWORD } = process.env;

export const url = SDK_URL;
export const password = "a-long-password-1";

export function client(base = url) {
  const made = new PocketBase(base);
  made.autoCancellation(false);
  return made;
}

export async function superuser(base = url) {
  const made = client(base);
  await made.collection("_superusers").authWithPassword(SDK_EMAIL, SDK_PASSWORD);
  return made;
}

export async function member(root, name) {
  const email = `${name}@example.com`;
  const record = await root
    .collection("members")
    .create({ email, name, password, passwordConfirm: password, verified: true });
  const made = client();
  await made.collection("members").authWithPassword(email, password);
  return { made, record, email };
}

const everyone = { listRule: "", viewRule: "", createRule: "", updateRule: "", deleteRule: "" };

export async function makeCollections(root) {
  await root.collections.import([
    {
      id: "members00000000",
      name: "members",
      type: "auth",
      fields: [{ name: "name", type: "text" }, { name: "note", type: "text", hidden: true }],
      ...everyone,
      updateRule: "id = @request.auth.id",
    },
    {
      id: "articles0000000",
      name: "articles",
      type: "base",
      fields: [
        { name: "title", type: "text", required: true, max: 50 },
        { name: "body", type: "editor" },
        { name: "stars", type: "number" },
        { name: "labels", type: "select", values: ["a", "b", "c"], maxSelect: 3 },
        { name: "extra", type: "json" },
        { name: "place", type: "geoPoint" },
        { name: "at", type: "date" },
        { name: "author", type: "relation", collectionId: "members00000000", maxSelect: 1 },
        { name: "cover", type: "file", maxSelect: 1, maxSize: 100000 },
        { name: "papers", type: "file", maxSelect: 3, protected: true },
        { name: "created", type: "autodate", onCreate: true },
        { name: "updated", type: "autodate", onCreate: true, onUpdate: true },
      ],
      ...everyone,
    },
    {
      id: "private00000000",
      name: "private",
      type: "base",
      fields: [
        { name: "text", type: "text" },
        { name: "owner", type: "relation", collectionId: "members00000000", maxSelect: 1 },
      ],
      ...everyone,
      listRule: "owner = @request.auth.id",
      viewRule: "owner = @request.auth.id",
    },
  ]);
  await root.settings.update({ batch: { enabled: true, maxRequests: 50, timeout: 3 } });
}

export function later(limitMs, what) {
  // A promise with its resolve, that fails when it takes too long.
  let resolve;
  const promise = new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error(`nothing came: ${what}`)), limitMs);
    resolve = (value) => {
      clearTimeout(timer);
      done(value);
    };
  });
  return { promise, resolve };
}
