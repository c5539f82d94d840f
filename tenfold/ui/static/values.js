// How values look in tables.

import { h } from "./dom.js";

const LONG = 80;

export function shortValue(field, value) {
  if (value === "" || value === null || value === undefined) return h("span", { class: "none" }, "—");
  if (Array.isArray(value) && field.type !== "json") {
    if (!value.length) return h("span", { class: "none" }, "—");
    const chips = value.slice(0, 3).map((v) => h("span", { class: "chip" }, cut(String(v), 24)));
    return value.length > 3 ? [...chips, h("span", { class: "quiet" }, `+${value.length - 3}`)] : chips;
  }
  if (field.type === "bool") return h("span", { class: value ? "chip good" : "chip" }, value ? "true" : "false");
  if (field.type === "select" || field.type === "file") return h("span", { class: "chip" }, cut(String(value), 32));
  if (field.type === "relation") return h("span", { class: "chip mono" }, String(value));
  if (field.type === "geoPoint") return `${value.lat}, ${value.lon}`;
  if (field.type === "date" || field.type === "autodate") return moment(value);
  if (field.type === "editor") return cut(plain(String(value)), LONG);
  if (typeof value === "object") return h("code", {}, cut(JSON.stringify(value), LONG));
  if (field.name === "id") return h("span", { class: "mono" }, value);
  return cut(String(value), LONG);
}

export function moment(value) {
  const [day, time = ""] = String(value).replace("Z", "").split(" ");
  return h("span", { class: "moment", title: value }, day, h("small", {}, " ", time.slice(0, 8)));
}

export const cut = (text, length) => (text.length > length ? `${text.slice(0, length)}…` : text);

export const bytes = (count) => {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = count > 0 ? Math.min(units.length - 1, Math.floor(Math.log2(count) / 10)) : 0;
  return `${(count / 1024 ** power).toFixed(power ? 1 : 0)} ${units[power]}`;
};

function plain(html) {
  return new DOMParser().parseFromString(html, "text/html").body.textContent.replace(/\s+/g, " ").trim();
}
