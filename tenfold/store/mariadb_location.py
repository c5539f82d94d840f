"""Where a MariaDB or MySQL database is: the URL of the setting `store`, read and checked."""

from __future__ import annotations

import ssl
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

SCHEMES = ("mysql", "mariadb")
EXAMPLE = "mysql://user@host:3306/database?password_file=/path&ca=/path/ca.pem"
MOST_CONNECTIONS = 200
_LOOPBACK = ("localhost", "::1")


@dataclass(frozen=True, slots=True)
class MariadbLocation:
    """How to log in. `ca` names the file of the authority that signed the server's certificate.

    `connections` is how many a worker process may hold for reading; two more are for writing.
    """

    user: str
    database: str
    host: str = "127.0.0.1"
    port: int = 3306
    socket: str = ""
    ca: str = ""
    is_tls: bool = False
    connections: int = 8
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str, password: str = "") -> Self:
        """Read a URL such as EXAMPLE; `password` counts where the URL has none.

        Raises: ValueError, which says what is wanted and never shows a password.
        """
        parts = _split(url)
        options = _options(parts.query)
        host = parts.hostname or "127.0.0.1"
        socket = options.pop("socket", "")
        ca = options.pop("ca", "")
        found = unquote(parts.password or "") or _secret(options.pop("password_file", ""))
        location = cls(
            user=unquote(parts.username or ""),
            database=unquote(parts.path.removeprefix("/")),
            host=host,
            port=parts.port or 3306,
            socket=socket,
            ca=ca,
            is_tls=_wants_tls(options.pop("tls", ""), ca, is_near=bool(socket) or _is_near(host)),
            connections=_count(options.pop("connections", "8")),
            password=found or password,
        )
        if options:
            raise ValueError(f"a URL without the option {min(options)!r}")
        return location

    def tls(self) -> ssl.SSLContext | None:
        """What checks the server's certificate and name; None where the way is plain.

        Raises: OSError when the file of the authority can't be read.
        """
        return ssl.create_default_context(cafile=self.ca or None) if self.is_tls else None

    @property
    def shown(self) -> str:
        """The database in words, for the log."""
        return f"{self.database} at {self.socket or f'{self.host}:{self.port}'}"


def _split(url: str) -> SplitResult:
    wanted = ValueError(f"a URL such as {EXAMPLE}")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise wanted from None
    if parts.scheme not in SCHEMES or not parts.username or not parts.path.strip("/"):
        raise wanted
    return parts


def _options(query: str) -> dict[str, str]:
    return dict(parse_qsl(query, keep_blank_values=True))


def _is_near(host: str) -> bool:
    return host in _LOOPBACK or host.startswith("127.")


def _wants_tls(asked: str, ca: str, *, is_near: bool) -> bool:
    """Encrypted unless it stays on this machine, or the operator says otherwise."""
    if asked not in ("", "on", "off"):
        raise ValueError("a URL whose option tls is on or off")
    if asked:
        return asked == "on"
    return bool(ca) or not is_near


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_CONNECTIONS:
        raise ValueError(f"a URL whose option connections is from 1 to {MOST_CONNECTIONS}")
    return int(text)


def _secret(path: str) -> str:
    """A password from a file that nobody else may read."""
    if not path:
        return ""
    place = Path(path)
    try:
        if stat.S_IMODE(place.stat().st_mode) & 0o077:
            raise ValueError(f"a URL whose password_file has mode 600 ({path} has not)")
        return place.read_text().strip()
    except (OSError, UnicodeDecodeError):
        raise ValueError(f"a URL whose password_file can be read ({path} can't)") from None
