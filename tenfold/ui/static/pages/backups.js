// Backups: make, upload, download, restore, delete.

import { call, get } from "../api.js";
import { confirmed, h, note, show } from "../dom.js";
import { bytes, moment } from "../values.js";

const PATH = "/api/backups";

export async function backups() {
  const table = h("div", { class: "scroll" });
  const load = async () => {
    const found = (await get(PATH)).sort((a, b) => (a.modified < b.modified ? 1 : -1));
    show(table, found.length ? rows(found, load) : h("div", { class: "empty" }, h("p", {}, "There are no backups yet.")));
  };
  await load();
  const make = h("button", { class: "primary", onclick: () => attempt(make, "The backup is made.", () => call("POST", PATH, {}), load) }, "Back up now");
  const file = h("input", { type: "file", accept: ".zip", hidden: true, onchange: () => upload(file, load) });
  return h("section", { class: "page" },
    h("header", { class: "bar" }, h("h1", {}, "Backups"), h("button", { class: "quiet", onclick: load, title: "Load again" }, "⟳"), h("div", { class: "spring" }),
      file, h("button", { onclick: () => file.click() }, "Upload"), make), table);
}

const at = (key, rest = "") => `${PATH}/${encodeURIComponent(key)}${rest}`;

function rows(found, load) {
  return h("table", { class: "records still" },
    h("thead", {}, h("tr", {}, ["name", "size", "made", ""].map((t) => h("th", {}, t)))),
    h("tbody", {}, found.map(({ key, size, modified }) => h("tr", {},
      h("td", { class: "mono" }, key), h("td", { class: "number" }, bytes(size)), h("td", {}, moment(modified)),
      h("td", { class: "actions" },
        h("button", { onclick: () => download(key) }, "Download"),
        h("button", { onclick: () => restore(key) }, "Restore"),
        h("button", { class: "danger", onclick: () => remove(key, load) }, "Delete"))))));
}

async function attempt(button, message, action, then) {
  if (button) button.disabled = true;
  try {
    await action();
    note(message);
    await then?.();
  } catch (error) {
    note(error.lines?.join("\n") || error.message, "bad");
  } finally {
    if (button) button.disabled = false;
  }
}

async function upload(input, load) {
  const body = new FormData();
  body.append("file", input.files[0]);
  await attempt(null, "Uploaded.", () => call("POST", `${PATH}/upload`, body), load);
  input.value = "";
}

async function download(key) {
  await attempt(null, "The download begins.", async () => {
    const { token } = await call("POST", "/api/files/token");
    location.assign(at(key, `?token=${encodeURIComponent(token)}`));
  });
}

async function restore(key) {
  if (!(await confirmed("All present data is replaced by the backup's.", "Restore", key))) return;
  await attempt(null, "The backup is being restored.", () => call("POST", at(key, "/restore")));
}

async function remove(key, load) {
  if (await confirmed(`Delete ${key}?`, "Delete")) await attempt(null, "Deleted.", () => call("DELETE", at(key)), load);
}
