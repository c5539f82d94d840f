"""`fields` picks from every JSON answer, whichever family it comes from."""

from __future__ import annotations

from typing import Any

import pytest

from tests.differential import seed
from tests.differential.pair import Ask, Pair

SQL: dict[str, Any] = {"query": "SELECT 1 AS a"}
FORM: dict[str, Any] = {"clientId": "", "teamId": ""}

ASKS = [
    Ask("GET", "/api/health", who="root"),
    Ask("GET", "/api/settings", who="root"),
    Ask("PATCH", "/api/settings", json={}, who="root"),
    Ask("POST", "/api/settings/apple/generate-client-secret", json=FORM, who="root"),
    Ask("GET", "/api/crons", who="root"),
    Ask("GET", "/api/backups", who="root"),
    Ask("POST", "/api/sql", json=SQL, who="root"),
    Ask("POST", "/api/files/token", who="root"),
    Ask("GET", "/api/collections/people", who="root"),
    Ask("PATCH", "/api/collections/people", json={}, who="root"),
    Ask("GET", "/api/collections/nope", who="root"),
    Ask("GET", "/api/collections/meta/scaffolds", who="root"),
    Ask("GET", "/api/collections/meta/oauth2-providers", who="root"),
    Ask("POST", "/api/collections/meta/dry-run-view", json={"query": "SELECT 1"}, who="root"),
    Ask("GET", f"/api/collections/{seed.PEOPLE}/auth-methods"),
]
FIELDS = [
    "nope",
    "id,key,name,code,token,expression,meta.appName,smtp.port,columns.name",
    "data.canBackup,fields.name,fields.type,passwordAuth.identityFields,base.fields.name,password",
]


@pytest.mark.parametrize("fields", FIELDS)
def test_every_family(pair: Pair, fields: str) -> None:
    pair.all_same(
        Ask(ask.method, ask.path, {"fields": fields}, json=ask.json, who=ask.who) for ask in ASKS
    )
