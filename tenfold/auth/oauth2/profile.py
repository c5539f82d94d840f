"""Read a user out of what a provider tells of him, whatever shape it has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from tenfold.errors import TenfoldError

TRUE_TEXTS = frozenset({"1", "t", "true"})
_DATE = re.compile(r"\d{4}-\d\d-\d\dT")
_MAX_TEXT = 2_000


class ProviderFailed(TenfoldError):
    """A provider refused, was away or too slow, or answered what can't be used."""


@dataclass(frozen=True, slots=True)
class OAuth2User:
    """Who a provider says its user is; `email` is "" unless the provider vouches for it."""

    id: str
    name: str = ""
    username: str = ""
    email: str = ""
    avatar_url: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Where the parts of a user are: dotted paths into the answer, "" where there is none.

    `name` may be several paths, joined by a blank. The e-mail address counts only if what
    `email_proof` names is true (or a date, or the path is ""), and the user only if all of
    `demands` have the given values. `avatar_form` makes an address of {id} and {avatar}.
    """

    id: str = "id"
    name: tuple[str, ...] = ("name",)
    fallback_name: str = ""
    username: str = ""
    email: str = "email"
    email_proof: tuple[str, ...] = ()
    avatar: str = ""
    avatar_form: str = "{avatar}"
    avatar_unless: str = ""
    avatar_proof: str = ""
    demands: tuple[tuple[str, Any], ...] = ()

    def read(self, raw: Mapping[str, Any]) -> OAuth2User:
        """The user in an answer. Raises: ProviderFailed when it is no such answer."""
        for path, wanted in self.demands:
            if _find(raw, path) != wanted:
                raise ProviderFailed(f"the account is not in use ({path})")
        identity = _identity(raw, self.id)
        name = " ".join(filter(None, (_text(raw, path) for path in self.name)))
        return OAuth2User(
            id=identity,
            name=name or _text(raw, self.fallback_name),
            username=_text(raw, self.username),
            email=_text(raw, self.email) if self._is_vouched_for(raw) else "",
            avatar_url=self._avatar(raw, identity),
            raw=raw,
        )

    def _is_vouched_for(self, raw: Mapping[str, Any]) -> bool:
        return all(is_true(_find(raw, path)) for path in self.email_proof)

    def _avatar(self, raw: Mapping[str, Any], identity: str) -> str:
        avatar = _text(raw, self.avatar)
        if not avatar or (self.avatar_unless and is_true(_find(raw, self.avatar_unless))):
            return ""
        if self.avatar_proof and not is_true(_find(raw, self.avatar_proof)):
            return ""
        return self.avatar_form.replace("{id}", identity).replace("{avatar}", avatar)


def is_true(value: Any) -> bool:
    """Whether a provider's yes is one: true, "true", a number but 0, or the date of a yes."""
    if isinstance(value, str):
        return value.lower() in TRUE_TEXTS or _DATE.match(value) is not None
    return isinstance(value, bool | int | float) and bool(value)


def as_object(value: Any) -> dict[str, Any]:
    """A JSON object. Raises: ProviderFailed."""
    if not isinstance(value, dict):
        raise ProviderFailed("the answer is no JSON object")
    return cast("dict[str, Any]", value)


def _find(raw: Any, path: str) -> Any:
    """What is at a dotted path; None where the way ends early."""
    for step in path.split("."):
        if isinstance(raw, dict):
            raw = cast("dict[str, Any]", raw).get(step)
        elif isinstance(raw, list) and step.isdigit() and int(step) < len(cast("list[Any]", raw)):
            raw = cast("list[Any]", raw)[int(step)]
        else:
            return None
    return raw


def _text(raw: Mapping[str, Any], path: str) -> str:
    value = _find(raw, path) if path else None
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > _MAX_TEXT:
        raise ProviderFailed(f"{path} is no text")
    return value


def _identity(raw: Mapping[str, Any], path: str) -> str:
    """The user's id; 0 is none, for it would make one user of many."""
    value = _find(raw, path)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if value else ""
    return _text(raw, path)
