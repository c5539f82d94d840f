"""Where the load goes: an address, and what was made there for it. Plain values."""

from __future__ import annotations

import random
from dataclasses import dataclass

FILE_COUNT = 16
LETTERS = "abcdefghijklmnopqrstuvwxyz     "
TEXT_SEED = 7
FILE_SEED = 11


@dataclass(frozen=True, slots=True)
class Address:
    """One server. `host` is an IP address, `name` what its certificate must name."""

    host: str
    port: int
    name: str
    is_tls: bool = False

    @property
    def authority(self) -> str:
        """What the Host header says."""
        name = f"[{self.name}]" if ":" in self.name else self.name
        return f"{name}:{self.port}"

    @property
    def url(self) -> str:
        return f"{'https' if self.is_tls else 'http'}://{self.authority}"


@dataclass(frozen=True, slots=True)
class Site:
    """The data of a load on one server: two collections of records, users and files.

    Everybody may read `open_name`; only the user of `token` may write to it, and read
    `owned_name` (empty when the workload has no use for it).
    """

    address: Address
    open_name: str
    owned_name: str
    users_name: str
    records: int
    text_bytes: int
    emails: tuple[str, ...]
    password: str
    token: str
    file_paths: tuple[str, ...] = ()
    file_bytes: int = 0


def record_id(number: int) -> str:
    """The id of the n-th record that is there before the load begins."""
    return f"tf{number:013d}"


def texts(text_bytes: int, count: int = 16) -> list[str]:
    """Texts to write, the same in every process."""
    rng = random.Random(TEXT_SEED)
    return ["".join(rng.choices(LETTERS, k=text_bytes)) for _ in range(count)]


def file_content(file_bytes: int) -> bytes:
    """What every file of a site holds; bytes that don't compress."""
    return random.Random(FILE_SEED).randbytes(file_bytes)
