"""A workload: what is asked, how often, of how much data. Read from TOML, checked as a whole."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import msgspec

from tenfold.measure.rate import SHAPES, Rate
from tenfold.settings import SettingsError

DEFAULT = "default"
MAX_RECORDS = 1_000_000
MAX_RECORD_BYTES = 1 << 20
MAX_FILE_BYTES = 16 << 20
FORM_BYTES = 128
"""The smallest body of a write: its keys, an id and a title."""


class WorkloadError(SettingsError):
    """A workload can't be used; `problems` names everything wrong with it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(problems)
        self.hint = "every key of a workload is explained in docs/measuring.md"


@dataclass(frozen=True, slots=True)
class Key:
    """How one key is read: `parse` raises ValueError, saying what it wants."""

    parse: Callable[[object], Any]
    help: str


def _text(raw: object) -> str:
    if not isinstance(raw, str) or len(raw) > 500:
        raise ValueError("a text of at most 500 characters")
    return raw


def _whole(low: int, high: int) -> Callable[[object], int]:
    def parse(raw: object) -> int:
        if not isinstance(raw, int) or isinstance(raw, bool) or not low <= raw <= high:
            raise ValueError(f"a whole number from {low:,} to {high:,}")
        return raw

    return parse


def _number(low: float, high: float) -> Callable[[object], float]:
    def parse(raw: object) -> float:
        # A NaN fails both comparisons.
        if not isinstance(raw, (int, float)) or isinstance(raw, bool) or not low <= raw <= high:
            raise ValueError(f"a number from {low:g} to {high:,g}")
        return float(raw)

    return parse


_share = _number(0, 1)


def _one_of(*choices: str) -> Callable[[object], str]:
    def parse(raw: object) -> str:
        if raw not in choices:
            raise ValueError("one of " + ", ".join(choices))
        return str(raw)

    return parse


def _table(raw: object) -> dict[str, object]:
    try:
        return msgspec.convert(raw, dict[str, object])
    except msgspec.ValidationError:
        raise ValueError("a table of keys, such as [rate] with per_s") from None


@dataclass(frozen=True, slots=True)
class Workload:
    """One load. Shares of reads: what is left over of them are views of one record."""

    title: Annotated[str, Key(_text, "what it stands for, for people")] = ""
    reads_per_write: Annotated[
        float, Key(_number(0, 1e9), "reads for each write; 0: writes only")
    ] = 100.0
    records: Annotated[
        int, Key(_whole(1, MAX_RECORDS), "records that are there before the load begins")
    ] = 10_000
    record_bytes: Annotated[
        int, Key(_whole(FORM_BYTES, MAX_RECORD_BYTES), "bytes of JSON that one write sends")
    ] = 1_000
    zipf_exponent: Annotated[
        float,
        Key(_number(0, 5), "how uneven reads are: 0 all records alike, 1 as the web usually is"),
    ] = 1.0
    list_share: Annotated[float, Key(_share, "share of reads that list the newest records")] = 0.0
    list_size: Annotated[int, Key(_whole(1, 500), "records of one list")] = 30
    file_share: Annotated[float, Key(_share, "share of reads that fetch a file")] = 0.0
    file_bytes: Annotated[int, Key(_whole(1, MAX_FILE_BYTES), "bytes of one file")] = 50_000
    auth_share: Annotated[
        float, Key(_share, "share of reads that are sign-ins with a password")
    ] = 0.0
    token_share: Annotated[
        float,
        Key(_share, "share of views and lists with a user's token, of records only the owner sees"),
    ] = 0.0
    update_share: Annotated[
        float, Key(_share, "share of writes that change a record instead of adding one")
    ] = 0.0
    realtime_subscribers: Annotated[
        int, Key(_whole(0, 20_000), "open realtime connections that are told of every write")
    ] = 0
    rate: Annotated[Rate, Key(_table, "how many requests, when")] = Rate()  # noqa: RUF009 (frozen)

    @property
    def write_ratio(self) -> float:
        """The share of writes among all requests, 0..1."""
        return 1 / (1 + self.reads_per_write)

    def at(self, per_s: float, duration_s: float | None = None) -> Workload:
        """The same mix at a steady rate."""
        rate = Rate(
            per_s=per_s,
            duration_s=self.rate.duration_s if duration_s is None else duration_s,
            warmup_s=self.rate.warmup_s,
            arrivals=self.rate.arrivals,
        )
        return replace(self, rate=rate)


RATE_PARSERS: Mapping[str, Key] = {
    "shape": Key(_one_of(*SHAPES), "how the rate moves: steady, ramp, spike or day"),
    "arrivals": Key(_one_of("even", "poisson"), "requests evenly spaced, or as independent users"),
    "per_s": Key(_number(0.01, 1e7), "requests a second: steady, at the start, or a day's mean"),
    "peak_per_s": Key(
        _number(0, 1e7), "requests a second at the end of a ramp, in a spike, at a day's busiest"
    ),
    "peak_at_ratio": Key(_share, "when a spike begins, as a share of the duration"),
    "peak_ratio": Key(_share, "how long a spike lasts, as a share of the duration"),
    "duration_s": Key(_number(0.1, 86_400), "seconds that are measured; a day's curve fits in"),
    "warmup_s": Key(_number(0, 3_600), "seconds of load before that, which do not count"),
}
"""Every key of [rate] by name."""


def _keys() -> dict[str, Key]:
    hints = get_type_hints(Workload, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items()}


KEYS: Mapping[str, Key] = _keys()
"""Every key of a workload by name."""


def parse_workload(text: str | bytes, where: str = "workload") -> Workload:
    """Read a workload's TOML. Raises: WorkloadError, which names everything wrong at once."""
    try:
        raw = msgspec.toml.decode(text, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeError) as error:
        raise WorkloadError([f"{where} is not TOML: {error}"]) from None
    return changed(Workload(), raw, where)


def changed(workload: Workload, raw: Mapping[str, object], where: str) -> Workload:
    """A workload with other values for some keys.

    Raises: WorkloadError, which names everything wrong at once.
    """
    problems: list[str] = []
    values = _taken(raw, KEYS, f"{where}: ", problems)
    rate = _taken(values.pop("rate", {}), RATE_PARSERS, f"{where}: rate.", problems)
    if not problems:
        made = replace(workload, **values, rate=replace(workload.rate, **rate))
        problems = [f"{where}: {problem}" for problem in _contradictions(made)]
        if not problems:
            return made
    raise WorkloadError(problems)


def _taken(
    raw: Mapping[str, object], keys: Mapping[str, Key], where: str, problems: list[str]
) -> dict[str, Any]:
    """The keys that are right; what is wrong with the others is added to `problems`."""
    taken: dict[str, Any] = {}
    for name, value in raw.items():
        key = keys.get(name)
        if key is None:
            problems.append(f"{where}{name} is not a key{_nearest(name, keys)}")
            continue
        try:
            taken[name] = key.parse(value)
        except ValueError as error:
            problems.append(f"{where}{name} must be {error}, not {value!r}"[:300])
    return taken


def _nearest(name: str, keys: Mapping[str, Key]) -> str:
    near = difflib.get_close_matches(name, keys, n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else ""


def _contradictions(workload: Workload) -> list[str]:
    problems = workload.rate.contradictions()
    shares = workload.list_share + workload.file_share + workload.auth_share
    if shares > 1 + 1e-9:
        problems.append(f"list_share, file_share and auth_share make {shares:g} together, over 1")
    return problems


def preset_names() -> list[str]:
    """The workloads that come with Tenfold."""
    folder = resources.files("tenfold.measure") / "presets"
    return sorted(p.name[: -len(".toml")] for p in folder.iterdir() if p.name.endswith(".toml"))


def load_workload(name_or_path: str) -> Workload:
    """A preset by its name, or a TOML file by its path. Raises: WorkloadError."""
    if name_or_path in preset_names():
        preset = resources.files("tenfold.measure") / "presets" / f"{name_or_path}.toml"
        return parse_workload(preset.read_bytes(), name_or_path)
    path = Path(name_or_path).expanduser()
    try:
        return parse_workload(path.read_bytes(), str(path))
    except OSError as error:
        near = difflib.get_close_matches(name_or_path, preset_names(), n=1)
        hint = f"; did you mean {near[0]}?" if near else f"; presets: {', '.join(preset_names())}"
        raise WorkloadError([f"{path} can't be read: {error.strerror}{hint}"]) from None
