// SQL: type, run, look. Past queries stay in this browser.

import { call } from "../api.js";
import { h, show } from "../dom.js";
import { area, labelled, problems, submitting } from "../forms.js";

const KEY = "tenfold_sql";

export async function sql() {
  const past = JSON.parse(localStorage.getItem(KEY) || "[]");
  const input = area("query", past[0] || "SELECT id, name, type FROM _collections", { rows: 6, class: "mono",
    onkeydown: (e) => e.key === "Enter" && (e.ctrlKey || e.metaKey) && (e.preventDefault(), run()) });
  const result = h("div", { class: "scroll" });
  const history = h("select", { "aria-label": "Past queries", onchange: () => { input.value = history.value; } },
    h("option", { value: "" }, "Past queries…"), past.map((q) => h("option", { value: q }, q.slice(0, 80))));
  const form = h("form", { class: "stack wide", onsubmit: (e) => (e.preventDefault(), run()) },
    labelled("Query", input, "It runs as one transaction. Records may be changed; tables are changed through collections."), problems(),
    h("div", { class: "buttons" }, past.length > 0 && history, h("div", { class: "spring" }), h("button", { class: "primary" }, "Run")));
  const run = () => submitting(form, async () => {
    show(result, h("p", { class: "quiet" }, "Running…"));
    let answer;
    try {
      answer = await call("POST", "/api/sql", { query: input.value });
    } catch (error) {
      show(result);
      throw error;
    }
    localStorage.setItem(KEY, JSON.stringify([input.value, ...past.filter((q) => q !== input.value)].slice(0, 20)));
    show(result, outcome(answer));
  });
  return h("section", { class: "page" }, h("header", { class: "bar" }, h("h1", {}, "SQL")), form, result);
}

function outcome({ columns, rows, affectedRows, execTime }) {
  const said = columns.length ? `${rows.length}${rows.length === 1000 ? " or more" : ""} rows` : `${affectedRows} rows changed`;
  return [h("p", { class: "quiet" }, `${said} in ${execTime} ms`),
    columns.length > 0 && h("table", { class: "records still" },
      h("thead", {}, h("tr", {}, columns.map((c) => h("th", { title: c.type }, c.name)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map((v) => h("td", { class: "mono" }, v === null ? h("span", { class: "none" }, "NULL") : v.slice(0, 300)))))))];
}
