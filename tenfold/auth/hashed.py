"""Plain passwords that carry what was worked out about them off the event loop.

They are texts like any other to rules, hooks and field checks.
"""

from __future__ import annotations


class HashedText(str):
    """A new password and its hash; "" while it is not worth one (it breaks the field's rules)."""

    __slots__ = ("hash",)
    hash: str

    def __new__(cls, plain: str, hash: str) -> HashedText:
        made = super().__new__(cls, plain)
        made.hash = hash
        return made


class CheckedText(str):
    """An old password, the hash it was held against, and whether it was right."""

    __slots__ = ("against", "is_right")
    against: str
    is_right: bool

    def __new__(cls, plain: str, against: str, is_right: bool) -> CheckedText:
        made = super().__new__(cls, plain)
        made.against, made.is_right = against, is_right
        return made
