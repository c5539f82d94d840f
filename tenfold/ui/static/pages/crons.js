// Crons: what runs when, and running it now.

import { call, get } from "../api.js";
import { h, note } from "../dom.js";

export async function crons() {
  const found = await get("/api/crons");
  const run = async (id, button) => {
    button.disabled = true;
    try {
      await call("POST", `/api/crons/${encodeURIComponent(id)}`);
      note(`${id} is started.`);
    } catch (error) {
      note(error.message, "bad");
    } finally {
      button.disabled = false;
    }
  };
  return h("section", { class: "page" }, h("header", { class: "bar" }, h("h1", {}, "Crons")),
    h("div", { class: "scroll" }, h("table", { class: "records still" },
      h("thead", {}, h("tr", {}, ["name", "when (UTC)", ""].map((t) => h("th", {}, t)))),
      h("tbody", {}, found.map(({ id, expression }) => h("tr", {},
        h("td", { class: "mono" }, id), h("td", { class: "mono" }, expression),
        h("td", { class: "actions" }, h("button", { onclick: (e) => run(id, e.currentTarget) }, "Run now"))))))));
}
