// One record: a form with an input per field, or its JSON.

import { call, fileUrl, get, recordsPath } from "../api.js";
import { confirmed, debounced, h, note, panel, show } from "../dom.js";
import { area, checkbox, choice, json, labelled, pretty, problems, submitting, text } from "../forms.js";
import { shortValue } from "../values.js";

export function editRecord(collection, collections, record, saved) {
  const isView = collection.type === "view";
  const title = record ? `${isView ? "View" : "Edit"} ${collection.name} record` : `New ${collection.name} record`;
  panel(title, (close) => {
    const place = h("div");
    const done = (message) => { note(message); close(); saved(); };
    const modes = {
      Form: () => recordForm(collection, collections, record, done),
      JSON: () => jsonForm(collection, record, done),
    };
    const tabs = h("div", { class: "tabs", role: "tablist" });
    const open = (name) => {
      show(tabs, Object.keys(modes).map((n) => h("button", { type: "button", role: "tab", "aria-selected": String(n === name), onclick: () => open(n) }, n)));
      show(place, modes[name]());
    };
    open(isView ? "JSON" : "Form");
    return [record && !isView && facts(collection, record, done), tabs, place];
  });
}

function facts(collection, record, done) {
  const remove = async () => {
    if (!(await confirmed(`Delete ${record.id}? It can't be brought back.`, "Delete"))) return;
    try {
      await call("DELETE", recordsPath(collection.name, record.id));
      done("Deleted.");
    } catch (error) {
      note(error.message, "bad");
    }
  };
  return h("div", { class: "bar" }, h("code", {}, record.id), h("div", { class: "spring" }),
    h("button", { type: "button", class: "danger", onclick: remove }, "Delete"));
}

function jsonForm(collection, record, done) {
  const isView = collection.type === "view";
  const input = area("json", pretty(record || {}), { rows: 24, class: "mono", readonly: isView });
  const form = h("form", { class: "stack", onsubmit: (e) => (e.preventDefault(), save()) },
    labelled("JSON", input), problems(), !isView && h("div", { class: "buttons" }, h("button", { class: "primary" }, "Save")));
  const save = () => submitting(form, async () => {
    await send(collection, record, json(input.value, "The record"));
    done("Saved.");
  });
  return form;
}

const send = (collection, record, body) =>
  call(record ? "PATCH" : "POST", recordsPath(collection.name, record?.id), body);

function recordForm(collection, collections, record, done) {
  const inputs = collection.fields.flatMap((field) => {
    const made = makeInput(field, record?.[field.name], { record, collections, collection });
    return made ? [{ field, ...made }] : [];
  });
  const form = h("form", { class: "stack", novalidate: true, onsubmit: (e) => (e.preventDefault(), save()) },
    inputs.map((i) => i.element), problems(),
    h("div", { class: "buttons sticky" }, h("button", { class: "primary" }, record ? "Save" : "Create")));
  const save = () => submitting(form, async () => {
    const body = new FormData();
    const values = {};
    for (const { field, read } of inputs) Object.assign(values, read(field, body));
    body.append("@jsonPayload", JSON.stringify(values));
    const hasFiles = [...body.keys()].length > 1;
    await send(collection, record, hasFiles ? body : values);
    done(record ? "Saved." : "Created.");
  });
  return form;
}

const isMany = (field) => (field.maxSelect || 1) > 1;

function makeInput(field, value, context) {
  const maker = MAKERS[field.type] || MAKERS.json;
  if (field.name === "id") return idInput(field, context.record);
  if (field.name === "tokenKey" && context.collection.type === "auth") return null;
  return maker(field, value, context);
}

function title(field) {
  return h("span", {}, field.name, field.required && h("b", { class: "needed", title: "required" }, " *"),
    h("small", { class: "quiet" }, ` ${field.type}`));
}

function one(field, input, read, hint = "") {
  return { element: labelled(title(field), input, field.help || hint, field.name), read };
}

function idInput(field, record) {
  if (record) return null;
  const input = text(field.name, "", { class: "mono", placeholder: "made by itself when left empty" });
  return one(field, input, () => (input.value ? { id: input.value } : {}));
}

const simple = (type, more = {}) => (field, value) => {
  const input = text(field.name, value ?? "", { type, ...more });
  return one(field, input, () => ({ [field.name]: input.value }));
};

const MAKERS = {
  text(field, value) {
    const isLong = (value || "").length > 80 || (value || "").includes("\n");
    const input = isLong ? area(field.name, value) : text(field.name, value ?? "");
    return one(field, input, () => ({ [field.name]: input.value }));
  },
  email: simple("email"),
  url: simple("url"),
  date: simple("text", { placeholder: "2026-01-31 23:59:59.000Z" }),
  autodate: () => null,
  editor(field, value) {
    const input = area(field.name, value ?? "", { rows: 8 });
    return one(field, input, () => ({ [field.name]: input.value }), "HTML");
  },
  number(field, value) {
    const input = text(field.name, String(value ?? ""), { type: "number", step: "any" });
    return one(field, input, () => ({ [field.name]: input.value === "" ? 0 : Number(input.value) }));
  },
  bool(field, value) {
    const label = checkbox(field.name, value, title(field));
    const element = h("div", { class: "field", "data-name": field.name }, label, h("p", { class: "problem", role: "alert" }));
    return { element, read: () => ({ [field.name]: label.firstChild.checked }) };
  },
  select(field, value) {
    if (!isMany(field)) {
      const input = choice(field.name, ["", ...field.values], value ?? "");
      return one(field, input, () => ({ [field.name]: input.value }));
    }
    const boxes = field.values.map((v) => checkbox(field.name, (value || []).includes(v), v, { value: v }));
    return one(field, h("div", { class: "choices" }, boxes), () => ({
      [field.name]: boxes.filter((b) => b.firstChild.checked).map((b) => b.firstChild.value),
    }));
  },
  password(field, value, { record }) {
    const input = text(field.name, "", { type: "password", autocomplete: "new-password" });
    return one(field, input, () => (input.value ? { [field.name]: input.value, passwordConfirm: input.value } : {}),
      record ? "Leave it empty to keep the password." : "");
  },
  json(field, value) {
    const input = area(field.name, value === undefined ? "null" : pretty(value), { class: "mono" });
    return one(field, input, () => ({ [field.name]: input.value.trim() ? json(input.value, field.name) : null }));
  },
  geoPoint(field, value) {
    const lat = text("lat", String(value?.lat ?? 0), { type: "number", step: "any", "aria-label": "latitude" });
    const lon = text("lon", String(value?.lon ?? 0), { type: "number", step: "any", "aria-label": "longitude" });
    return one(field, h("div", { class: "pair" }, lat, lon), () => ({
      [field.name]: { lon: Number(lon.value), lat: Number(lat.value) },
    }), "latitude, longitude");
  },
  file: fileInput,
  relation: relationInput,
};

function fileInput(field, value, { record }) {
  const kept = [].concat(value || []).filter(Boolean);
  const gone = new Set();
  const list = h("ul", { class: "files" });
  const fill = () => show(list, kept.map((name) => h("li", { class: gone.has(name) ? "gone" : "" },
    h("button", { type: "button", class: "link", onclick: async () => window.open(await fileUrl(record, name), "_blank", "noopener") }, name),
    h("button", { type: "button", class: "quiet", "aria-label": `Remove ${name}`, onclick: () => { if (!gone.delete(name)) gone.add(name); fill(); } },
      gone.has(name) ? "keep" : "remove"))));
  fill();
  const input = h("input", { type: "file", multiple: isMany(field), name: field.name });
  const read = (_, body) => {
    for (const file of input.files) body.append(isMany(field) ? `${field.name}+` : field.name, file);
    if (!gone.size) return {};
    return isMany(field) ? { [`${field.name}-`]: [...gone] } : input.files.length ? {} : { [field.name]: "" };
  };
  return one(field, h("div", { class: "stack tight" }, list, input), read);
}

function relationInput(field, value, { collections }) {
  const target = collections.find((c) => c.id === field.collectionId);
  let ids = [].concat(value || []).filter(Boolean);
  const list = h("div", { class: "choices" });
  const fill = () => show(list,
    ids.map((id) => h("span", { class: "chip mono" }, id,
      h("button", { type: "button", "aria-label": `Remove ${id}`, onclick: () => { ids = ids.filter((i) => i !== id); fill(); } }, "✕"))),
    h("button", { type: "button", onclick: pick }, isMany(field) ? "+ Add" : ids.length ? "Change" : "Choose"));
  const pick = () => pickRecord(target, (id) => {
    ids = isMany(field) ? [...new Set([...ids, id])] : [id];
    fill();
  });
  fill();
  return one(field, list, () => ({ [field.name]: isMany(field) ? ids : ids[0] || "" }), target ? `of ${target.name}` : "");
}

function pickRecord(collection, picked) {
  panel(`Choose from ${collection.name}`, (close) => {
    const list = h("div", { class: "list" });
    const names = collection.fields.filter((f) => f.presentable || ["name", "title", "email", "username"].includes(f.name));
    const load = async () => {
      const searched = ["id", ...names.map((f) => f.name)].map((n) => `${n} ~ ${JSON.stringify(search.value)}`).join(" || ");
      const { items } = await get(recordsPath(collection.name), { perPage: 30, filter: search.value ? searched : "", skipTotal: 1 });
      show(list, items.map((record) => h("button", { type: "button", class: "row", onclick: () => { picked(record.id); close(); } },
        h("code", {}, record.id), names.map((f) => h("span", {}, " ", shortValue(f, record[f.name]))))),
      !items.length && h("p", { class: "quiet" }, "Nothing found."));
    };
    const search = h("input", { type: "search", placeholder: "Search…", "aria-label": "Search", oninput: debounced(250, load) });
    load().catch((error) => note(error.message, "bad"));
    return h("div", { class: "stack" }, search, list);
  }, "box");
}
