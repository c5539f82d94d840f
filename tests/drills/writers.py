"""Writers that remember exactly what the service acknowledged, and what is in doubt."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx

RECORDS = "/api/collections/notes/records"
LONGEST_LIST = 12
"""How many records a writer keeps at most."""

Action = Literal["create", "update", "delete"]


@dataclass(frozen=True)
class Step:
    """One record's part of a request: what its row holds afterwards.

    `number` grows with every write of a writer; `content` is the text of its file.
    """

    action: Action
    record_id: str
    number: int = 0
    content: str = ""


@dataclass
class Writer:
    """Sends one request after the other; only it touches its records.

    `acknowledged` are the steps the service said yes to, in order; `in_doubt` those of a
    request whose answer never came. `refused` counts honest refusals (503).
    """

    name: str
    url: str
    acknowledged: list[Step] = field(default_factory=list[Step])
    in_doubt: tuple[Step, ...] = ()
    refused: int = 0
    faults: list[str] = field(default_factory=list[str])
    living: list[Step] = field(default_factory=list[Step])
    _number: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(self.name)

    def run(self, stop: threading.Event) -> None:
        """Write until told to stop, or until the service is gone."""
        with httpx.Client(base_url=self.url, timeout=20) as client:
            while not stop.is_set():
                try:
                    self._write(client)
                except httpx.TransportError:
                    return

    def begin_round(self, living: Sequence[Step]) -> None:
        """Start anew from what the service holds now."""
        self.acknowledged.clear()
        self.in_doubt = ()
        self.living = list(living)

    def _write(self, client: httpx.Client) -> None:
        steps, request = self._next(client)
        self.in_doubt = steps
        answer = client.send(request)
        self.in_doubt = ()
        if answer.status_code in (200, 204):
            self.acknowledged.extend(steps)
            for step in steps:
                self._apply(step)
        elif answer.status_code == 503:
            self.refused += 1
        else:
            self.faults.append(f"{answer.status_code} {answer.text[:200]} for {steps}")

    def _apply(self, step: Step) -> None:
        self.living = [kept for kept in self.living if kept.record_id != step.record_id]
        if step.action != "delete":
            self.living.append(step)

    def _next(self, client: httpx.Client) -> tuple[tuple[Step, ...], httpx.Request]:
        kind = self._random.choice(("create", "upload", "update", "delete", "batch", "batch"))
        if len(self.living) < 3:
            kind = "upload"
        elif len(self.living) >= LONGEST_LIST:
            kind = "delete"
        if kind == "batch":
            return self._batch(client)
        step = self._step("create" if kind == "upload" else kind, with_file=kind == "upload")
        return (step,), _single(client, step)

    def _batch(self, client: httpx.Client) -> tuple[tuple[Step, ...], httpx.Request]:
        updated, deleted = self._random.sample(self.living, 2)
        steps = (
            self._step("create", with_file=True),
            self._step("update", updated),
            self._step("delete", deleted),
            self._step("create"),
        )
        return steps, _together(client, steps)

    def _step(self, action: str, known: Step | None = None, *, with_file: bool = False) -> Step:
        self._number += 1
        if action == "create":
            content = f"{self.name} {self._number}\n" * 500 if with_file else ""
            return Step("create", f"{self.name}{self._number:012d}", self._number, content)
        known = known or self._random.choice(self.living)
        if action == "delete":
            return Step("delete", known.record_id)
        return Step("update", known.record_id, self._number, known.content)


def _body(step: Step) -> dict[str, Any]:
    # The title repeats the number: a row in which they differ was torn.
    body: dict[str, Any] = {"rank": step.number, "title": f"number {step.number}"}
    return body | {"id": step.record_id} if step.action == "create" else body


def _single(client: httpx.Client, step: Step) -> httpx.Request:
    path = f"{RECORDS}/{step.record_id}"
    if step.action == "delete":
        return client.build_request("DELETE", path)
    if step.action == "update":
        return client.build_request("PATCH", path, json=_body(step))
    if not step.content:
        return client.build_request("POST", RECORDS, json=_body(step))
    files = [("docs", ("text.txt", step.content.encode(), "text/plain"))]
    return client.build_request("POST", RECORDS, data=_body(step), files=files)


def _together(client: httpx.Client, steps: Sequence[Step]) -> httpx.Request:
    methods = {"create": "POST", "update": "PATCH", "delete": "DELETE"}
    requests = [
        {
            "method": methods[step.action],
            "url": RECORDS if step.action == "create" else f"{RECORDS}/{step.record_id}",
            "body": {} if step.action == "delete" else _body(step),
        }
        for step in steps
    ]
    files = [
        (f"requests.{index}.docs", ("text.txt", step.content.encode(), "text/plain"))
        for index, step in enumerate(steps)
        if step.action == "create" and step.content
    ]
    payload = {"@jsonPayload": json.dumps({"requests": requests})}
    return client.build_request("POST", "/api/batch", data=payload, files=files)
