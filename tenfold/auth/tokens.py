"""Tokens: JWTs signed with HS256, as PocketBase makes them, so that either takes the other's.

The key of a token is its record's `tokenKey` and the collection's secret for that kind of
token: changing either ends all tokens made with it.
"""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64encode
from binascii import Error as BadBase64
from binascii import a2b_base64
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from tenfold.schema.auth_options import AuthOptions, TokenOptions
from tenfold.schema.collection import Collection
from tenfold.schema.record import Record
from tenfold.store.contract import Reads

Kind = Literal["auth", "file", "verification", "passwordReset", "emailChange"]

MAX_LENGTH = 4_096
"""Longer texts are no tokens of ours and are not looked at."""

_HEADER = b"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}")
_STANDARD = str.maketrans("-_", "+/")
_encode = msgspec.json.Encoder(order="deterministic").encode


class Header(msgspec.Struct, frozen=True):
    alg: str


class Claims(msgspec.Struct, frozen=True, rename="camel"):
    """What a token says. Times are seconds since 1970; a token without `exp` does not expire."""

    id: str
    collection_id: str
    type: str
    exp: float | msgspec.UnsetType = msgspec.UNSET
    nbf: float = 0
    iat: float = 0
    refreshable: Any = False
    email: Any = ""
    new_email: Any = ""

    def is_current(self, now: float) -> bool:
        """Whether the token may be used at a time."""
        has_ended = self.exp is not msgspec.UNSET and self.exp <= now
        return not has_ended and self.nbf <= now and self.iat <= now

    @property
    def ends_at(self) -> float:
        """When the token ends; infinity when it does not."""
        return float("inf") if self.exp is msgspec.UNSET else self.exp


_decode_header = msgspec.json.Decoder(Header).decode
_decode_claims = msgspec.json.Decoder(Claims).decode


@dataclass(frozen=True, slots=True)
class Proof:
    """A token that was found to be true, and the record it speaks of."""

    record: Record
    claims: Claims


def make(record: Record, kind: Kind, now: float, *, duration_s: float = 0, **claims: Any) -> str:
    """A new token of a kind; `duration_s` overrides how long the collection lets it live."""
    options = token_options(record.collection, kind)
    body = {
        "collectionId": record.collection.id,
        "exp": int(now + (duration_s or options.duration)),
        "id": record.id,
        "type": kind,
        **claims,
    }
    signed = _HEADER + b"." + urlsafe_b64encode(_encode(body)).rstrip(b"=")
    return (signed + b"." + _signature(signed, _key(record, options))).decode()


def peek(token: str) -> Claims | None:
    """What a token says, before anything is known about its truth. Never raises."""
    if len(token) > MAX_LENGTH or not _FORM.fullmatch(token):
        return None
    header, body, _ = token.split(".")
    try:
        if _decode_header(_unpad(header)).alg != "HS256":
            return None
        return _decode_claims(_unpad(body))
    except (msgspec.DecodeError, BadBase64, UnicodeDecodeError, RecursionError):
        return None


def is_signed_by(token: str, record: Record, kind: Kind) -> bool:
    """Whether a token was made with this record's key; takes the same time for any answer."""
    signed, _, signature = token.encode().rpartition(b".")
    key = _key(record, token_options(record.collection, kind))
    return hmac.compare_digest(_signature(signed, key), signature)


async def prove(token: str, kind: Kind, reads: Reads, now: float) -> Proof | None:
    """The record that a current and rightly signed token of a kind speaks of."""
    claims = peek(token)
    if claims is None or claims.type != kind or not claims.is_current(now):
        return None
    collection = reads.catalog.by_id.get(claims.collection_id)
    if collection is None or collection.auth is None:
        return None
    record = await reads.find(collection, claims.id)
    if record is None or not is_signed_by(token, record, kind):
        return None
    return Proof(record, claims)


def token_options(collection: Collection, kind: Kind) -> TokenOptions:
    """How an auth collection's tokens of a kind are made."""
    auth = collection.auth or AuthOptions()
    return {
        "auth": auth.auth_token,
        "file": auth.file_token,
        "verification": auth.verification_token,
        "passwordReset": auth.password_reset_token,
        "emailChange": auth.email_change_token,
    }[kind]


def _key(record: Record, options: TokenOptions) -> bytes:
    own, shared = record.values["tokenKey"], options.secret
    if not own or not shared:
        raise ValueError("a token needs both halves of its key")
    return (own + shared).encode()


def _signature(signed: bytes, key: bytes) -> bytes:
    return urlsafe_b64encode(hmac.digest(key, signed, "sha256")).rstrip(b"=")


def _unpad(text: str) -> bytes:
    return a2b_base64(text.translate(_STANDARD) + "=" * (-len(text) % 4), strict_mode=True)
