"""What counts as an e-mail address, a URL and a domain.

The three follow what PocketBase accepts (checked against its binary), not the RFCs.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv6Address

from tenfold.schema.values.patterns import matches

_LONGEST_URL = 2082

_UNI = r"\x{00A0}-\x{D7FF}\x{F900}-\x{FDCF}\x{FDF0}-\x{FFEF}"
_ATOM = rf"[a-zA-Z0-9!#$%&'*+\-/=?^_`{{|}}~{_UNI}]+"
_QUOTED = rf'"{_ATOM}"'
_ALNUM, _ALPHA, _INNER = rf"[a-zA-Z0-9{_UNI}]", rf"[a-zA-Z{_UNI}]", rf"[a-zA-Z0-9\-._~{_UNI}]*"
_LABEL = rf"{_ALNUM}(?:{_INNER}{_ALNUM})?"
_TOP = rf"{_ALPHA}(?:{_INNER}{_ALPHA})?"
_EMAIL = rf"^(?:{_ATOM}(?:\.{_ATOM})*|{_QUOTED})@(?:{_LABEL}\.)+{_TOP}\.?$"

_DOMAIN = r"^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z]{1,63}$"

_HIGH = r"a-zA-Z\x{00A1}-\x{FFFF}"
_OCTET = r"(?:[0-9]{1,2}|1[0-9]{2}|2[0-4][0-9]|25[0-5])"
_IPV4 = rf"(?:[1-9][0-9]?|1[0-9]{{2}}|2[0-4][0-9]|25[0-5])(?:\.{_OCTET}){{3}}"
_DASHED = r"[a-zA-Z0-9](?:[a-zA-Z0-9_\-]+)?[a-zA-Z0-9](?:[\-.][a-zA-Z0-9]+)*"
_SUBDOMAIN = r"www\.|[a-zA-Z0-9]+(?:[\-_.]?[a-zA-Z0-9])*[a-zA-Z0-9]\.[a-zA-Z0-9]+"
_NAME = rf"(?:[{_HIGH}0-9]+-?-?)*[{_HIGH}0-9]+(?:\.[{_HIGH}]+)?"
_HOST = rf"(?:{_IPV4}|\[[0-9a-fA-F:.]+\]|(?:{_DASHED}|{_SUBDOMAIN})?{_NAME})\.?"
_URL = (
    r"^(?:(?:ftp|tcp|udp|wss?|https?)://)?(?:\S+(?::\S*)?@)?"
    + _HOST
    + r"(?::[0-9]{1,5})?(?:[/?#]\S*)?$"
)
_CONTROL = re.compile(r"[\x00-\x20\x7f]")
_BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")
_QUERY = re.compile(r"\?[^#]*")
_AUTHORITY = re.compile(r"(?:[a-z]+:)?//([^/?#]*)")


def is_email(text: str) -> bool:
    """Whether the text is one plain e-mail address."""
    return matches(_EMAIL, text)


def is_domain(text: str) -> bool:
    """Whether the text is a domain name of at least two labels."""
    return matches(_DOMAIN, text)


def is_url(text: str) -> bool:
    """Whether the text is a web address; the scheme may be left out."""
    if not 3 < len(text.encode()) or len(text) > _LONGEST_URL or text[0] == ".":
        return False
    if _CONTROL.search(text) or _BAD_ESCAPE.search(_QUERY.sub("", text, count=1)):
        return False
    is_relative = ":" not in text and not text.startswith("//")
    if is_relative and "." not in re.split("[?#]", text, maxsplit=1)[0]:
        return False
    host = url_host(text)
    if host.startswith(".") or not _is_bracket_right(host):
        return False
    return matches(_URL, text)


def url_host(text: str) -> str:
    """The host and port of a URL with a scheme, else ""."""
    found = _AUTHORITY.match(text)
    return found.group(1).rpartition("@")[2] if found else ""


def _is_bracket_right(host: str) -> bool:
    """Whether what stands in brackets, if anything, is an IPv6 address."""
    if not host.startswith("["):
        return True
    try:
        IPv6Address(host[1:].partition("]")[0])
    except AddressValueError:
        return False
    return True
