// Elements without markup strings: text can never become HTML.

export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && typeof value !== "string") element[name] = value;
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...flat(children));
  return element;
}

export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...flat(children));
  return element;
}

function flat(children) {
  return children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false);
}

export function show(element, ...children) {
  element.replaceChildren(...flat(children));
}

export function note(message, kind = "good") {
  const shown = h("div", { class: `note ${kind}` }, message);
  const notes = document.getElementById("notes");
  notes.append(shown);
  // Shown anew, it comes to lie over a panel opened meanwhile.
  notes.hidePopover();
  notes.showPopover();
  setTimeout(() => shown.remove(), kind === "good" ? 3000 : 8000);
}

// A panel over the page. `build(close)` gives its content; Escape and the backdrop close it.
export function panel(title, build, kind = "drawer") {
  const dialog = h("dialog", { class: kind, "aria-label": title });
  const close = () => dialog.close();
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("mousedown", (event) => event.target === dialog && close());
  const head = h("header", {}, h("h2", {}, title),
    h("button", { class: "quiet", type: "button", onclick: close, "aria-label": "Close" }, "✕"));
  dialog.append(head, h("div", { class: "content" }, build(close)));
  document.body.append(dialog);
  dialog.showModal();
  dialog.querySelector(".content :is(input, textarea, select)")?.focus({ preventScroll: true });
  return close;
}

// Ask before something that can't be undone; with `typed` that word must be typed.
export function confirmed(question, action, typed = "") {
  return new Promise((resolve) => {
    panel("Are you sure?", (close) => {
      const word = typed && h("input", { placeholder: typed, "aria-label": `Type ${typed}` });
      const go = () => {
        if (typed && word.value !== typed) return word.focus();
        resolve(true);
        close();
      };
      return h("form", { class: "stack", onsubmit: (e) => (e.preventDefault(), go()) },
        h("p", {}, question),
        typed && h("label", {}, `Type ${typed} to go on`, word),
        h("div", { class: "buttons" },
          h("button", { type: "button", onclick: close }, "Cancel"),
          h("button", { class: "danger" }, action)));
    }, "box");
  });
}

export function debounced(wait, action) {
  let timer;
  return (...all) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...all), wait);
  };
}
