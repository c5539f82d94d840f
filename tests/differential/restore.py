"""Bring the seeded collections of a server back to the seed, as far as they were touched."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import httpx

from tests.differential import seed

SCHEMA = "(schema)"
"""Stands for the collections themselves among what was touched."""
PASSWORDS = "(passwords)"
"""Stands for the passwords of the seed's people."""
BATCH_SIZE = 200

_RECORDS = re.compile(r"/api/collections/([^/?]+)/(?:records|confirm-|request-)")
_NEUTRAL = re.compile(r"/auth-|/api/realtime|/api/files|/api/logs|/api/settings|/api/backups")


def touched_by(method: str, path: str, body: Any) -> set[str]:
    """The collections that a request may change."""
    if method in ("GET", "HEAD", "OPTIONS") or _NEUTRAL.search(path):
        return set()
    if path.startswith("/api/batch") and isinstance(body, Mapping):
        urls = re.findall(r"/api/collections/\w+/records", json.dumps(body))
        return {name for url in urls for name in touched_by("PUT", url, None)}
    found = _RECORDS.match(path)
    if found is None:
        return {SCHEMA, *seed.RECORDS}
    passwords = {PASSWORDS} if "password" in json.dumps(body, default=str) else set[str]()
    return _with_dependents(found.group(1)) | passwords


def _with_dependents(name: str) -> set[str]:
    """A collection, and those whose records may go or change with its records."""
    names, wave = {name}, {name}
    while wave:
        wave = {n for n, targets in seed.references().items() if targets & wave} - names
        names |= wave
    return names


def restore(client: httpx.Client, token: str, touched: set[str]) -> None:
    """Make the touched collections hold the seed's records again, and nothing else."""
    _restore(_Authorized(client, token), touched)


def _restore(client: _Authorized, touched: set[str]) -> None:
    if SCHEMA in touched:
        _drop_foreign_collections(client)
    names = [name for name in seed.RECORDS if name in touched]
    held = {name: _listed(client, name) for name in names}
    paths = [
        f"/api/collections/{name}/records/{record_id}"
        for name in reversed(names)
        for record_id in held[name].keys() - seed.ids_of(name)
    ]
    _delete(client, paths)
    held = {name: _listed(client, name) for name in names}
    if PASSWORDS in touched and seed.PEOPLE in held:
        held[seed.PEOPLE].clear()
    upserts = [
        _upsert(name, row, is_new=row["id"] not in held[name])
        for name in names
        for row in seed.RECORDS[name]
        if not _is_there(row, held[name].get(row["id"]))
    ]
    for start in range(0, len(upserts), BATCH_SIZE):
        batch = {"requests": upserts[start : start + BATCH_SIZE]}
        client.call("POST", "/api/batch", batch).raise_for_status()


def _delete(client: _Authorized, paths: list[str]) -> None:
    for start in range(0, len(paths), BATCH_SIZE):
        some = paths[start : start + BATCH_SIZE]
        batch = {"requests": [{"method": "DELETE", "url": path} for path in some]}
        if client.call("POST", "/api/batch", batch).status_code != 200:
            # One may have gone along with another.
            for path in some:
                client.call("DELETE", path)


def _upsert(name: str, row: dict[str, Any], *, is_new: bool) -> dict[str, Any]:
    # A password that is set again would end the tokens of its owner.
    body = seed.with_password(name, row) if is_new else row
    return {"method": "PUT", "url": f"/api/collections/{name}/records", "body": body}


class _Authorized:
    def __init__(self, client: httpx.Client, token: str) -> None:
        self._client = client
        self._headers = {"Authorization": token}

    def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return self._client.request(method, path, json=body, headers=self._headers)


def _listed(client: _Authorized, name: str) -> dict[str, dict[str, Any]]:
    path = f"/api/collections/{name}/records?perPage=1000&skipTotal=1"
    items = client.call("GET", path).raise_for_status().json()["items"]
    return {item["id"]: item for item in items}


def _is_there(row: dict[str, Any], held: dict[str, Any] | None) -> bool:
    return held is not None and all(held.get(k) == v for k, v in row.items())


def _drop_foreign_collections(client: _Authorized) -> None:
    answer = client.call("GET", "/api/collections?perPage=500&sort=-created")
    if answer.status_code != 200:
        return
    names = [c["name"] for c in answer.json()["items"] if not c["system"]]
    foreign = [n for n in names if n not in seed.COLLECTION_NAMES]
    # Others may hang on one: try again until nothing more goes.
    while foreign:
        left = [n for n in foreign if not _drop(client, n)]
        if left == foreign:
            raise RuntimeError(f"collections can't be removed: {left}")
        foreign = left


def _drop(client: _Authorized, name: str) -> bool:
    return client.call("DELETE", f"/api/collections/{name}").status_code == 204
