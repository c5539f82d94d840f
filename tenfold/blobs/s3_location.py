"""Where a bucket is: the fields of the stored settings, or the URL of the setting `blobs`."""

from __future__ import annotations

import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

SCHEME = "s3"
EXAMPLE = "s3://ACCESS_KEY@HOST/BUCKET?region=REGION&secret_file=/path"
ENCRYPTIONS = ("AES256", "aws:kms")
DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class S3Location:
    """Which bucket, where, and as whom.

    `endpoint` begins with https:// unless it says otherwise. `ca` names the file of the
    authority that signed the store's certificate ("" trusts the system's). `encryption` asks
    the store to encrypt what is put there.
    """

    bucket: str
    region: str
    endpoint: str
    access_key: str
    secret: str = field(repr=False)
    force_path_style: bool = False
    ca: str = ""
    encryption: str = ""

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read a URL such as EXAMPLE.

        Options: `region`, `style` (path or host), `tls` (on or off), `ca`, `secret_file`,
        `encrypt` (AES256 or aws:kms).
        Raises: ValueError, which says what is wanted and never shows a secret.
        """
        parts = _split(url)
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        secret = unquote(parts.password or "") or _secret(options.pop("secret_file", ""))
        is_tls = _choice(options.pop("tls", "on"), "tls", ("on", "off")) == "on"
        style = _choice(options.pop("style", "path"), "style", ("path", "host"))
        location = cls(
            bucket=unquote(parts.path.strip("/")),
            region=options.pop("region", DEFAULT_REGION),
            endpoint=f"{'https' if is_tls else 'http'}://{parts.netloc.rpartition('@')[2]}",
            access_key=unquote(parts.username or ""),
            secret=secret,
            force_path_style=style == "path",
            ca=_readable(options.pop("ca", "")),
            encryption=_choice(options.pop("encrypt", ""), "encrypt", ("", *ENCRYPTIONS)),
        )
        if options:
            raise ValueError(f"a URL without the option {min(options)!r}")
        return location

    @property
    def url(self) -> str:
        """The address to send requests to."""
        endpoint = self.endpoint.rstrip("/")
        if "://" not in endpoint:
            endpoint = f"https://{endpoint}"
        if self.force_path_style:
            return endpoint
        # With virtual-hosted addressing the endpoint must carry the bucket's name itself.
        scheme, _, host = endpoint.partition("://")
        return f"{scheme}://{self.bucket}.{host}"


def _split(url: str) -> SplitResult:
    wanted = ValueError(f"a URL such as {EXAMPLE}")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise wanted from None
    bucket = parts.path.strip("/")
    if parts.scheme != SCHEME or not parts.hostname or not bucket or "/" in bucket:
        raise wanted
    if not parts.username:
        raise wanted
    return parts


def _choice(value: str, name: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        shown = " or ".join(choice for choice in choices if choice)
        raise ValueError(f"a URL whose option {name} is {shown}")
    return value


def _readable(path: str) -> str:
    try:
        if path:
            Path(path).read_bytes()
    except OSError:
        raise ValueError(f"a URL whose ca can be read ({path} can't)") from None
    return path


def _secret(path: str) -> str:
    """A secret from a file that nobody else may read."""
    if not path:
        raise ValueError("a URL with a secret: KEY:SECRET@HOST, or the option secret_file")
    place = Path(path)
    try:
        if stat.S_IMODE(place.stat().st_mode) & 0o077:
            raise ValueError(f"a URL whose secret_file has mode 600 ({path} has not)")
        return place.read_text().strip()
    except (OSError, UnicodeDecodeError):
        raise ValueError(f"a URL whose secret_file can be read ({path} can't)") from None
