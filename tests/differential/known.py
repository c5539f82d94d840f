"""Where Tenfold answers otherwise than PocketBase on purpose, and why.

`pair.same(ask, known=key)` then demands that the answers differ.
"""

KNOWN: dict[str, str] = {}
