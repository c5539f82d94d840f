"""The name under which a file is stored: readable, unique, and harmless everywhere.

It is what PocketBase makes of the same upload: the original name in snake case, ten random
characters, and up to two extensions.
"""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Callable

RANDOM_LENGTH = 10
SHORT_NAME = 3
MAX_NAME = 100
MAX_EXTENSION = 20

_ALPHABET = string.ascii_lowercase + string.digits
_NOT_IN_EXTENSION = re.compile(r"[^\w.*\-+=#]+", re.ASCII)
_SEPARATORS = re.compile(r"[\W_]+", re.ASCII)
_HUMP = re.compile(r"(?<![A-Z_])(?=[A-Z])")


def random_text() -> str:
    """Ten random letters and digits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(RANDOM_LENGTH))


def stored_name(
    original: str, content_extension: str, random: Callable[[], str] = random_text
) -> str:
    """Name a new file.

    `content_extension` (".png", "" for unknown content) is used when the original name has none.
    """
    stem, last = _split(original.rpartition("/")[2])
    stem, second = _split(stem)
    extension = _limited(second + last) or content_extension
    name = _snake_case(stem)
    if len(name) < SHORT_NAME:
        name += random()
    return f"{name[:MAX_NAME]}_{random()}{extension}"


def _split(name: str) -> tuple[str, str]:
    """A name without its last extension, and that extension, cleaned ("" if nothing is left)."""
    stem, dot, extension = name.rpartition(".")
    if not dot:
        return name, ""
    cleaned = _NOT_IN_EXTENSION.sub("", extension)
    return stem, f".{cleaned}" if cleaned else ""


def _limited(extension: str) -> str:
    if len(extension) <= MAX_EXTENSION:
        return extension
    return "." + extension[-MAX_EXTENSION:].lstrip(".")


def _snake_case(text: str) -> str:
    return _SEPARATORS.sub("_", _HUMP.sub("_", text)).strip("_").lower()
