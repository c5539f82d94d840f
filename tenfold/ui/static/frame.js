// What surrounds every page of a signed-in superuser: sections, collections, the way out.

import { claims, collections, get, recordsPath, session } from "./api.js";
import { h, show } from "./dom.js";

const SECTIONS = [
  ["collections", "Records", "▤"],
  ["logs", "Logs", "≋"],
  ["sql", "SQL", "›_"],
  ["backups", "Backups", "⤓"],
  ["crons", "Crons", "◷"],
  ["settings", "Settings", "⚙"],
];

let known = null;

// Read the collections anew at the next page.
export function forgetCollections() {
  known = null;
}

export async function frame(app, section, collectionName) {
  known ??= await collections();
  const main = h("main", {}, h("p", { class: "quiet" }, "Loading…"));
  const inRecords = section === "collections" || section === "schema" || section === "";
  show(app, h("div", { class: "frame" },
    h("nav", { class: "sections", "aria-label": "Sections" },
      h("a", { href: "#/", class: "brand", title: "Tenfold" }, h("img", { src: "icon.svg", alt: "Tenfold" })),
      SECTIONS.map(([name, title, sign]) => h("a", {
        href: `#/${name}`, "aria-current": (name === section || (name === "collections" && inRecords)) && "page",
      }, h("span", { class: "sign", "aria-hidden": "true" }, sign), title)),
      h("div", { class: "spring" }),
      h("button", { class: "account", onclick: signOut, title: "Sign out" },
        h("span", { class: "sign", "aria-hidden": "true" }, "↪"), "Sign out")),
    inRecords && sidebar(known, collectionName),
    main));
  return { main, collections: known };
}

function sidebar(all, current) {
  const list = h("div", { class: "list" });
  const search = h("input", {
    type: "search", placeholder: "Search collections…", "aria-label": "Search collections",
    oninput: () => fill(),
  });
  const fill = () => {
    const wanted = all.filter((c) => c.name.toLowerCase().includes(search.value.toLowerCase()));
    show(list,
      wanted.filter((c) => !c.system).map((c) => link(c, current)),
      h("details", { open: search.value !== "" || all.some((c) => c.system && isCurrent(c, current)) },
        h("summary", {}, "System"),
        wanted.filter((c) => c.system).map((c) => link(c, current))));
  };
  fill();
  return h("aside", { "aria-label": "Collections" },
    search, list,
    h("a", { class: "button wide", href: "#/schema/+" }, "+ New collection"));
}

const isCurrent = (collection, name) => collection.name === name || collection.id === name;

function link(collection, current) {
  return h("a", {
    href: `#/collections/${encodeURIComponent(collection.name)}`,
    "aria-current": isCurrent(collection, current) && "page",
  }, h("span", { class: `kind ${collection.type}`, title: collection.type }), collection.name);
}

function signOut() {
  session.token = "";
  known = null;
  location.hash = "#/signin";
}

export async function whoAmI() {
  const { id, collectionId } = claims(session.token);
  return get(recordsPath(collectionId, id));
}
