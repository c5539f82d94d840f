"""How secrets are made."""

from __future__ import annotations

import secrets

PASSWORD_BYTES = 24


def password() -> str:
    """A password that needs no quoting anywhere."""
    return secrets.token_hex(PASSWORD_BYTES)


def key_256() -> str:
    """256 bits in hexadecimal digits."""
    return secrets.token_hex(32)
