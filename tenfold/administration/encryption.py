"""Encryption of the stored settings at rest: AES-256-GCM, as PocketBase keeps them."""

from __future__ import annotations

import base64
import binascii
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class WrongKey(Exception):
    """The text can't be decrypted with this key."""


def encrypt(plain: bytes, key: str) -> str:
    """Seal with a 32-byte key; every call gives another text."""
    nonce = os.urandom(_NONCE_BYTES)
    return base64.b64encode(nonce + AESGCM(key.encode()).encrypt(nonce, plain, None)).decode()


def decrypt(text: str, key: str) -> bytes:
    """Open what `encrypt`, or PocketBase, sealed. Raises: WrongKey."""
    try:
        sealed = base64.b64decode(text, validate=True)
        return AESGCM(key.encode()).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
    except (InvalidTag, binascii.Error, ValueError) as error:
        raise WrongKey from error
