"""What is asked keeps the workload's shares, and writes are as long as it says."""

from __future__ import annotations

import json
import random
from collections import Counter

import pytest

from tenfold.measure.load.asks import KINDS, Ask, Asker
from tenfold.measure.load.site import Address, Site
from tenfold.measure.workload import Workload, changed

SITE = Site(
    address=Address("::1", 8090, "::1"),
    open_name="open",
    owned_name="owned",
    users_name="users",
    records=100,
    text_bytes=900,
    emails=("a@example.com", "b@example.com"),
    password='a "quoted" one',
    token="TOKEN",
    file_paths=("/api/files/f/1/a.bin", "/api/files/f/2/a.bin"),
)


def asks(keys: dict[str, object], count: int = 20_000) -> list[Ask]:
    workload = changed(Workload(), keys, "test")
    asker = Asker(SITE, workload, random.Random(1), "c12345678")
    return [asker.next(1234.5) for _ in range(count)]


def test_the_missions_mix() -> None:
    kinds = Counter(KINDS[ask[0]] for ask in asks({}, 101_000))
    assert kinds["create"] == pytest.approx(1_000, rel=0.1)
    assert kinds["view"] + kinds["create"] == 101_000


def test_all_shares() -> None:
    drawn = asks(
        {
            "reads_per_write": 3,
            "list_share": 0.2,
            "file_share": 0.1,
            "auth_share": 0.1,
            "token_share": 0.5,
            "update_share": 0.75,
        }
    )
    kinds = Counter(KINDS[ask[0]] for ask in drawn)
    shares = {kind: kinds[kind] / len(drawn) for kind in KINDS}
    assert shares == pytest.approx(
        {
            "view": 0.45,
            "list": 0.15,
            "file": 0.075,
            "sign-in": 0.075,
            "create": 0.0625,
            "update": 0.1875,
        },
        abs=0.01,
    )
    reads = [request for kind, request, _ in drawn if KINDS[kind] in ("view", "list")]
    owned = [request for request in reads if b"/collections/owned/" in request]
    assert len(owned) / len(reads) == pytest.approx(0.5, abs=0.02)
    assert all(b"Authorization: TOKEN\r\n" in request for request in owned)
    assert not any(b"Authorization" in request for request in reads if request not in owned)


def test_requests_are_whole() -> None:
    """Heads end, bodies have the announced length, JSON is what the answer must name."""
    keys = {"reads_per_write": 1, "list_share": 0.3, "file_share": 0.2, "auth_share": 0.2}
    for kind, request, wanted in asks({**keys, "update_share": 0.5}, 500):
        head, _, body = request.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        assert lines[1] == "Host: [::1]:8090"
        assert (f"Content-Length: {len(body)}" in lines) == bool(body)
        if KINDS[kind] == "create":
            assert json.loads(body)["id"] == wanted and len(wanted) == 15
            assert json.loads(body)["title"] == "1234500000"
        if KINDS[kind] in ("view", "update"):
            assert lines[0].split()[1].endswith(f"/{wanted}") and len(wanted) == 15
        if KINDS[kind] == "sign-in":
            assert json.loads(body) == {"identity": wanted, "password": SITE.password}


def test_new_ids_differ() -> None:
    ids = [wanted for _, _, wanted in asks({"reads_per_write": 0}, 1_000)]
    assert len(set(ids)) == 1_000


def test_a_seed_repeats() -> None:
    assert asks({}, 100) == asks({}, 100)
