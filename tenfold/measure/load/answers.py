"""Read one HTTP/1.1 answer at a time, whole, within limits. Pure: bytes in, status and body out."""

from __future__ import annotations

import re

HEAD_LIMIT = 32 << 10
CHUNK_LINE_LIMIT = 256
NO_CONTENT = 204

_SIZE = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*(?:;.*)?")
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,12})[ \t]*(?:\r\n|$)")
_STATUS = re.compile(rb"http/1\.1 ([2-5]\d\d)[ \r]")


class BadAnswer(Exception):
    """The bytes are no answer that can be read."""


class Chunks:
    """Undoes `Transfer-Encoding: chunked`, block by block."""

    def __init__(self) -> None:
        self.is_done = False
        self._held = bytearray()
        self._left = 0
        self._needs_end = False
        self._is_last = False

    def feed(self, block: bytes | bytearray) -> bytes:
        """The bytes that a block adds. Raises: BadAnswer."""
        self._held += block
        found: list[bytes] = []
        while self._step(found):
            pass
        return b"".join(found)

    def _step(self, found: list[bytes]) -> bool:
        """Take one piece off what is held; False when more must come first."""
        held = self._held
        if self._left:
            piece = bytes(held[: self._left])
            found.append(piece)
            del held[: len(piece)]
            self._left -= len(piece)
            self._needs_end = not self._left
            return self._needs_end
        if self._needs_end:
            if len(held) < 2:
                return False
            if not held.startswith(b"\r\n"):
                raise BadAnswer("a chunk without an end")
            del held[:2]
            self._needs_end, self.is_done = False, self._is_last
            return True
        if self.is_done and held:
            raise BadAnswer("more bytes than announced")
        return not self.is_done and self._begin()

    def _begin(self) -> bool:
        held = self._held
        line_end = held.find(b"\r\n")
        if line_end < 0:
            if len(held) > CHUNK_LINE_LIMIT:
                raise BadAnswer("a chunk without a size")
            return False
        size = _SIZE.fullmatch(bytes(held[:line_end]))
        if not size:
            raise BadAnswer("a chunk without a size")
        del held[: line_end + 2]
        self._left = int(size[1], 16)
        self._is_last = self._needs_end = not self._left
        return True


class AnswerReader:
    """Reads the answers of one connection. `feed` says when one is whole; then look at it."""

    __slots__ = ("_chunks", "_held", "_limit", "_needed", "body", "is_last", "status")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.status = 0
        self.body = b""
        self.is_last = False
        self.reset()

    def reset(self) -> None:
        """Begin with the next answer."""
        self._held: bytes | bytearray = b""
        self._needed = -1
        self._chunks: Chunks | None = None

    @property
    def has_begun(self) -> bool:
        """Whether a part of an answer has come."""
        return bool(self._held) or self._needed >= 0

    def feed(self, block: bytes) -> bool:
        """Take bytes in; True when the answer is whole. Raises: BadAnswer."""
        if self._needed < 0:
            held = self._joined(block) if self._held else block
            return self._read_head(held)
        return self._add(block)

    def _read_head(self, held: bytes | bytearray) -> bool:
        end = held.find(b"\r\n\r\n")
        if end < 0:
            if len(held) > HEAD_LIMIT:
                raise BadAnswer("a head without an end")
            self._held = held
            return False
        head = bytes(held[:end]).lower()
        status = _STATUS.match(head)
        if not status:
            raise BadAnswer("not HTTP/1.1")
        self.status = int(status[1])
        self.is_last = b"\r\nconnection: close" in head
        self._held = b""
        self._needed = self._length(head)
        return self._add(bytes(held[end + 4 :]))

    def _length(self, head: bytes) -> int:
        """How long the body is; 0 when chunks tell."""
        length = _LENGTH.search(head)
        if length:
            if int(length[1]) > self._limit:
                raise BadAnswer("an answer far too long")
            return int(length[1])
        if b"\r\ntransfer-encoding: chunked" in head:
            self._chunks = Chunks()
        elif self.status != NO_CONTENT:
            raise BadAnswer("an answer without a length")
        return 0

    def _add(self, block: bytes) -> bool:
        """Add to the body; True when it is whole."""
        if self._chunks:
            block = self._chunks.feed(block)
        body = self._joined(block) if self._held else block
        if len(body) > (self._limit if self._chunks else self._needed):
            raise BadAnswer("more bytes than announced")
        self._held = body
        is_whole = self._chunks.is_done if self._chunks else len(body) == self._needed
        if is_whole:
            self.body = bytes(body)
        return is_whole

    def _joined(self, block: bytes) -> bytearray:
        held = self._held if isinstance(self._held, bytearray) else bytearray(self._held)
        held += block
        return held
