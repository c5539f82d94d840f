"""The price file: what parts cost, which machines there are, what is assumed. TOML, by keys."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, cast

import msgspec

from tenfold.settings import SettingsError

TABLES = ("price", "machine", "assume")


class PricesError(SettingsError):
    """A price file can't be used; `problems` names everything wrong with it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(problems)
        self.hint = "docs/measuring.md shows where the file with all keys is"


@dataclass(frozen=True, slots=True)
class Prices:
    """All figures by table and key."""

    currency: str
    price: dict[str, float]
    machine: dict[str, float]
    assume: dict[str, float]


def default_text() -> str:
    """The file that comes with Tenfold, as people edit it."""
    return (resources.files("tenfold.measure") / "prices.toml").read_text()


def load_prices(path: Path | None) -> Prices:
    """The default prices, changed by a file. Raises: PricesError, which names all problems."""
    known = _parse(default_text(), "prices.toml")
    if path is None:
        return _made(known)
    try:
        own = _parse(path.read_text(), str(path))
    except OSError as error:
        raise PricesError([f"{path} can't be read: {error.strerror}"]) from None
    return _made(_changed(known, own, str(path)))


def _parse(text: str, where: str) -> dict[str, Any]:
    try:
        return msgspec.toml.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeError) as error:
        raise PricesError([f"{where} is not TOML: {error}"]) from None


def _made(raw: Mapping[str, Any]) -> Prices:
    tables = {name: {k: float(v) for k, v in raw[name].items()} for name in TABLES}
    return Prices(currency=str(raw["currency"]), **tables)


def _changed(known: Mapping[str, Any], own: Mapping[str, Any], where: str) -> dict[str, Any]:
    problems: list[str] = []
    changed = {key: dict(value) if key in TABLES else value for key, value in known.items()}
    for key, value in own.items():
        if key == "currency" and isinstance(value, str):
            changed[key] = value[:12]
        elif key in TABLES and isinstance(value, dict):
            _change(changed[key], cast(dict[str, object], value), f"{where}: {key}.", problems)
        else:
            problems.append(f"{where}: {key} is not a table or key of prices")
    if problems:
        raise PricesError(problems)
    return changed


def _change(
    table: dict[str, Any], own: Mapping[str, object], where: str, problems: list[str]
) -> None:
    for name, value in own.items():
        if name not in table:
            near = difflib.get_close_matches(name, table, n=1, cutoff=0.5)
            hint = f"; did you mean {near[0]}?" if near else ""
            problems.append(f"{where}{name} is not a key{hint}")
        elif not isinstance(value, (int, float)) or isinstance(value, bool) or not value > 0:
            problems.append(f"{where}{name} must be a number above 0, not {value!r}"[:300])
        else:
            table[name] = float(value)
