"""Whether an answer is what was asked for: status, JSON, id, size."""

from __future__ import annotations

import msgspec

from tenfold.measure.load.asks import FILE, LIST, SIGN_IN
from tenfold.measure.load.site import Site, file_content
from tenfold.measure.workload import Workload

OK = 200


class _Record(msgspec.Struct, gc=False):
    id: str
    text: str


class _Page(msgspec.Struct):
    items: list[_Record]


class _Account(msgspec.Struct, gc=False):
    email: str


class _SignedIn(msgspec.Struct):
    token: str
    record: _Account


class Checker:
    """Knows what a site holds. Answers that are right give an empty text, others say why not."""

    def __init__(self, site: Site, workload: Workload) -> None:
        self._text_bytes = site.text_bytes
        self._list_length = min(workload.list_size, site.records)
        self._file = file_content(site.file_bytes)
        self._record = msgspec.json.Decoder(_Record).decode
        self._page = msgspec.json.Decoder(_Page).decode
        self._signed_in = msgspec.json.Decoder(_SignedIn).decode

    def problem(self, kind: int, status: int, body: bytes, wanted: str) -> str:
        """What is wrong with an answer to a request of a kind; `wanted` is its id or address."""
        if status != OK:
            return f"status {status}"
        if kind == FILE:
            return "" if body == self._file else "wrong file"
        try:
            if kind == LIST:
                return self._of_list(self._page(body).items)
            if kind == SIGN_IN:
                return self._of_sign_in(self._signed_in(body), wanted)
            record = self._record(body)
        except msgspec.ValidationError:
            return "wrong JSON"
        except (msgspec.DecodeError, UnicodeError):
            return "not JSON"
        if record.id != wanted:
            return "wrong id"
        return "" if len(record.text) == self._text_bytes else "wrong size"

    def _of_list(self, items: list[_Record]) -> str:
        if len(items) != self._list_length:
            return "wrong list"
        size = self._text_bytes
        return "" if all(len(item.text) == size for item in items) else "wrong size"

    def _of_sign_in(self, answer: _SignedIn, email: str) -> str:
        if answer.record.email != email:
            return "wrong id"
        return "" if answer.token else "wrong JSON"


def longest_answer(site: Site, workload: Workload) -> int:
    """Bytes that no right answer of a site exceeds, with room to spare."""
    record = 1_024 + 2 * site.text_bytes
    return max(workload.list_size * record, site.file_bytes) + (64 << 10)
