"""A PocketBase and a Tenfold with the same data, asked the same."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from tests.differential import restore, seed
from tests.differential.compare import Comparison, Matching, shown_diff
from tests.differential.known import KNOWN
from tests.targets import EMAIL, PASSWORD, PocketBase, Server, Tenfold

MAX_FAILURES_SHOWN = 10
FilePart = tuple[str, tuple[str, bytes, str]]
"""Field, then file name, content and type."""


@dataclass(frozen=True)
class Ask:
    """A request. At most one of `json`, `form` (with or without `files`) and `body`."""

    method: str
    path: str
    query: Mapping[str, Any] | str = ""
    json: Any = None
    form: Mapping[str, Any] | None = None
    files: Sequence[FilePart] = ()
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    who: str | None = None

    def __str__(self) -> str:
        said = [self.method, self.path, f"as {self.who or 'guest'}"]
        for name in ("query", "json", "form", "files", "body", "headers"):
            if getattr(self, name):
                said.append(f"{name}={str(getattr(self, name))[:1500]}")
        return " ".join(said)


@dataclass(frozen=True)
class Answer:
    """What a server said. `value` is the parsed JSON, or text where it is none."""

    status: int
    headers: httpx.Headers
    body: bytes
    value: Any


@dataclass(frozen=True)
class Both:
    """The answers of PocketBase (`theirs`) and of Tenfold (`ours`)."""

    theirs: Answer
    ours: Answer


@dataclass
class Tally:
    """How many answers were compared in this run."""

    compared: int = 0
    known: int = 0


@dataclass
class Side:
    """One of the two servers, with the tokens of everyone who was let in."""

    server: Server
    client: httpx.Client = field(init=False)
    tokens: dict[str, str] = field(default_factory=dict[str, str])
    names: dict[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=self.server.url, timeout=30)

    def send(self, ask: Ask) -> Answer:
        """Send a request, in this server's own terms."""
        headers = {k: self.named(v) for k, v in ask.headers.items()}
        if ask.who is not None:
            headers.setdefault("Authorization", self.token(ask.who))
        query = ask.query if isinstance(ask.query, str) else str(httpx.QueryParams(ask.query))
        path = self.named(ask.path)
        response = self.client.request(
            ask.method,
            f"{path}?{self.named(query)}" if query else path,
            json=self.named(ask.json),
            data=self.named(ask.form),
            files=list(ask.files) or None,
            content=ask.body,
            headers=headers,
        )
        return Answer(
            response.status_code, response.headers, response.content, self._value(response)
        )

    def token(self, who: str) -> str:
        """The token of "root" or a person of the seed."""
        if who not in self.tokens:
            collection, identity, password = (
                ("_superusers", EMAIL, PASSWORD)
                if who == "root"
                else (seed.PEOPLE, seed.email(who), seed.PASSWORD)
            )
            self.tokens[who] = self._log_in(collection, identity, password)
        return self.tokens[who]

    def named(self, value: Any) -> Any:
        """A value in which `<name>` is replaced by what was bound to it."""
        if isinstance(value, str):
            for name, meaning in self.names.items():
                value = value.replace(f"<{name}>", meaning)
            return value
        if isinstance(value, Mapping):
            return {self.named(k): self.named(v) for k, v in value.items()}  # pyright: ignore[reportUnknownVariableType]
        if isinstance(value, (list, tuple)):
            return [self.named(v) for v in value]  # pyright: ignore[reportUnknownVariableType]
        return value

    def _log_in(self, collection: str, identity: str, password: str) -> str:
        answer = self.client.post(
            f"/api/collections/{collection}/auth-with-password",
            json={"identity": identity, "password": password},
        )
        return answer.raise_for_status().json()["token"]

    def _value(self, response: httpx.Response) -> Any:
        text = response.text.replace(f"127.0.0.1:{self.server.port}", "127.0.0.1:PORT")
        try:
            return json.loads(text, parse_int=_number)
        except ValueError:
            return text


class Pair:
    """Both servers. See the package's docstring for its use."""

    def __init__(self, theirs: PocketBase, ours: Tenfold, tally: Tally) -> None:
        self.theirs = Side(theirs)
        self.ours = Side(ours)
        self.sides = (self.theirs, self.ours)
        self._other = ThreadPoolExecutor(1)
        self.tally = tally
        self.touched: set[str] = set()
        self.matching = Matching(seed.known_ids())

    def send(self, ask: Ask) -> Both:
        """Ask both without comparing."""
        self.touched |= restore.touched_by(ask.method, ask.path, ask.json or ask.form)
        theirs = self._other.submit(self.theirs.send, ask)
        ours = self.ours.send(ask)
        return Both(theirs.result(), ours)

    def same(
        self,
        ask: Ask,
        *,
        headers: Sequence[str] = (),
        loose: Sequence[str] = (),
        any_order: bool = False,
        known: str | None = None,
    ) -> Both:
        """Ask both; fail where the answers differ (or do not, for a known difference)."""
        both = self.send(ask)
        comparison = Comparison(self.matching, tuple(loose), any_order)
        faults = list(_faults(both, comparison, ("content-type", *headers)))
        self.tally.compared += 1
        if known is not None:
            assert faults, f"{ask}\nno longer differs: {known} ({KNOWN[known]})"
            self.tally.known += 1
        elif faults:
            raise AssertionError(_report(ask, both, faults))
        return both

    def all_same(
        self, asks: Iterable[Ask], *, headers: Sequence[str] = (), any_order: bool = False
    ) -> None:
        """Ask both many things; show all that differ, at the end."""
        failures: list[str] = []
        for ask in asks:
            try:
                self.same(ask, headers=headers, any_order=any_order)
            except AssertionError as failure:
                failures.append(str(failure))
        if failures:
            shown = "\n\n".join(failures[:MAX_FAILURES_SHOWN])
            raise AssertionError(f"{len(failures)} answers differ:\n\n{shown}")

    def bind(self, name: str, both: Both, path: str) -> None:
        """Let `<name>` stand for a value of each answer, found by a dotted path."""
        for side, answer in zip(self.sides, (both.theirs, both.ours), strict=True):
            side.names[name] = str(_part(answer.value, path))

    def renew(self) -> None:
        """Bring back the seed where it was touched, and forget names and matches."""
        self.matching = Matching(seed.known_ids())
        for side in self.sides:
            side.names.clear()
            if self.touched:
                restore.restore(side.client, side.token("root"), self.touched)
            if seed.PEOPLE in self.touched:
                for who in side.tokens.keys() - {"root"}:
                    del side.tokens[who]
        self.touched.clear()

    def as_all(self, ask: Ask, *who: str | None) -> list[Ask]:
        """The same request by several callers."""
        return [replace(ask, who=name) for name in who]

    def close(self) -> None:
        self._other.shutdown()
        for side in self.sides:
            side.client.close()


def _number(text: str) -> int | float:
    """An integer as long as every reader has it exactly: beyond, only its double counts."""
    return int(text) if abs(int(text)) < 2**53 else float(text)


def _part(value: Any, path: str) -> Any:
    for step in path.split("."):
        value = value[int(step)] if step.isdigit() else value[step]
    return value


def _faults(both: Both, comparison: Comparison, headers: Sequence[str]) -> Iterable[str]:
    theirs, ours = both.theirs, both.ours
    if theirs.status != ours.status:
        yield f"status: {theirs.status} | {ours.status}"
    for name in headers:
        yield from comparison.differences(
            theirs.headers.get(name), ours.headers.get(name), f"header {name}"
        )
    yield from comparison.differences(theirs.value, ours.value)


def _report(ask: Ask, both: Both, faults: list[str]) -> str:
    lines = "\n".join(f"  {fault}" for fault in faults[:20])
    diff = shown_diff(both.theirs.value, both.ours.value)
    return f"{ask}\nPocketBase | Tenfold differ at\n{lines}\n{diff}"
