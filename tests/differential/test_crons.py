"""Crons: who may see and run them."""

from __future__ import annotations

import pytest

from tests.differential.pair import Ask, Pair

CRONS = "/api/crons"


@pytest.mark.parametrize("who", [None, "ann", "root"])
def test_list(pair: Pair, who: str | None) -> None:
    queries = ["", "fields=id", "fields=expression,id:excerpt(3)", "fields=nope", "fields=*"]
    pair.all_same(Ask("GET", CRONS, query, who=who) for query in queries)


@pytest.mark.parametrize("who", [None, "ann", "root"])
def test_run(pair: Pair, who: str | None) -> None:
    names = ["__pbDBOptimize__", "__pbLogsCleanup__", "__pbMFACleanup__", "__pbOTPCleanup__"]
    names += ["__pbAutoBackup__", "nope", "%20"]
    pair.all_same(Ask("POST", f"{CRONS}/{name}", who=who) for name in names)


def test_other_methods(pair: Pair) -> None:
    asks = [("POST", CRONS), ("PUT", CRONS), ("DELETE", f"{CRONS}/nope"), ("POST", f"{CRONS}/a/b")]
    pair.all_same(Ask(method, path, who="root") for method, path in asks)


def test_backup_cron_follows_the_settings(pair: Pair) -> None:
    pair.same(Ask("GET", CRONS, who="root"))
    for expression in ("0 0 * * *", "@weekly", ""):
        settings = {"backups": {"cron": expression}}
        pair.send(Ask("PATCH", "/api/settings", json=settings, who="root"))
        pair.same(Ask("GET", CRONS, who="root"))
