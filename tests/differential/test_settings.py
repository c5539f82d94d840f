"""Settings, logs, health and the SQL console."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.differential.pair import Ask, Pair
from tests.stores import SQLITE_ONLY, is_mariadb

SETTINGS = "/api/settings"
LOGS = "/api/logs"
LOG_WAIT_S = 4.5
"""PocketBase writes its log every three seconds."""

START: dict[str, Any] = {
    "superuserIPs": [],
    "smtp": {
        "enabled": False,
        "port": 587,
        "host": "smtp.example.com",
        "username": "",
        "password": "",
        "authMethod": "",
        "tls": False,
        "localName": "",
    },
    "s3": {
        "enabled": False,
        "bucket": "",
        "region": "",
        "endpoint": "",
        "accessKey": "",
        "secret": "",
        "forcePathStyle": False,
    },
    "meta": {
        "accentColor": "#1055c9",
        "appName": "Acme",
        "appURL": "http://localhost:8090",
        "senderName": "Support",
        "senderAddress": "support@example.com",
        "hideControls": False,
    },
    "trustedProxy": {"headers": [], "useLeftmostIP": False},
    "batch": {"enabled": True, "maxRequests": 1000, "timeout": 30, "maxBodySize": 0},
    "logs": {"maxDataSize": 0, "maxDays": 5, "minLevel": 0, "logIP": True, "logAuthId": False},
}
START["backups"] = {"cron": "", "cronMaxKeep": 3, "s3": START["s3"]}
START["rateLimits"] = {
    "enabled": False,
    "excludedIPs": [],
    "rules": [{"label": "/api/", "audience": "", "duration": 10, "maxRequests": 300}],
}

LONG = "x" * 256
S3 = {
    "enabled": True,
    "bucket": "b",
    "region": "r",
    "endpoint": "http://127.0.0.1:1",
    "accessKey": "a",
    "secret": "s",
}


def _rule(label: Any = "/a", audience: Any = "", duration: Any = 1, most: Any = 1) -> Any:
    return {"label": label, "audience": audience, "duration": duration, "maxRequests": most}


def _rules(*rules: Any, enabled: bool = True, **more: Any) -> Any:
    return {"rateLimits": {"enabled": enabled, "rules": list(rules), **more}}


PATCHES: list[Any] = [
    {},
    {"unknown": 1},
    {"meta": {"appName": "Other"}},
    {"META": {"APPNAME": "Shouted"}},
    {"meta": {"appName": ""}},
    {"meta": {"appName": LONG}},
    {"meta": {"appName": None}},
    {"meta": None},
    {"meta": 1},
    {"meta": []},
    {"meta": {"appName": 1}},
    {"meta": {"appURL": "nothing"}},
    {"meta": {"appURL": "ftp://example.com"}},
    {"meta": {"appURL": "https://example.com/path?x=1"}},
    {"meta": {"appURL": "http://localhost:1"}},
    {"meta": {"appURL": "http://"}},
    {"meta": {"senderName": ""}},
    {"meta": {"senderAddress": "no address"}},
    {"meta": {"senderAddress": "Bob <bob@example.com>"}},
    {"meta": {"senderAddress": ""}},
    {"meta": {"accentColor": "#12345"}},
    {"meta": {"accentColor": "red1234"}},
    {"meta": {"accentColor": "#ABCdef"}},
    {"meta": {"accentColor": ""}},
    {"meta": {"hideControls": True}},
    {"meta": {"hideControls": "yes"}},
    {"meta": {"appName": "", "appURL": "", "senderName": "", "senderAddress": ""}},
    {"smtp": {"enabled": True, "host": "", "port": 0}},
    {"smtp": {"enabled": True, "host": "mail.example.com", "port": 25}},
    {"smtp": {"host": "a b"}},
    {"smtp": {"host": "::1"}},
    {"smtp": {"host": "under_score.example.com"}},
    {"smtp": {"port": -1}},
    {"smtp": {"port": 1.5}},
    {"smtp": {"port": "25"}},
    {"smtp": {"port": 1 << 70}},
    {"smtp": {"authMethod": "PLAIN"}},
    {"smtp": {"authMethod": "LOGIN", "username": "u", "password": "p"}},
    {"smtp": {"authMethod": "plain"}},
    {"smtp": {"localName": "host.example.com"}},
    {"smtp": {"localName": "a b"}},
    {"smtp": {"tls": True}},
    {"smtp": None},
    {"s3": {"enabled": True}},
    {"s3": {"endpoint": "nothing"}},
    {"s3": {"endpoint": "https://s3.example.com", "bucket": "b", "secret": "hidden"}},
    {"s3": {"forcePathStyle": True}},
    {"s3": {"bucket": ["b"]}},
    {"backups": {"cron": "0 0 * * *"}},
    {"backups": {"cron": "@daily"}},
    {"backups": {"cron": "@reboot"}},
    {"backups": {"cron": "* * * *"}},
    {"backups": {"cron": "60 * * * *"}},
    {"backups": {"cron": "*/0 * * * *"}},
    {"backups": {"cron": "1-70 * * * *"}},
    {"backups": {"cron": "* * * * *", "cronMaxKeep": 0}},
    {"backups": {"cronMaxKeep": -1}},
    {"backups": {"cronMaxKeep": 7}},
    {"backups": {"s3": {"enabled": True, "bucket": "b"}}},
    {"backups": {"s3": {"endpoint": "://"}}},
    {"batch": {"enabled": False}},
    {"batch": {"enabled": True, "maxRequests": 0, "timeout": 0}},
    {"batch": {"maxRequests": -1}},
    {"batch": {"timeout": -1}},
    {"batch": {"maxBodySize": -1}},
    {"batch": {"maxBodySize": 1024}},
    {"logs": {"maxDays": 0}},
    {"logs": {"maxDays": -1}},
    {"logs": {"maxDataSize": -5}},
    {"logs": {"maxDataSize": 100}},
    {"logs": {"minLevel": -4}},
    {"logs": {"minLevel": 8, "logIP": False, "logAuthId": True}},
    {"logs": {"minLevel": "0"}},
    {"trustedProxy": {"headers": ["X-Real-IP"], "useLeftmostIP": True}},
    {"trustedProxy": {"headers": "X-Real-IP"}},
    {"trustedProxy": {"headers": None}},
    {"trustedProxy": {"headers": [1]}},
    {"superuserIPs": ["127.0.0.1"]},
    {"superuserIPs": ["127.0.0.0/8", "::1", "fe80::/10"]},
    {"superuserIPs": ["127.0.0.1", "nonsense", ""]},
    {"superuserIPs": ["127.0.0.1/40"]},
    {"superuserIPs": "127.0.0.1"},
    {"superuserIPs": None},
    _rules(),
    _rules(enabled=False),
    _rules(_rule(), enabled=False),
    _rules(_rule(label="")),
    _rules(_rule(label="/a b")),
    _rules(_rule(label="GET /a")),
    _rules(_rule(label="get /a/b-c_d/")),
    _rules(_rule(label="posts:list")),
    _rules(_rule(label="*:auth")),
    _rules(_rule(label="*:*")),
    _rules(_rule(label="a:b:c")),
    _rules(_rule(audience="@guest"), _rule(audience="@auth")),
    _rules(_rule(audience="@guest"), _rule()),
    _rules(_rule(), _rule(audience="@guest")),
    _rules(_rule(), _rule()),
    _rules(_rule(audience="@auth"), _rule(audience="@auth")),
    _rules(_rule(audience="someone")),
    _rules(_rule(duration=0)),
    _rules(_rule(duration=-1)),
    _rules(_rule(most=0), _rule(label="/b", most=-1)),
    _rules(_rule(duration="1")),
    _rules("text"),
    _rules(None),
    _rules(_rule(label="/zz"), enabled=False, excludedIPs=["10.0.0.0/8", "::1"]),
    _rules(_rule(label="/zz"), enabled=False, excludedIPs=["10.0.0.300"]),
]

BROKEN: list[bytes] = [b"{", b"[]", b"1", b'"text"', b"\xff", b'{"meta":{"appName":']

TESTS: list[tuple[str, Any]] = [
    ("s3", {}),
    ("s3", {"filesystem": ""}),
    ("s3", {"filesystem": "other"}),
    ("s3", {"filesystem": "storage"}),
    ("s3", {"filesystem": "backups"}),
    ("s3", {"filesystem": 1}),
    ("email", {}),
    ("email", {"email": "no address", "template": "verification"}),
    ("email", {"email": "a@example.com", "template": "other"}),
    ("email", {"email": "a@example.com", "template": "verification", "collection": "posts"}),
    ("email", {"email": "a@example.com", "template": "verification", "collection": "none"}),
    ("email", {"email": 1}),
]

KEY = (
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgevZzL1gdAFr88hb2\n"
    "OF/2NxApJCzGCEDdfSp6VQO30hyhRANCAAQRWz+jn65BtOMvdyHKcvjBeBSDZH2r\n"
    "1RTwjmYSi9R/zpBnuQ4EiMnCqfMPWiZqB4QdbAd0E7oH50VpuZ1P087G\n"
    "-----END PRIVATE KEY-----"
)
APPLE: dict[str, Any] = {
    "clientId": "123",
    "teamId": "1234567890",
    "keyId": "1234567890",
    "privateKey": KEY,
    "duration": 1,
}
APPLES: list[Any] = [
    {},
    APPLE | {"clientId": ""},
    APPLE | {"teamId": "123"},
    APPLE | {"keyId": "12345678901"},
    APPLE | {"privateKey": "nonsense"},
    APPLE | {"duration": 0},
    APPLE | {"duration": -1},
    APPLE | {"duration": 15777001},
    APPLE | {"duration": "1"},
]


@pytest.fixture(autouse=True)
def _same_settings(pair: Pair) -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    yield
    both = pair.send(Ask("PATCH", SETTINGS, json=START, who="root"))
    assert (both.theirs.status, both.ours.status) == (200, 200)


def _patch(body: Any) -> Ask:
    return Ask("PATCH", SETTINGS, json=body, who="root")


@pytest.mark.parametrize("group", range(6))
def test_patch(pair: Pair, group: int) -> None:
    for body in PATCHES[group::6]:
        pair.send(_patch(START))
        pair.all_same([_patch(body), Ask("GET", SETTINGS, who="root")])


def test_broken_bodies(pair: Pair) -> None:
    headers = {"content-type": "application/json"}
    pair.all_same(Ask("PATCH", SETTINGS, body=body, headers=headers, who="root") for body in BROKEN)
    null = Ask("PATCH", SETTINGS, body=b"null", headers=headers, who="root")
    pair.same(null, known="null settings")


@pytest.mark.parametrize("who", [None, "ann"])
def test_not_for_others(pair: Pair, who: str | None) -> None:
    pair.all_same(
        [
            Ask("GET", SETTINGS, who=who),
            Ask("PATCH", SETTINGS, json={}, who=who),
            *(Ask("POST", f"{SETTINGS}/test/{what}", json={}, who=who) for what in ("s3", "email")),
            Ask("POST", f"{SETTINGS}/apple/generate-client-secret", json={}, who=who),
            Ask("GET", LOGS, who=who),
            Ask("GET", f"{LOGS}/stats", who=who),
            Ask("GET", f"{LOGS}/abcdefghijklmno", who=who),
            Ask("DELETE", LOGS, who=who),
            Ask("POST", "/api/sql", json={"query": "select 1"}, who=who),
            Ask("GET", "/api/crons", who=who),
        ]
    )


def test_tests(pair: Pair) -> None:
    pair.all_same(
        Ask("POST", f"{SETTINGS}/test/{what}", json=body, who="root") for what, body in TESTS
    )


def test_apple(pair: Pair) -> None:
    path = f"{SETTINGS}/apple/generate-client-secret"
    pair.all_same(Ask("POST", path, json=body, who="root") for body in APPLES)
    pair.same(Ask("POST", path, json=APPLE, who="root"))
    broken = APPLE | {"privateKey": KEY.replace("MIGH", "AAAA")}
    pair.same(Ask("POST", path, json=broken, who="root"), known="key words")


def test_health(pair: Pair) -> None:
    pair.all_same(
        [
            Ask("GET", "/api/health"),
            Ask("HEAD", "/api/health"),
            Ask("GET", "/api/health", who="ann"),
            Ask("GET", "/api/health", who="root"),
            *(
                Ask("GET", "/api/health", headers={name: "10.1.2.3"}, who="root")
                for name in ("X-Forwarded-For", "X-Real-IP", "CF-Connecting-IP", "Fly-Client-IP")
            ),
        ]
    )


@pytest.mark.parametrize(
    ("proxy", "header", "value"),
    [
        ({"headers": ["X-Real-IP"]}, "X-Real-IP", "10.1.2.3"),
        ({"headers": ["X-Real-IP"]}, "X-Forwarded-For", "10.1.2.3"),
        ({"headers": ["X-Forwarded-For"]}, "X-Forwarded-For", "10.1.2.3, 10.9.9.9"),
        (
            {"headers": ["X-Forwarded-For"], "useLeftmostIP": True},
            "X-Forwarded-For",
            "10.1.2.3, 10.9.9.9",
        ),
        ({"headers": ["X-Forwarded-For"]}, "X-Forwarded-For", "nonsense, 10.9.9.9"),
        ({"headers": ["X-Forwarded-For"]}, "X-Forwarded-For", "nonsense"),
        ({"headers": ["X-Forwarded-For"]}, "X-Forwarded-For", "2001:db8::1"),
        ({"headers": ["X-No", "X-Real-IP"]}, "X-Real-IP", "10.1.2.3"),
    ],
)
def test_proxy(pair: Pair, proxy: Any, header: str, value: str) -> None:
    pair.send(_patch({"trustedProxy": proxy}))
    pair.same(Ask("GET", "/api/health", headers={header: value}, who="root"))


def test_superuser_addresses(pair: Pair) -> None:
    proxy = {"trustedProxy": {"headers": ["X-Real-IP"]}}
    here = {"X-Real-IP": "127.0.0.1"}
    pair.send(_patch({**proxy, "superuserIPs": ["127.0.0.0/8", "::1"]}))
    for address in ("127.0.0.1", "10.1.2.3", "::1", "::2"):
        at = {"X-Real-IP": address}
        pair.all_same(
            [
                Ask("GET", SETTINGS, headers=at, who="root"),
                Ask("GET", "/api/health", headers=at, who="root"),
                Ask("GET", "/api/collections/tags/records", {"sort": "id"}, headers=at, who="ann"),
            ]
        )
    pair.send(Ask("PATCH", SETTINGS, json=START, headers=here, who="root"))


def test_rate_limits(pair: Pair) -> None:
    pair.send(
        _patch(_rules(_rule("/api/health", most=2, duration=60), _rule("tags:list", duration=60)))
    )
    lists = Ask("GET", "/api/collections/tags/records", {"sort": "id"})
    health = Ask("GET", "/api/health")
    pair.all_same([health, health, health, lists, lists, Ask("GET", "/api/health", who="ann")])
    pair.all_same(Ask("GET", "/api/health", who="root") for _ in range(4))


LOG_QUERIES: list[str] = [
    "filter=nope=1",
    "filter=(((",
    "filter=data.url='",
    "filter=@request.auth.id=1",
    "filter=@collection.users.id='1'",
    "filter=@rowid=1",
    "filter=rowid=1",
    "filter=data.type='nothing'",
    "filter=data.nope=1",
    "filter=id?='x'",
    "filter=level=99",
    "filter=data.type:lower='nothing'",
    "filter=level=99%26%26message~'no such message'",
    "filter=@now<created",
    "filter=level=99%26%26data.status>400",
    "sort=nope",
    "sort=rowid",
    "perPage=x",
    "page=x",
    "page=1_0",
    "page=99999999999999999999",
    "perPage=%D9%A3",
    "skipTotal=x",
    "sort=%20",
    "sort=%20id&filter=level=99",
    "filter=%20",
    "fields=items&filter=level=99",
]


def test_log_queries(pair: Pair) -> None:
    pair.all_same(Ask("GET", LOGS, query, who="root") for query in LOG_QUERIES)
    pair.all_same(
        Ask("GET", f"{LOGS}/stats", query, who="root")
        for query in LOG_QUERIES
        if query.startswith("filter") and not query.startswith("filter=@now")
    )
    pair.all_same(
        Ask("GET", f"{LOGS}/{row_id}", who="root") for row_id in ("abcdefghijklmno", "x", "%00")
    )


def test_logged(pair: Pair) -> None:
    headers = {"User-Agent": "tester", "Referer": "http://example.com/?token=secret"}
    paths = ["/api/here1", "/api/here1?a=b&c=%C3%BC"]
    for path in paths:
        pair.send(Ask("GET", path, headers=headers))
    pair.send(Ask("POST", "/api/collections/tags/records", json={}, headers=headers, who="ann"))
    pair.send(Ask("GET", "/api/here1?of=root", headers=headers, who="root"))
    time.sleep(LOG_WAIT_S)
    loose = ("items.*.data.execTime", "items.*.data.details", "items.*.data.referer")
    for where in ("data.url~'here1'", "data.status=403", "data.auth='people'", "level>0"):
        query = {"filter": f"data.userAgent='tester'&&{where}", "sort": "created"}
        pair.same(Ask("GET", LOGS, query, who="root"), loose=loose)
        pair.same(Ask("GET", LOGS, query | {"fields": "message,level"}, who="root"))
        query["sort"] = "-message,@rowid"
        pair.same(Ask("GET", LOGS, query | {"perPage": "2", "page": "2"}, who="root"), loose=loose)
        stats = pair.same(Ask("GET", f"{LOGS}/stats", {"filter": query["filter"]}, who="root"))
        assert stats.ours.value


QUERIES = [
    "select id, title, status, score, pinned, published, flags, place from posts order by id",
    "SELECT id, name FROM tags ORDER BY name;",
    "select count(*) as n, max(score) from posts",
    "select 1; select 2",
    "select 1 as a, null as b, 1.5 as c, x'4142' as d, 'ü' as e",
    "select 1e6, 123456789.0, 0.00001, 2.0, 1e300",
    "  /* c */ select 5",
    "-- only this",
    "values (1, 'a'), (2, 'b')",
    "with a as (select 1 as z) select * from a",
    "explain query plan select 1",
    "with recursive c(x) as (select 1 union all select x+1 from c limit 3000) select x from c",
    "select * from none",
    "selec",
    "",
    "   ",
    "select json('{bad')",
    "update tags set weight = 7 where name = 'red'",
    "select id, weight from tags order by id",
    "insert into tags (id, name) values ('x', 'red')",
    "delete from tags where name = 'nothing'",
]
BODIES: list[Any] = [{}, {"query": None}, {"query": 5}, {"query": ["select 1"]}, []]


@pytest.mark.skipif(is_mariadb(), reason=SQLITE_ONLY)
def test_sql(pair: Pair) -> None:
    pair.touched.add("tags")
    for query in QUERIES:
        ask = Ask("POST", "/api/sql", json={"query": query}, who="root")
        pair.same(ask, loose=("execTime",))
    pair.all_same(Ask("POST", "/api/sql", json=body, who="root") for body in BODIES)


@pytest.mark.skipif(is_mariadb(), reason=SQLITE_ONLY)
def test_sql_reaches_readers(pair: Pair) -> None:
    tag = Ask("GET", "/api/collections/tags/records/red000000000000")
    pair.same(tag)
    pair.touched.add("tags")
    query = {"query": "update tags set weight = 41 where id = 'red000000000000'"}
    pair.same(Ask("POST", "/api/sql", json=query, who="root"), loose=("execTime",))
    assert pair.same(tag).ours.value["weight"] == 41
