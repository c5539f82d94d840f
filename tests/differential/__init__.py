"""The same requests to the real PocketBase and to Tenfold: the answers must be the same.

How to write a row
------------------
```python
from tests.differential.pair import Ask, Pair

def test_view(pair: Pair) -> None:
    pair.same(Ask("GET", f"/api/collections/posts/records/{record_id('first')}", who="ann"))
```
`pair` is one PocketBase and one Tenfold with the same data (`seed.py`; ids and dates too). The
fixture brings seeded collections back to the seed before a test, as far as earlier requests
through `pair` may have changed them, and removes collections that a test made. Settings,
logs and backups are not brought back: restore them yourself.

`Ask` is a request; `who` is "root" (a superuser), a person of the seed ("ann", "bob", "cat",
"dan") or None. `pair.same(ask)` sends it to both, compares status, content type and body, and
gives both answers. More:

- `pair.all_same([ask, ...])`: many rows in one test; all that differ are shown.
- `pair.same(ask, headers=("etag",))` compares these headers too.
- `pair.same(ask, loose=("authProviders.*.state",))`: there only the kind of value counts.
- `pair.same(ask, any_order=True)`: the order of lists doesn't count (queries without a sort).
- `pair.same(ask, known="key")`: the answers have to differ, for the reason `KNOWN["key"]`.
- `pair.send(ask)` sends without comparing (to prepare something).
- `pair.bind("new", pair.same(...), "id")` names a value of both answers; `<new>` in later
  requests (path, query, headers, any string of a body) stands for each server's own value.

Random ids, file name suffixes and tokens need not be equal, but have to correspond one to one
during a test. Tokens are compared by their claims. Dates of this run are equal when they lie
close together; `exp` and `iat` likewise. Numbers differ when one is an integer and one is not.
"""
