"""Whether a text is a URL, an e-mail address, a host or an IP range; all in linear time."""

from __future__ import annotations

import ipaddress
import re

_SCHEMES = frozenset({"http", "https", "ftp", "ws", "wss", "tcp", "udp"})
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_BLANK = re.compile(r"[\s\x00-\x1f\x7f]")
_LETTERS = "a-zA-Z0-9\u00a1-\uffff"
_URL_LABEL = re.compile(f"[{_LETTERS}]([{_LETTERS}_-]*[{_LETTERS}])?")
_HOST_LABEL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,62}")
_WIDE = "\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef"
_LOCAL_ATOM = re.compile(rf"[a-zA-Z0-9!#$%&'*+\-/=?^_`{{|}}~{_WIDE}]+")
_MAIL_LABEL = re.compile(rf"[a-zA-Z0-9{_WIDE}]([a-zA-Z0-9\-_~{_WIDE}]*[a-zA-Z0-9{_WIDE}])?")
_MAIL_TOP = re.compile(rf"[a-zA-Z{_WIDE}]([a-zA-Z0-9\-_~{_WIDE}]*[a-zA-Z{_WIDE}])?")
_COLOR = re.compile(r"#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})")

_MAX_URL = 2083
_MAX_EMAIL = 320
_MAX_HOST = 255


def is_url(text: str) -> bool:
    """An absolute URL, or `host:port`."""
    scheme = _SCHEME.match(text)
    if scheme is None or not 3 < len(text) < _MAX_URL or _BLANK.search(text):
        return False
    rest = text[scheme.end() :]
    if rest.startswith("//"):
        if scheme[1].lower() not in _SCHEMES:
            return False
        rest = rest[2:]
    else:
        rest = text
    return _is_authority(re.split(r"[/?#]", rest, maxsplit=1)[0])


def _is_authority(text: str) -> bool:
    host = text.rpartition("@")[2]
    if host.startswith("["):
        address, _, port = host[1:].partition("]")
        return is_ip(address) and (not port or _is_port(port[1:]))
    host, colon, port = host.partition(":")
    if colon and not _is_port(port):
        return False
    labels = host.removesuffix(".").split(".")
    return all(_URL_LABEL.fullmatch(label) for label in labels)


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5


def is_email(text: str) -> bool:
    """A bare address with a dotted domain."""
    local, at, domain = text.rpartition("@")
    labels = domain.removesuffix(".").split(".")
    if not at or len(text) > _MAX_EMAIL or len(labels) < 2:
        return False
    if not all(_LOCAL_ATOM.fullmatch(atom) for atom in local.split(".")):
        return False
    is_top = _MAIL_TOP.fullmatch(labels[-1]) is not None
    return is_top and all(_MAIL_LABEL.fullmatch(label) for label in labels[:-1])


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
