"""Random filters over two collections with odd values, for tests of every back end."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import strategies as st

Row = dict[str, Any]

WILD, WILDER = "wild00000000000", "wilder000000000"
CALLERS = ("ann000000000000", "bob000000000000")

TEXTS = [
    "",
    "a",
    "A",
    "b%",
    "a_b",
    "10",
    "2",
    "0",
    "true",
    "null",
    "é",
    "É",
    "a'b",
    'q"',
    "\\",
    "x y",
]
NUMBERS = [0, 1, -1, 2, 10, 0.1, -2.5, 1e15, 100]
DATES = ["", "2024-01-02 03:04:05.678Z", "2024-12-31 23:59:59.999Z", "1999-01-01 00:00:00.000Z"]
JSONS: list[Any] = [None, 0, 1, "a", "", True, False, [], {}, [1, "a"], {"k": "a"}, {"k": [1, 2]}]
CHOICES = ["a", "b", "c"]


def _field(type_: str, name: str, **options: Any) -> Row:
    return {"id": f"{type_}{name}".lower(), "name": name, "type": type_, **options}


def _relation(name: str, to: str, most: int = 1) -> Row:
    return _field("relation", name, collectionId=to, maxSelect=most)


OPEN = {f"{kind}Rule": "" for kind in ("list", "view", "create", "update", "delete")}

COLLECTIONS: list[Row] = [
    {
        "id": WILDER,
        "name": "wilder",
        "type": "base",
        "fields": [
            _field("text", "t"),
            _field("number", "n"),
            _field("select", "m", values=CHOICES, maxSelect=3),
            _relation("up", "people000000000"),
        ],
        **OPEN,
    },
    {
        "id": WILD,
        "name": "wild",
        "type": "base",
        "fields": [
            _field("text", "t"),
            _field("text", "u"),
            _field("number", "n"),
            _field("bool", "b"),
            _field("date", "d"),
            _field("select", "s", values=CHOICES, maxSelect=1),
            _field("select", "m", values=CHOICES, maxSelect=3),
            _field("json", "j"),
            _field("geoPoint", "g"),
            _field("text", "h", hidden=True),
            _relation("r", WILDER),
            _relation("rs", WILDER, 4),
            _relation("own", "people000000000"),
        ],
        **OPEN,
    },
]


def rows(count: int = 24) -> dict[str, list[Row]]:
    """The same odd records every time; `wilder` goes first, `wild` names it."""
    rng = random.Random(7)
    pick = rng.choice
    wilder = [
        {
            "id": f"er{i:013}",
            "t": pick(TEXTS),
            "n": pick(NUMBERS),
            "m": rng.sample(CHOICES, rng.randint(0, 3)),
            "up": pick(("", *CALLERS)),
        }
        for i in range(count // 3)
    ]
    ids = [row["id"] for row in wilder]
    wild = [
        {
            "id": f"wi{i:013}",
            "t": pick(TEXTS),
            "u": pick(TEXTS),
            "n": pick(NUMBERS),
            "b": pick((True, False)),
            "d": pick(DATES),
            "s": pick(("", *CHOICES)),
            "m": rng.sample(CHOICES, rng.randint(0, 3)),
            "j": pick(JSONS),
            "g": {"lon": pick((0, 1.5, -180)), "lat": pick((0, 51.25, 90))},
            "h": pick(TEXTS),
            "r": pick(("", *ids)),
            "rs": rng.sample(ids, rng.randint(0, 4)),
            "own": pick(("", *CALLERS)),
        }
        for i in range(count)
    ]
    return {"wilder": wilder, "wild": wild}


# --- filters ----------------------------------------------------------------------------

PLAIN = [
    *("id", "t", "u", "n", "b", "d", "s", "m", "j", "g", "own", "r", "rs"),
    *("t:lower", "m:length", "m:each", "rs:length", "rs:each", "g.lon", "g.lat", "j.k", "j.0"),
]
JOINED = [
    *("r.t", "r.n", "r.m", "rs.t", "rs.n", "rs.m", "rs.m:each", "rs.t:lower", "r.id", "rs.id"),
    *("r.up.name", "rs.up.age", "own.name", "own.boss.name", "rs.m:length", "r.wild_via_r.n"),
    *("r.wild_via_rs.t", "own.wild_via_own.t", "own.friends.name", "own.wilder_via_up.n"),
]
REQUEST = [
    *("@request.auth.id", "@request.auth.name", "@request.auth.role", "@request.auth.age"),
    *(
        "@request.auth.boss",
        "@request.auth.friends",
        "@request.auth.friends.name",
        "@request.method",
    ),
    *(
        "@request.query.q",
        "@request.auth.verified",
        "@request.auth.boss.name",
        "@request.query.q:isset",
    ),
    *("@request.auth.wild_via_own.t", "@request.auth.nope", "@request.context"),
    *("@collection.wilder.t", "@collection.wilder:x.n", "@collection.people.name", "h"),
]
OPERATORS = ("=", "!=", ">", ">=", "<", "<=", "~", "!~")


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _constants() -> st.SearchStrategy[str]:
    texts = [_quoted(t) for t in (*TEXTS, *DATES, *CHOICES, "%", "_", *CALLERS, "wi0000000000003")]
    return st.sampled_from([*texts, *map(str, NUMBERS), "true", "false", "null", "1e15"])


def operands(names: list[str]) -> st.SearchStrategy[str]:
    """Names twice as often as constants; now and then a function."""
    name = st.sampled_from(names)
    calls = ["geoDistance(g.lon, g.lat, 0, 51)", "strftime('%Y', d)", "geoDistance(n, 0, 1, n)"]
    return st.one_of(name, name, _constants(), st.sampled_from(calls))


def comparisons(names: list[str]) -> st.SearchStrategy[str]:
    operand = operands(names)
    operator = st.sampled_from([*OPERATORS, *(f"?{o}" for o in OPERATORS)])
    return st.builds("{} {} {}".format, st.sampled_from(names), operator, operand) | st.builds(
        "{} {} {}".format, operand, operator, operand
    )


def filters(names: list[str]) -> st.SearchStrategy[str]:
    """Up to about six comparisons, in groups."""
    return st.recursive(
        comparisons(names),
        lambda inner: (
            st.builds("{} {} {}".format, inner, st.sampled_from(("&&", "||")), inner)
            | st.builds("({} {} {})".format, inner, st.sampled_from(("&&", "||")), inner)
        ),
        max_leaves=5,
    )


CLIENT_FILTERS = filters(PLAIN + JOINED)
RULES = filters(PLAIN + JOINED + REQUEST)
ROW_RULES = filters([*PLAIN, *(name for name in REQUEST if "_via_" not in name), "h"])
"""Rules that mostly need the record and the request only."""
# Which of many back related records counts first is up to PocketBase's query planner.
_SORTED = [name for name in PLAIN + JOINED if "_via_" not in name]
SORTS = st.lists(
    st.builds("{}{}".format, st.sampled_from(("", "-", "+")), st.sampled_from(_SORTED)),
    min_size=1,
    max_size=3,
).map(",".join)
