// Which page the address names. Pages that need a superuser send guests to the sign-in page.

import { session } from "./api.js";
import { h, note, show } from "./dom.js";
import { frame } from "./frame.js";
import { backups } from "./pages/backups.js";
import { collection } from "./pages/collection.js";
import { crons } from "./pages/crons.js";
import { logs } from "./pages/logs.js";
import { confirmEmailChange, confirmPasswordReset, confirmVerification, oauth2 } from "./pages/links.js";
import { records } from "./pages/records.js";
import { settings } from "./pages/settings.js";
import { install, requestReset, signIn } from "./pages/signin.js";
import { sql } from "./pages/sql.js";

const OPEN = {
  signin: signIn,
  "request-password-reset": requestReset,
  pbinstal: install,
};
const LINKS = {
  "confirm-verification": confirmVerification,
  "confirm-password-reset": confirmPasswordReset,
  "confirm-email-change": confirmEmailChange,
  "oauth2-redirect-success": () => oauth2(true),
  "oauth2-redirect-failure": () => oauth2(false),
};
const PAGES = { collections: records, schema: collection, logs, settings, backups, crons, sql };

const app = document.getElementById("app");
let turn = 0;

async function route() {
  const mine = ++turn;
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, ...rest] = path.split("/").map(decoded);
  document.querySelectorAll("dialog").forEach((dialog) => dialog.close());
  if (name === "auth" && LINKS[rest[0]]) return show(app, LINKS[rest[0]](rest[1]));
  if (OPEN[name]) return show(app, OPEN[name](rest[0]));
  if (!session.isOpen) {
    location.hash = "#/signin";
    return;
  }
  const page = PAGES[name] || records;
  try {
    const { main, collections } = await frame(app, name || "collections", rest[0]);
    const content = await page({ name: rest[0], query: new URLSearchParams(query), collections });
    if (mine === turn) show(main, content);
  } catch (error) {
    if (mine !== turn) return;
    note(error.message, "bad");
    const main = app.querySelector("main");
    if (main) show(main, h("div", { class: "empty" }, h("h2", {}, "Not found"), h("p", {}, error.message)));
  }
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

window.addEventListener("hashchange", route);
route();
