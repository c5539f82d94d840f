// A collection's records: search, filter, sort, page, pick, and the way to each of them.

import { call, get, recordsPath } from "../api.js";
import { confirmed, debounced, h, note, show } from "../dom.js";
import { shortValue } from "../values.js";
import { editRecord } from "./record.js";

const PER_PAGE = 40;
const SEARCHED = new Set(["text", "email", "url", "editor", "select", "relation", "number", "autodate", "date", "json"]);

export async function records({ name, query, collections }) {
  const collection = collections.find((c) => c.name === name || c.id === name);
  if (!collection) return name ? missing(name) : first(collections);
  const view = new RecordsView(collection, collections, query);
  await view.load();
  return view.element;
}

function missing(name) {
  return h("div", { class: "empty" }, h("h2", {}, "No such collection"), h("p", {}, name));
}

function first(collections) {
  const own = collections.find((c) => !c.system) || collections[0];
  if (own) location.replace(`#/collections/${encodeURIComponent(own.name)}`);
  return h("div", { class: "empty" }, h("p", {}, "Make a collection to begin."));
}

class RecordsView {
  constructor(collection, collections, query) {
    this.collection = collection;
    this.collections = collections;
    this.isView = collection.type === "view";
    this.fields = collection.fields.filter((f) => f.type !== "password" && f.name !== "tokenKey");
    this.page = Math.max(1, Number(query.get("page")) || 1);
    this.sort = query.get("sort") ?? (this.has("created") ? "-created" : this.isView ? "" : "-@rowid");
    this.search = query.get("filter") || "";
    this.picked = new Set();
    this.table = h("div", { class: "scroll" });
    this.foot = h("footer", { class: "bar" });
    this.element = h("section", { class: "page" }, this.head(), this.table, this.foot);
  }

  has(name) {
    return this.collection.fields.some((f) => f.name === name);
  }

  head() {
    const collection = this.collection;
    const input = h("input", {
      type: "search", value: this.search, class: "grow", "aria-label": "Search or filter",
      placeholder: 'Search, or a filter such as  title ~ "abc" && created > @todayStart',
      oninput: debounced(350, () => this.go({ search: input.value, page: 1 })),
    });
    return [
      h("header", { class: "bar" },
        h("h1", {}, collection.name),
        h("a", { class: "button quiet", href: `#/schema/${encodeURIComponent(collection.name)}`, title: "Edit the collection" }, "⚙ Edit"),
        h("button", { class: "quiet", onclick: () => this.load(), title: "Load again" }, "⟳"),
        h("div", { class: "spring" }),
        !this.isView && h("button", { class: "primary", onclick: () => this.edit(null) }, "+ New record")),
      h("div", { class: "bar" }, input),
    ];
  }

  // Plain words are looked for in every searchable field; anything with an operator is a filter.
  filter() {
    const words = this.search.trim();
    if (!words || /[=~<>]/.test(words)) return words;
    const quoted = JSON.stringify(words);
    const names = this.collection.fields.filter((f) => SEARCHED.has(f.type) && f.name !== "tokenKey").map((f) => f.name);
    return [...new Set(["id", ...names])].map((n) => `${n} ~ ${quoted}`).join(" || ");
  }

  async go(change) {
    Object.assign(this, change);
    const kept = new URLSearchParams(Object.entries({ filter: this.search, sort: this.sort, page: String(this.page) }).filter(([, v]) => v));
    history.replaceState(null, "", `#/collections/${encodeURIComponent(this.collection.name)}?${kept}`);
    await this.load();
  }

  async load() {
    this.picked.clear();
    const asked = (this.asked = {});
    try {
      const answer = await get(recordsPath(this.collection.name), {
        page: this.page, perPage: PER_PAGE, sort: this.sort, filter: this.filter(),
      });
      if (asked !== this.asked) return;
      this.answer = answer;
    } catch (error) {
      if (asked !== this.asked) return;
      show(this.table, h("div", { class: "empty" }, h("h2", {}, "Can't list"), h("p", {}, error.message)));
      show(this.foot);
      return;
    }
    this.fill();
  }

  fill() {
    const { items, totalItems, totalPages } = this.answer;
    show(this.table, items.length ? this.rows(items) : h("div", { class: "empty" },
      h("p", {}, this.search ? "Nothing matches." : "There are no records yet."),
      this.search && h("button", { onclick: () => this.reset() }, "Clear the search")));
    const step = (by) => () => this.go({ page: this.page + by });
    show(this.foot,
      h("span", { class: "quiet" }, `${totalItems.toLocaleString()} in all`),
      this.picked.size > 0 && h("button", { class: "danger", onclick: () => this.deletePicked() },
        `Delete ${this.picked.size}`),
      h("div", { class: "spring" }),
      totalPages > 1 && [
        h("button", { disabled: this.page <= 1, onclick: step(-1), "aria-label": "Previous page" }, "‹"),
        h("span", {}, `${this.page} of ${totalPages}`),
        h("button", { disabled: this.page >= totalPages, onclick: step(1), "aria-label": "Next page" }, "›"),
      ]);
  }

  reset() {
    const input = this.element.querySelector("input[type=search]");
    input.value = "";
    this.go({ search: "", page: 1 });
  }

  rows(items) {
    const pick = (id, on) => {
      if (on) this.picked.add(id);
      else this.picked.delete(id);
      this.fill();
    };
    const all = h("input", {
      type: "checkbox", "aria-label": "Pick all", checked: this.picked.size === items.length,
      onchange: () => { items.forEach((r) => (all.checked ? this.picked.add(r.id) : this.picked.delete(r.id))); this.fill(); },
    });
    return h("table", { class: "records" },
      h("thead", {}, h("tr", {}, !this.isView && h("th", { class: "pick" }, all), this.fields.map((f) => this.heading(f)))),
      h("tbody", {}, items.map((record) => h("tr", {
        tabindex: "0", "data-id": record.id,
        onclick: () => this.edit(record),
        onkeydown: (e) => e.key === "Enter" && e.target === e.currentTarget && this.edit(record),
      },
        !this.isView && h("td", { class: "pick", onclick: (e) => e.stopPropagation() },
          h("input", { type: "checkbox", "aria-label": "Pick", checked: this.picked.has(record.id), onchange: (e) => pick(record.id, e.target.checked) })),
        this.fields.map((field) => h("td", { class: field.type }, shortValue(field, record[field.name])))))));
  }

  heading(field) {
    const order = this.sort === field.name ? "ascending" : this.sort === `-${field.name}` ? "descending" : undefined;
    return h("th", { "aria-sort": order },
      h("button", { onclick: () => this.go({ sort: order === "descending" ? field.name : `-${field.name}`, page: 1 }) },
        field.name, order && h("span", {}, order === "ascending" ? " ↑" : " ↓")));
  }

  edit(record) {
    editRecord(this.collection, this.collections, record, () => this.load());
  }

  async deletePicked() {
    const ids = [...this.picked];
    if (!(await confirmed(`Delete ${ids.length} record(s) of ${this.collection.name}? They can't be brought back.`, "Delete"))) return;
    let failed = "";
    for (const id of ids) {
      try {
        await call("DELETE", recordsPath(this.collection.name, id));
      } catch (error) {
        failed = error.message;
      }
    }
    if (failed) note(failed, "bad");
    else note("Deleted.");
    await this.load();
  }
}
