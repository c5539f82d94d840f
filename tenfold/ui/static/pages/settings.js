// The stored settings: a form made from what the API shows.

import { call, get } from "../api.js";
import { h, note, show } from "../dom.js";
import { area, checkbox, choice, json, labelled, pretty, problems, submitting, text } from "../forms.js";

const SECTIONS = [
  ["meta", "Application", "How the app presents itself, in mails above all."],
  ["smtp", "Mail", "Without a server, mails are written to the log."],
  ["s3", "File storage", "Uploaded files live in the data folder, or in an S3 bucket."],
  ["backups", "Backups", "When to back up by itself (a cron expression), how many to keep, and where."],
  ["batch", "Batch requests", "Many writes in one request and one transaction."],
  ["rateLimits", "Rate limits", "How many requests a client may make in so many seconds."],
  ["trustedProxy", "Trusted proxy", "Headers in which a proxy in front tells the client's address."],
  ["logs", "Request log", "What is kept of each request."],
  ["superuserIPs", "Superuser addresses", "IP addresses or ranges superusers may come from; none: all."],
];
const SECRETS = { smtp: ["password"], s3: ["secret"], "backups.s3": ["secret"] };
const CHOICES = { "smtp.authMethod": ["", "PLAIN", "LOGIN"] };
const TITLES = { appURL: "Application URL", tls: "TLS from the first byte", logIP: "Log IP addresses", logAuthId: "Log who asked" };

export async function settings() {
  const current = await get("/api/settings");
  const parts = SECTIONS.map(([key, title, about]) => section(key, title, about, current[key]));
  return h("section", { class: "page narrow" }, h("header", { class: "bar" }, h("h1", {}, "Settings")), parts);
}

function section(key, title, about, value) {
  const place = h("div", { class: "stack" });
  let read;
  const fill = (shown) => {
    const made = inputs(key, shown);
    read = made.read;
    show(place, made.elements);
  };
  fill(value);
  const form = h("form", { class: "stack", novalidate: true, onsubmit: (e) => (e.preventDefault(), save()) },
    h("p", { class: "quiet" }, about), place, problems(),
    h("div", { class: "buttons" }, tests(key), h("div", { class: "spring" }), h("button", { class: "primary", type: "submit" }, "Save")));
  const save = () => submitting(form, async () => {
    const saved = await call("PATCH", "/api/settings", { [key]: read() });
    fill(saved[key]);
    note("Saved.");
  });
  return h("details", { class: "section", open: key === "meta" }, h("summary", {}, title), form);
}

// Inputs for a JSON value, whatever its shape; `read` gives the value back.
function inputs(path, value) {
  if (Array.isArray(value)) return list(path, value);
  const parts = Object.entries(value).map(([key, part]) => [key, input(`${path}.${key}`, key, part)]);
  for (const secret of SECRETS[path] || []) parts.push([secret, secretInput(`${path}.${secret}`, secret)]);
  return {
    elements: parts.map(([, part]) => part.element),
    read: () => Object.fromEntries(parts.map(([key, part]) => [key, part.read()]).filter(([, v]) => v !== undefined)),
  };
}

function list(path, value) {
  const isTexts = value.every((v) => typeof v === "string") && !path.endsWith("rules");
  const field = isTexts ? area(path, value.join("\n"), { rows: Math.max(2, value.length) })
    : area(path, pretty(value), { rows: Math.min(24, pretty(value).split("\n").length), class: "mono" });
  const name = path.split(".").pop();
  return {
    elements: [labelled(titled(name), field, isTexts ? "One a line." : "", path)],
    read: () => (isTexts ? field.value.split("\n").map((l) => l.trim()).filter(Boolean) : json(field.value, name)),
  };
}

function input(path, key, value) {
  if (Array.isArray(value)) {
    const made = list(path, value);
    return { element: made.elements[0], read: made.read };
  }
  if (typeof value === "object") {
    const made = inputs(path, value);
    return { element: h("fieldset", {}, h("legend", {}, titled(key)), made.elements), read: made.read };
  }
  if (typeof value === "boolean") {
    const box = checkbox(path, value, titled(key));
    return { element: h("div", { class: "field", "data-name": path }, box, h("p", { class: "problem" })), read: () => box.firstChild.checked };
  }
  if (CHOICES[path]) {
    const field = choice(path, CHOICES[path], value);
    return { element: labelled(titled(key), field, "", path), read: () => field.value };
  }
  const isNumber = typeof value === "number";
  const field = text(path, String(value), isNumber ? { type: "number" } : key === "accentColor" ? { type: "color" } : {});
  return { element: labelled(titled(key), field, "", path), read: () => (isNumber ? Number(field.value) : field.value) };
}

function secretInput(path, key) {
  const field = text(path, "", { type: "password", autocomplete: "new-password" });
  return { element: labelled(titled(key), field, "Never shown; leave it empty to keep it.", path), read: () => field.value || undefined };
}

function titled(key) {
  const words = key.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return TITLES[key] || words.charAt(0).toUpperCase() + words.slice(1);
}

function tests(key) {
  if (key === "s3" || key === "backups") {
    const filesystem = key === "s3" ? "storage" : "backups";
    return h("button", { type: "button", onclick: () => attempt("/api/settings/test/s3", { filesystem }, "The bucket works.") }, "Test the saved bucket");
  }
  if (key !== "smtp") return null;
  const email = text("testEmail", "", { type: "email", placeholder: "you@example.com", "aria-label": "Address for a test mail" });
  return [email, h("button", { type: "button", onclick: () => attempt("/api/settings/test/email", { email: email.value, template: "verification" }, "The mail is sent.") }, "Send a test mail")];
}

async function attempt(path, body, message) {
  try {
    await call("POST", path, body);
    note(message);
  } catch (error) {
    note(error.lines?.join("\n") || error.message, "bad");
  }
}
