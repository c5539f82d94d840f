// The API as the pages use it: the token, requests, and errors by field.

const KEY = "tenfold_superuser";

export class ApiError extends Error {
  constructor(status, body) {
    super(body?.message || `The server answered ${status}.`);
    this.status = status;
    this.body = body || {};
    this.fields = body?.data || {};
  }

  // Everything that is wrong, one line each.
  get lines() {
    return [this.message, ...walk(this.fields, "")];
  }
}

function walk(problems, path) {
  return Object.entries(problems).flatMap(([key, problem]) =>
    problem && typeof problem === "object" && !("message" in problem && "code" in problem)
      ? walk(problem, `${path}${key}.`)
      : [`${path}${key}: ${problem?.message ?? problem}`]);
}

export const session = {
  get token() {
    return localStorage.getItem(KEY) || "";
  },
  set token(value) {
    if (value) localStorage.setItem(KEY, value);
    else localStorage.removeItem(KEY);
  },
  get claims() {
    return claims(this.token);
  },
  get isOpen() {
    return (this.claims.exp || 0) > Date.now() / 1000;
  },
};

export function claims(token) {
  try {
    const part = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(atob(part));
  } catch {
    return {};
  }
}

export async function call(method, path, body, { token = session.token } = {}) {
  const headers = {};
  if (token) headers.Authorization = token;
  if (body !== undefined && !(body instanceof FormData)) {
    headers["Content-Type"] = "application/json";
    body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, { method, headers, body });
  } catch {
    throw new ApiError(0, { message: "The server can't be reached." });
  }
  const text = await response.text();
  const answer = text && (response.headers.get("content-type") || "").includes("json")
    ? JSON.parse(text) : text;
  if (response.ok) return answer;
  if (response.status === 401 && token && token === session.token) {
    session.token = "";
    location.hash = "#/signin";
  }
  throw new ApiError(response.status, answer);
}

export const get = (path, query) => call("GET", path + queryText(query));

export function queryText(query = {}) {
  const kept = Object.entries(query).filter(([, v]) => v !== "" && v !== undefined);
  return kept.length ? `?${new URLSearchParams(kept)}` : "";
}

export const recordsPath = (collection, id) =>
  `/api/collections/${encodeURIComponent(collection)}/records` +
  (id ? `/${encodeURIComponent(id)}` : "");

export async function collections() {
  const found = [];
  for (let page = 1; ; page++) {
    const { items } = await get("/api/collections", { page, perPage: 500, sort: "name", skipTotal: 1 });
    found.push(...items);
    if (items.length < 500) return found;
  }
}

export async function fileUrl(record, name, query = {}) {
  const { token } = await call("POST", "/api/files/token");
  const path = [record.collectionId, record.id, name].map(encodeURIComponent).join("/");
  return `/api/files/${path}${queryText({ ...query, token })}`;
}
