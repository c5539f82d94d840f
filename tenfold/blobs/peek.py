"""An open blob whose first bytes have been looked at, and which still gives all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator

from tenfold.blobs.contract import BlobMeta, BlobRead

HEAD_BYTES = 4096


class PeekedBlob:
    """The bytes of a blob, once; `head` is what they begin with.

    Whoever does not read it to its end closes it.
    """

    def __init__(self, meta: BlobMeta, head: bytes, rest: AsyncIterator[bytes]) -> None:
        self.meta = meta
        self.head = head
        self._unread = head
        self._rest = rest

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._unread:
            head, self._unread = self._unread, b""
            return head
        return await anext(self._rest)

    async def aclose(self) -> None:
        """Let go of the place that the bytes come from."""
        self._unread = b""
        close = getattr(self._rest, "aclose", None)
        if close is not None:
            await close()


async def peek(read: BlobRead) -> PeekedBlob:
    """Look at the first HEAD_BYTES or more, or at all there are."""
    head = b""
    while len(head) < HEAD_BYTES and (chunk := await anext(read.chunks, b"")):
        head += chunk
    return PeekedBlob(read.meta, head, read.chunks)
