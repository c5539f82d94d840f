"""The data that both servers answer from: made once by PocketBase, imported by Tenfold."""

from __future__ import annotations

import random
import sqlite3
import subprocess
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.targets import PocketBase, Tenfold

GROUP_SIZE = 30
"""Records that share one value of the indexed `group` field."""

TEXT_BYTES = 850
"""Makes a record's JSON about 1 KB."""

USER_EMAIL = "bench@example.com"
PASSWORD = "bench-password"
CREATED = "2026-01-01 00:00:00.000Z"


@dataclass(frozen=True)
class Dataset:
    """Two folders with the same records."""

    records: int
    pocketbase_dir: Path
    tenfold_dir: Path


def record_id(number: int) -> str:
    """The id of the n-th record."""
    return f"{number:015d}"


def make(folder: Path, records: int) -> Dataset:
    """Make both data folders under `folder`."""
    pocketbase_dir, tenfold_dir = folder / "pocketbase", folder / "tenfold"
    with PocketBase(pocketbase_dir) as server:
        user_id = _make_collections(server)
    _fill(server.dir / "data.db", records, user_id)
    subprocess.run(
        [Tenfold.program(), "import", str(server.dir), "--dir", str(tenfold_dir)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return Dataset(records, pocketbase_dir, tenfold_dir)


def _make_collections(server: PocketBase) -> str:
    client = httpx.Client(base_url=server.url, headers={"Authorization": server.token})
    user = {"email": USER_EMAIL, "password": PASSWORD, "passwordConfirm": PASSWORD}
    user_id: str = _ok(client.post("/api/collections/users/records", json=user))["id"]
    for name, rule in (("posts", ""), ("notes", "owner = @request.auth.id")):
        _ok(client.post("/api/collections", json=_collection(name, rule)))
    return user_id


def _collection(name: str, rule: str) -> dict[str, object]:
    return {
        "name": name,
        "type": "base",
        **{f"{kind}Rule": rule for kind in ("list", "view", "create", "update", "delete")},
        "fields": [
            {"name": "title", "type": "text", "max": 200},
            {"name": "body", "type": "text"},
            {"name": "group", "type": "number"},
            {"name": "owner", "type": "relation", "collectionId": "_pb_users_auth_"},
            {"name": "created", "type": "autodate", "onCreate": True},
            {"name": "updated", "type": "autodate", "onCreate": True, "onUpdate": True},
        ],
        "indexes": [
            f"CREATE INDEX `idx_{name}_created` ON `{name}` (`created`)",
            f"CREATE INDEX `idx_{name}_group` ON `{name}` (`group`)",
        ],
    }


def _fill(database: Path, records: int, user_id: str) -> None:
    random_ = random.Random(7)
    letters = "abcdefghijklmnopqrstuvwxyz     "
    texts = ["".join(random_.choices(letters, k=TEXT_BYTES)) for _ in range(64)]
    connection = sqlite3.connect(database)
    for name in ("posts", "notes"):
        connection.executemany(
            f"INSERT INTO {name} (id, title, body, `group`, owner, created, updated)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    record_id(n),
                    f"Record {n}",
                    texts[n % 64],
                    n // GROUP_SIZE,
                    user_id,
                    CREATED,
                    CREATED,
                )
                for n in range(records)
            ),
        )
        connection.commit()
    connection.close()


def _ok(response: httpx.Response) -> dict[str, str]:
    response.raise_for_status()
    return response.json()
