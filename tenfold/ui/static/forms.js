// Inputs, and how a form shows what the server found wrong.

import { ApiError } from "./api.js";
import { h, note } from "./dom.js";

let count = 0;

// A labelled input; the error's place is found by its name.
export function labelled(title, input, hint = "", name = "") {
  input.id ||= `input-${++count}`;
  return h("div", { class: "field", "data-name": name || input.name },
    h("label", { for: input.id }, title), input,
    hint && h("p", { class: "hint" }, hint),
    h("p", { class: "problem", role: "alert" }));
}

export function text(name, value = "", more = {}) {
  return h("input", { name, value, type: "text", autocomplete: "off", spellcheck: "false", ...more });
}

export function area(name, value = "", more = {}) {
  return h("textarea", { name, rows: 4, spellcheck: "false", ...more, value });
}

export function checkbox(name, checked, title, more = {}) {
  return h("label", { class: "check" }, h("input", { type: "checkbox", name, checked: !!checked, ...more }), title);
}

export function choice(name, options, value, more = {}) {
  return h("select", { name, ...more },
    options.map((o) => h("option", { value: o, selected: o === value }, o || "(none)")));
}

// Run what a form does; problems go beside their inputs, or above the form.
export async function submitting(form, action) {
  const button = form.querySelector("button[type=submit], button:not([type])");
  clear(form);
  if (button) button.disabled = true;
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    tell(form, error);
    return undefined;
  } finally {
    if (button) button.disabled = false;
  }
}

function clear(form) {
  form.querySelectorAll(".problem").forEach((p) => (p.textContent = ""));
  form.querySelectorAll(".field.wrong").forEach((f) => f.classList.remove("wrong"));
}

function tell(form, error) {
  const lines = error instanceof ApiError ? error.lines : [error.message];
  const left = [];
  for (const line of lines.slice(1)) {
    const at = line.indexOf(": ");
    const field = form.querySelector(`.field[data-name="${CSS.escape(line.slice(0, at))}"]`);
    if (!field) left.push(line);
    else {
      field.classList.add("wrong");
      field.querySelector(".problem").textContent = line.slice(at + 2);
    }
  }
  const place = form.querySelector(":scope > .problem.all");
  const said = [lines[0], ...left].join("\n");
  if (place) place.textContent = said;
  else note(said, "bad");
}

export const problems = () => h("p", { class: "problem all", role: "alert" });

export function json(textValue, what) {
  try {
    return JSON.parse(textValue);
  } catch (error) {
    throw new Error(`${what} is not valid JSON: ${error.message}`);
  }
}

export const pretty = (value) => JSON.stringify(value, null, 2);
