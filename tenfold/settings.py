"""Boot settings: read once from flags, environment and `tenfold.toml`; a restart changes them.

What may change while the service runs lives in `administration` (PocketBase's /api/settings).
Every key is documented in docs/settings.md. Nobody else reads the environment.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import msgspec

from tenfold.errors import OperatorError

PREFIX = "TENFOLD_"
FILE_NAME = "tenfold.toml"
DEFAULT_DIR = Path("tenfold_data")

_SIZE = re.compile(r"^\s*(\d+)\s*([kmg]i?b?|b)?\s*$", re.IGNORECASE)
_SIZE_UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_ADDRESS = re.compile(r"^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+|):(\d{1,5})$")

ENCRYPTION_KEY_LENGTH = 32

CACHE_SHARE = 32
"""Of the memory, one part in so many is for remembered answers, if nothing else is set."""

LEAST_CACHE_BYTES, MOST_CACHE_BYTES = 32 << 20, 1 << 30

SQLITE = "sqlite"
"""The setting `store` of a database in the data folder."""


class SettingsError(OperatorError):
    """One or more settings are wrong; `problems` names each of them."""

    def __init__(self, problems: list[str]) -> None:
        lines = "\n".join(f"  - {p}" for p in problems)
        super().__init__(
            f"{len(problems)} bad setting{'s' if len(problems) > 1 else ''}:\n{lines}",
            hint="every key is explained in docs/settings.md",
        )
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Key:
    """How one setting is read: `parse` raises ValueError, saying what it wants."""

    parse: Callable[[object], Any]
    help: str
    is_secret: bool = False


def _text(raw: object) -> str:
    if not isinstance(raw, str):
        raise ValueError("a text")
    return raw


def _path(raw: object) -> Path:
    if isinstance(raw, Path):
        return raw
    if not _text(raw):
        raise ValueError("a path")
    return Path(_text(raw)).expanduser()


def _whole(low: int, high: int) -> Callable[[object], int]:
    def parse(raw: object) -> int:
        wanted = f"a whole number from {low} to {high}"
        if isinstance(raw, str) and re.fullmatch(r"\s*\d{1,9}\s*", raw):
            raw = int(raw)
        if not isinstance(raw, int) or isinstance(raw, bool) or not low <= raw <= high:
            raise ValueError(wanted)
        return raw

    return parse


def _seconds(low: float, high: float) -> Callable[[object], float]:
    def parse(raw: object) -> float:
        wanted = f"seconds from {low:g} to {high:g}"
        if isinstance(raw, str):
            try:
                raw = float(raw)
            except ValueError:
                raise ValueError(wanted) from None
        if not isinstance(raw, (int, float)) or isinstance(raw, bool) or not low <= raw <= high:
            raise ValueError(wanted)
        return float(raw)

    return parse


def _size(low: int, high: int) -> Callable[[object], int]:
    def parse(raw: object) -> int:
        size = raw
        if isinstance(raw, str) and (match := _SIZE.match(raw)):
            size = int(match[1]) * _SIZE_UNITS[(match[2] or "")[:1].lower()]
        if not isinstance(size, int) or isinstance(size, bool) or not low <= size <= high:
            raise ValueError(f'a size such as 33554432 or "32 MiB", from {low} to {high} bytes')
        return size

    return parse


def _one_of(*choices: str) -> Callable[[object], str]:
    def parse(raw: object) -> str:
        if not isinstance(raw, str) or raw.lower() not in choices:
            raise ValueError("one of " + ", ".join(choices))
        return raw.lower()

    return parse


def _address(raw: object) -> str:
    match = _ADDRESS.match(raw) if isinstance(raw, str) else None
    if match is None or not int(match[2]) < 1 << 16:
        raise ValueError('an address and a port such as "127.0.0.1:8090"')
    return match[0]


def _origins(raw: object) -> tuple[str, ...]:
    try:
        parts = raw.split(",") if isinstance(raw, str) else msgspec.convert(raw, tuple[str, ...])
    except msgspec.ValidationError:
        raise ValueError('a list of origins such as ["https://example.com"]') from None
    origins = tuple(p.strip().rstrip("/") for p in parts)
    if not origins or not all(
        o == "*" or re.match(r"^[a-z][a-z0-9+.-]*://[^/\s]+$", o) for o in origins
    ):
        raise ValueError('"*" or origins such as "https://example.com"')
    return origins


def _encryption_key(raw: object) -> str:
    text = _text(raw)
    if text and len(text.encode()) != ENCRYPTION_KEY_LENGTH:
        raise ValueError(f"exactly {ENCRYPTION_KEY_LENGTH} characters")
    return text


def _bucket(raw: object) -> str:
    text = _text(raw)
    if text and not text.startswith("s3://"):
        raise ValueError('a URL such as "s3://KEY@HOST/BUCKET?region=REGION&secret_file=/path"')
    return text


def _store(raw: object) -> str:
    text = _text(raw)
    if text != SQLITE and not text.startswith(("mysql://", "mariadb://")):
        raise ValueError(f'"{SQLITE}" or a URL such as "mysql://user@host/database"')
    return text


def _core_count() -> int:
    return max(1, min(len(os.sched_getaffinity(0)), 8))


def _memory_bytes() -> int:
    """The memory of this machine, or of the container that this is."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        return min(machine, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    except (OSError, ValueError):
        return machine


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the service must know before it starts."""

    dir: Annotated[Path, Key(_path, "the data folder")] = DEFAULT_DIR
    http: Annotated[str, Key(_address, "the address and port to listen on")] = "127.0.0.1:8090"
    workers: Annotated[
        int, Key(_whole(0, 256), "worker processes that answer HTTP; 0: one per core, at most 8")
    ] = 0
    hooks_dir: Annotated[
        Path | None, Key(_path, "folder of Python hooks; default: hooks/ beside the data")
    ] = None
    public_dir: Annotated[
        Path | None, Key(_path, "folder of static files; default: public/ beside the data")
    ] = None
    origins: Annotated[
        tuple[str, ...], Key(_origins, "origins that browsers may call from (CORS)")
    ] = ("*",)
    log_level: Annotated[
        str, Key(_one_of("debug", "info", "warning", "error"), "how much is told on stderr")
    ] = "info"
    log_format: Annotated[str, Key(_one_of("text", "json"), "the shape of a line on stderr")] = (
        "text"
    )
    body_limit_bytes: Annotated[
        int, Key(_size(1 << 10, 8 << 30), "the largest request body where nothing else is set")
    ] = 32 << 20
    request_timeout_s: Annotated[
        float, Key(_seconds(1, 3600), "how long a client may take to send a body")
    ] = 60.0
    idle_timeout_s: Annotated[
        float, Key(_seconds(5, 86400), "how long a realtime connection lives without an event")
    ] = 300.0
    stop_timeout_s: Annotated[
        float, Key(_seconds(0, 600), "how long a stop waits for the requests under way")
    ] = 10.0
    query_timeout_s: Annotated[float, Key(_seconds(0.1, 3600), "how long one read may take")] = 30.0
    cache_bytes: Annotated[
        int,
        Key(_size(0, 64 << 30), "memory for answers, in each worker; 0: by the machine's memory"),
    ] = 0
    password_threads: Annotated[
        int, Key(_whole(1, 64), "threads that hash passwords, in each worker")
    ] = 2
    hook_timeout_s: Annotated[float, Key(_seconds(0.1, 3600), "how long one hook may run")] = 30.0
    encryption_key: Annotated[
        str, Key(_encryption_key, "32 characters that encrypt the stored settings", True)
    ] = field(default="", repr=False)
    blobs: Annotated[
        str, Key(_bucket, "the S3 bucket of uploaded files; empty: a folder in dir", True)
    ] = field(default="", repr=False)

    store: Annotated[
        str, Key(_store, "where the data is: sqlite, or the URL of a MariaDB database", True)
    ] = field(default=SQLITE, repr=False)
    store_password: Annotated[
        str, Key(_text, "the password for the database, where its URL has none", True)
    ] = field(default="", repr=False)

    @property
    def host(self) -> str:
        """The address to listen on, without brackets; every one when left empty."""
        return self.http.rpartition(":")[0].strip("[]") or "0.0.0.0"

    @property
    def port(self) -> int:
        return int(self.http.rpartition(":")[2])

    @property
    def worker_count(self) -> int:
        """How many workers to start."""
        return self.workers or _core_count()

    @property
    def worker_cache_bytes(self) -> int:
        """How much memory each worker may use for answers."""
        share = _memory_bytes() // CACHE_SHARE // self.worker_count
        return self.cache_bytes or max(LEAST_CACHE_BYTES, min(share, MOST_CACHE_BYTES))

    @property
    def hooks_folder(self) -> Path:
        return self.hooks_dir or self.dir.parent / "hooks"

    @property
    def public_folder(self) -> Path:
        return self.public_dir or self.dir.parent / "public"


def _keys() -> dict[str, Key]:
    hints = get_type_hints(Settings, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items()}


KEYS: Mapping[str, Key] = _keys()
"""Every setting by name."""


def load(
    flags: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
    file: Path | None = None,
) -> Settings:
    """Read the settings: flags win over the environment, that over the file, that over defaults.

    `file` None looks for tenfold.toml beside the data folder. Paths in the file are relative
    to it. Raises: SettingsError, which names everything wrong at once.
    """
    found = {k: v for k, v in (flags or {}).items() if v is not None}
    environment = os.environ if environ is None else environ
    problems: list[str] = []
    values = _Values(problems)
    for name, raw in found.items():
        values.take(name, raw, f"--{name.replace('_', '-')}")
    for variable in sorted(environment):
        if variable.startswith(PREFIX):
            values.take(variable[len(PREFIX) :].lower(), environment[variable], variable)
    path = file or Path(values.taken.get("dir", DEFAULT_DIR)).absolute().parent / FILE_NAME
    for name, raw in _read_file(path, problems, is_needed=file is not None).items():
        values.take(name, raw, f"{path}: {name}", relative_to=path.absolute().parent)
    if problems:
        raise SettingsError(problems)
    settings = Settings(**values.taken)
    return replace(settings, dir=settings.dir.absolute())


class _Values:
    """Collects parsed values, first come wins, and what is wrong with the others."""

    def __init__(self, problems: list[str]) -> None:
        self.taken: dict[str, Any] = {}
        self._problems = problems

    def take(self, name: str, raw: object, where: str, relative_to: Path | None = None) -> None:
        key = KEYS.get(name)
        if key is None:
            self._problems.append(f"{where} is not a setting{_nearest(name, where)}")
            return
        try:
            value = key.parse(raw)
        except ValueError as error:
            shown = "" if key.is_secret else f", not {raw!r}"
            self._problems.append(f"{where} must be {error}{shown}")
            return
        if isinstance(value, Path):
            value = (relative_to or Path.cwd()) / value
        self.taken.setdefault(name, value)


def _nearest(name: str, where: str) -> str:
    near = difflib.get_close_matches(name, KEYS, n=1, cutoff=0.5)
    if not near:
        return ""
    shown = PREFIX + near[0].upper() if where.startswith(PREFIX) else near[0]
    return f"; did you mean {shown}?"


def _read_file(path: Path, problems: list[str], *, is_needed: bool) -> dict[str, object]:
    try:
        return msgspec.toml.decode(path.read_bytes(), type=dict[str, object])
    except (FileNotFoundError, NotADirectoryError):
        if is_needed:
            problems.append(f"{path} does not exist")
    except OSError as error:
        problems.append(f"{path} can't be read: {error.strerror}")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        problems.append(f"{path} is not TOML: {error}")
    return {}
