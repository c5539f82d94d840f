// A collection's description: fields, rules, indexes, options; or the whole of it as JSON.

import { call, get } from "../api.js";
import { confirmed, h, note, show } from "../dom.js";
import { forgetCollections } from "../frame.js";
import { area, checkbox, choice, json, labelled, pretty, problems, submitting, text } from "../forms.js";

const RULES = ["listRule", "viewRule", "createRule", "updateRule", "deleteRule"];
const AUTH_RULES = ["authRule", "manageRule"];
const EDITED = new Set(["id", "name", "type", "system", "fields", "indexes", "viewQuery", "created", "updated", ...RULES, ...AUTH_RULES]);

export async function collection({ name, query, collections }) {
  const found = collections.find((c) => c.name === name || c.id === name);
  if (name !== "+" && !found) throw new Error(`There is no collection ${name}.`);
  const scaffolds = await get("/api/collections/meta/scaffolds");
  const type = query.get("type") || "base";
  const start = found || { ...scaffolds[type], name: "" };
  return new Editor(start, found, scaffolds).element;
}

class Editor {
  constructor(start, saved, scaffolds) {
    this.draft = structuredClone(start);
    this.saved = saved;
    this.fieldTypes = Object.values(scaffolds).flatMap((s) => s.fields || []).map((f) => f.type);
    this.tabs = h("div", { class: "tabs", role: "tablist" });
    this.place = h("div", { class: "stack" });
    this.form = h("form", { class: "stack wide", novalidate: true, onsubmit: (e) => (e.preventDefault(), this.save()) },
      this.place, problems(), h("div", { class: "buttons sticky" },
        saved && h("button", { type: "button", class: "danger", onclick: () => this.truncate() }, "Delete all records"),
        saved && !saved.system && h("button", { type: "button", class: "danger", onclick: () => this.remove() }, "Delete collection"),
        h("div", { class: "spring" }),
        h("button", { class: "primary", type: "submit" }, saved ? "Save" : "Create")));
    this.element = h("section", { class: "page narrow" }, this.head(), this.tabs, this.form);
    this.open(this.draft.type === "view" ? "Query" : "Fields");
  }

  head() {
    const back = this.saved && h("a", { href: `#/collections/${encodeURIComponent(this.saved.name)}` }, "← records");
    return h("header", { class: "bar" }, h("h1", {}, this.saved ? this.saved.name : "New collection"), back,
      h("div", { class: "spring" }),
      !this.saved && choice("type", ["base", "auth", "view"], this.draft.type, {
        "aria-label": "Type", onchange: (e) => { location.hash = `#/schema/+?type=${e.target.value}`; },
      }));
  }

  pages() {
    const isView = this.draft.type === "view";
    return { [isView ? "Query" : "Fields"]: isView ? this.queryPage : this.fieldsPage, Rules: this.rulesPage,
      ...(isView ? {} : { Indexes: this.indexesPage }),
      ...(this.draft.type === "auth" ? { "Auth options": this.optionsPage } : {}), JSON: this.jsonPage };
  }

  // `leave` of the open page takes its inputs into the draft; it may throw.
  open(name) {
    try {
      this.leave?.();
    } catch (error) {
      return note(error.message, "bad");
    }
    const pages = this.pages();
    show(this.tabs, Object.keys(pages).map((n) =>
      h("button", { type: "button", role: "tab", "aria-selected": String(n === name), onclick: () => this.open(n) }, n)));
    this.leave = undefined;
    show(this.place, pages[name].call(this));
  }

  nameInput() {
    const input = text("name", this.draft.name, { disabled: this.draft.system, oninput: () => (this.draft.name = input.value), placeholder: "posts" });
    return labelled("Name", input, "", "name");
  }

  fieldsPage() {
    const list = h("div", { class: "fields" });
    const rows = this.draft.fields.map((field) => new FieldRow(field));
    const fill = () => show(list, rows.map((row) => row.element(() => {
      rows.splice(rows.indexOf(row), 1);
      fill();
    })));
    fill();
    const types = ["text", "editor", "number", "bool", "email", "url", "date", "autodate", "select", "file", "relation", "json", "geoPoint", "password"];
    const type = choice("newType", types, "text", { "aria-label": "Type of a new field" });
    const add = () => {
      const names = new Set(rows.map((r) => r.field.name));
      let name = "field";
      for (let n = 2; names.has(name); n++) name = `field${n}`;
      rows.push(new FieldRow({ name, type: type.value, ...START[type.value] }, true));
      fill();
    };
    this.leave = () => (this.draft.fields = rows.map((row) => row.read()));
    return [this.nameInput(), list,
      h("div", { class: "bar" }, type, h("button", { type: "button", onclick: add }, "+ Add field"))];
  }

  queryPage() {
    const input = area("viewQuery", this.draft.viewQuery, { rows: 12, class: "mono", placeholder: "SELECT id, title FROM posts" });
    this.leave = () => (this.draft.viewQuery = input.value);
    return [this.nameInput(), labelled("SELECT query", input, "It must give a column named id that is unique.", "viewQuery")];
  }

  rulesPage() {
    const names = [...(this.draft.type === "view" ? RULES.slice(0, 2) : RULES), ...(this.draft.type === "auth" ? AUTH_RULES : [])];
    return names.map((name) => this.ruleInput(name));
  }

  ruleInput(name) {
    const input = area(name, this.draft[name] ?? "", { rows: 2, class: "mono", placeholder: "everyone" });
    const lock = checkbox(`${name}Lock`, this.draft[name] === null || this.draft[name] === undefined, "superusers only");
    const follow = () => {
      const isLocked = lock.firstChild.checked;
      input.disabled = isLocked;
      this.draft[name] = isLocked ? null : input.value;
    };
    lock.firstChild.addEventListener("change", follow);
    input.addEventListener("input", follow);
    input.disabled = lock.firstChild.checked;
    return labelled(h("span", { class: "bar" }, name, h("div", { class: "spring" }), lock), input, "", name);
  }

  indexesPage() {
    const input = area("indexes", (this.draft.indexes || []).join("\n"), { rows: 8, class: "mono",
      placeholder: `CREATE INDEX idx_title ON ${this.draft.name || "posts"} (title)` });
    this.leave = () => (this.draft.indexes = input.value.split("\n").map((l) => l.trim()).filter(Boolean));
    return labelled("Indexes", input, "One CREATE INDEX a line.", "indexes");
  }

  optionsPage() {
    const options = Object.fromEntries(Object.entries(this.draft).filter(([key]) => !EDITED.has(key)));
    const inputs = Object.entries(options).map(([key, value]) => [key, area(key, pretty(value), { rows: Math.min(12, pretty(value).split("\n").length), class: "mono" })]);
    this.leave = () => inputs.forEach(([key, input]) => (this.draft[key] = json(input.value, key)));
    return inputs.map(([key, input]) => labelled(key, input, "", key));
  }

  jsonPage() {
    const input = area("json", pretty(this.draft), { rows: 28, class: "mono" });
    this.leave = () => (this.draft = json(input.value, "The collection"));
    return labelled("The whole collection", input);
  }

  save() {
    return submitting(this.form, async () => {
      this.leave?.();
      const path = this.saved ? `/api/collections/${encodeURIComponent(this.saved.id)}` : "/api/collections";
      const saved = await call(this.saved ? "PATCH" : "POST", path, this.draft);
      forgetCollections();
      note("Saved.");
      location.hash = `#/collections/${encodeURIComponent(saved.name)}`;
    });
  }

  async truncate() {
    const { name } = this.saved;
    if (!(await confirmed(`All records of ${name} go, with their files. They can't be brought back.`, "Delete all", name))) return;
    await this.attempt("DELETE", `/api/collections/${encodeURIComponent(this.saved.id)}/truncate`, "All records are deleted.", `#/collections/${encodeURIComponent(name)}`);
  }

  async remove() {
    const { name } = this.saved;
    if (!(await confirmed(`The collection ${name} goes, with all its records and files.`, "Delete", name))) return;
    await this.attempt("DELETE", `/api/collections/${encodeURIComponent(this.saved.id)}`, "Deleted.", "#/collections");
  }

  async attempt(method, path, message, then) {
    try {
      await call(method, path);
      forgetCollections();
      note(message);
      location.hash = then;
    } catch (error) {
      note(error.lines?.join("\n") || error.message, "bad");
    }
  }
}

const START = {
  select: { values: ["a", "b"], maxSelect: 1 },
  file: { maxSelect: 1, mimeTypes: [], thumbs: [] },
  relation: { collectionId: "", maxSelect: 1, cascadeDelete: false },
  autodate: { onCreate: true, onUpdate: true },
};
const SHOWN = new Set(["id", "name", "type", "system", "required", "hidden"]);

class FieldRow {
  constructor(field, isNew = false) {
    this.field = field;
    this.isOpen = isNew && field.type in START;
  }

  element(remove) {
    const { field } = this;
    const isFixed = field.system;
    this.name = text("fieldName", field.name, { disabled: isFixed, "aria-label": "Field name", oninput: (e) => (field.name = e.target.value) });
    const options = Object.fromEntries(Object.entries(field).filter(([key]) => !SHOWN.has(key)));
    this.options = area("options", pretty(options), { rows: pretty(options).split("\n").length, class: "mono", "aria-label": "Options" });
    const details = h("details", { open: this.isOpen, ontoggle: (e) => (this.isOpen = e.target.open) }, h("summary", {}, "Options"), this.options);
    return h("div", { class: "fieldrow" },
      h("div", { class: "bar" }, this.name, h("span", { class: "chip" }, field.type),
        "required" in field || !isFixed ? checkbox("required", field.required, "required", { onchange: (e) => (field.required = e.target.checked) }) : null,
        checkbox("hidden", field.hidden, "hidden", { onchange: (e) => (field.hidden = e.target.checked) }),
        h("div", { class: "spring" }),
        !isFixed && h("button", { type: "button", class: "quiet", onclick: remove, "aria-label": `Remove ${field.name}` }, "✕")),
      details);
  }

  read() {
    const kept = Object.fromEntries(Object.entries(this.field).filter(([key]) => SHOWN.has(key)));
    if (kept.type === "autodate") delete kept.required;
    return { ...kept, ...json(this.options.value, `The options of ${this.field.name}`) };
  }
}
