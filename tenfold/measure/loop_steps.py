"""Take an advised step on a server: an index through its API, the rest by starting it anew."""

from __future__ import annotations

import httpx

from tenfold.errors import OperatorError
from tenfold.measure.advise_values import Step
from tenfold.measure.private import PrivateTenfold
from tenfold.measure.samplers import superuser_token
from tenfold.measure.target import Target

INDEX_LIMIT_S = 600.0


def can_take(step: Step, private: PrivateTenfold | None) -> bool:
    """Whether a program can take a step: an index anywhere, others where it started the server."""
    return step.is_here and (step.kind == "add_index" or private is not None)


def take(step: Step, target: Target, private: PrivateTenfold | None) -> None:
    """Take a step. Raises: OperatorError when it can't be taken, or fails."""
    if not can_take(step, private):
        raise OperatorError(f"this step can't be taken from here: {step.text}")
    if step.kind == "add_index":
        _add_index(target, step.change["collection"], step.change["sql"])
        return
    assert private
    workers = int(step.change.get("workers", private.workers))
    if step.kind == "set":
        private.settings[step.change["setting"]] = step.change["value"]
    private.restart(workers)


def _add_index(target: Target, collection: str, sql: str) -> None:
    url = f"{target.address.url}/api/collections/{collection}"
    headers = {"Authorization": superuser_token(target.address.url, target.credentials)}
    try:
        with httpx.Client(headers=headers, timeout=INDEX_LIMIT_S) as client:
            known = client.get(url).raise_for_status().json()["indexes"]
            client.patch(url, json={"indexes": [*known, sql]}).raise_for_status()
    except httpx.HTTPError as error:
        raise OperatorError(f"the index can't be added to {collection}: {error}") from None
