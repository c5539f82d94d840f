"""Whether a text is a URL with a scheme, a host, an IP range or a color; all in linear time."""

from __future__ import annotations

import ipaddress
import re

from tenfold.schema.values.formats import is_url

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_HOST_LABEL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,62}")
_COLOR = re.compile(r"#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})")

_MAX_HOST = 255


def is_absolute_url(text: str) -> bool:
    """A URL with its scheme (`host:port` passes too, as in PocketBase)."""
    return _SCHEME.match(text) is not None and is_url(text)


def is_host(text: str) -> bool:
    """An IP address or a DNS name."""
    if is_ip(text):
        return True
    labels = re.sub(r"[._]$", "", text).split(".")
    return len(text) <= _MAX_HOST and all(_HOST_LABEL.fullmatch(label) for label in labels)


def is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_ip_or_subnet(text: str) -> bool:
    """An address such as 10.0.0.1, or a range such as 10.0.0.0/8."""
    address, slash, prefix = text.partition("/")
    if not slash:
        return is_ip(text)
    if not prefix.isascii() or not prefix.isdigit() or (len(prefix) > 1 and prefix[0] == "0"):
        return False
    try:
        ipaddress.ip_interface(text)
    except ValueError:
        return False
    return "%" not in address


def is_hex_color(text: str) -> bool:
    return _COLOR.fullmatch(text) is not None
