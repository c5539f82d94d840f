// The request log: how much, what, and the details of each request.

import { call, get } from "../api.js";
import { confirmed, debounced, h, note, panel, show, svg } from "../dom.js";
import { pretty } from "../forms.js";
import { moment } from "../values.js";

const PER_PAGE = 50;
const LEVELS = { "-4": "debug", 0: "info", 4: "warning", 8: "error" };

export async function logs({ query }) {
  const state = { page: 1, filter: query.get("filter") || "", onlyErrors: false };
  const chart = h("div", { class: "chart" });
  const table = h("div", { class: "scroll" });
  const foot = h("footer", { class: "bar" });
  const input = h("input", { type: "search", class: "grow", value: state.filter, "aria-label": "Filter",
    placeholder: 'Search, or a filter such as  data.status >= 400 && data.url ~ "posts"',
    oninput: debounced(350, () => go({ filter: input.value, page: 1 })) });
  const errors = h("input", { type: "checkbox", onchange: () => go({ onlyErrors: errors.checked, page: 1 }) });

  function filter() {
    const words = state.filter.trim();
    const asked = !words || /[=~<>]/.test(words) ? words : `message ~ ${JSON.stringify(words)}`;
    return [state.onlyErrors && "level > 0", asked && `(${asked})`].filter(Boolean).join(" && ");
  }

  async function go(change) {
    Object.assign(state, change);
    try {
      const [found, hours] = await Promise.all([
        get("/api/logs", { page: state.page, perPage: PER_PAGE, sort: "-created,-@rowid", filter: filter() }),
        get("/api/logs/stats", { filter: filter() }),
      ]);
      show(chart, bars(hours));
      show(table, rows(found.items));
      show(foot, h("span", { class: "quiet" }, `${found.totalItems.toLocaleString()} in all`), h("div", { class: "spring" }),
        found.totalPages > 1 && [
          h("button", { disabled: state.page <= 1, "aria-label": "Previous page", onclick: () => go({ page: state.page - 1 }) }, "‹"),
          h("span", {}, `${state.page} of ${found.totalPages}`),
          h("button", { disabled: state.page >= found.totalPages, "aria-label": "Next page", onclick: () => go({ page: state.page + 1 }) }, "›")]);
    } catch (error) {
      show(table, h("div", { class: "empty" }, h("p", {}, error.message)));
    }
  }

  async function clear() {
    if (!(await confirmed("All logged requests are forgotten.", "Clear the log"))) return;
    try {
      await call("DELETE", "/api/logs");
    } catch (error) {
      return note(error.message, "bad");
    }
    await go({ page: 1 });
  }

  await go({});
  return h("section", { class: "page" },
    h("header", { class: "bar" }, h("h1", {}, "Logs"), h("button", { class: "quiet", onclick: () => go({}), title: "Load again" }, "⟳"),
      h("div", { class: "spring" }), h("label", { class: "check" }, errors, "errors only"), h("button", { onclick: clear }, "Clear")),
    h("div", { class: "bar" }, input), chart, table, foot);
}

function rows(items) {
  if (!items.length) return h("div", { class: "empty" }, h("p", {}, "Nothing is logged here."));
  return h("table", { class: "records" },
    h("thead", {}, h("tr", {}, ["level", "status", "message", "took", "who", "created"].map((t) => h("th", {}, t)))),
    h("tbody", {}, items.map((row) => h("tr", { tabindex: "0", onclick: () => details(row), onkeydown: (e) => e.key === "Enter" && details(row) },
      h("td", {}, h("span", { class: `chip ${row.level >= 8 ? "bad" : row.level >= 4 ? "warn" : ""}` }, LEVELS[row.level] || row.level)),
      h("td", { class: "number" }, row.data.status ?? ""),
      h("td", { class: "grow" }, row.message.slice(0, 160)),
      h("td", { class: "number" }, row.data.execTime === undefined ? "" : `${row.data.execTime.toFixed(1)} ms`),
      h("td", {}, row.data.auth || ""),
      h("td", {}, moment(row.created))))));
}

function details(row) {
  panel(row.message.slice(0, 60), () => h("pre", {}, pretty(row)));
}

function bars(hours) {
  if (!hours.length) return null;
  const last = hours.slice(-72);
  const most = Math.max(...last.map((hour) => hour.total));
  const picture = svg("svg", { viewBox: `0 0 ${last.length * 10} 60`, preserveAspectRatio: "none", role: "img", "aria-label": "Requests an hour" },
    last.map((hour, i) => svg("rect", { x: i * 10 + 1, width: 8, rx: 1.5, y: 60 - Math.max(2, (hour.total / most) * 58), height: Math.max(2, (hour.total / most) * 58) },
      svg("title", {}, `${hour.date.slice(0, 16)}: ${hour.total}`))));
  picture.style.width = `min(100%, ${last.length * 16}px)`;
  return picture;
}
