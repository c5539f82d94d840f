"""The requests of one process, ready to send, each with what its answer must say."""

from __future__ import annotations

import json
import random
from urllib.parse import quote

from tenfold.measure.load.choices import Zipf
from tenfold.measure.load.site import Address, Site, record_id, texts
from tenfold.measure.workload import Workload

VIEW, LIST, FILE, SIGN_IN, CREATE, UPDATE = range(6)
KINDS = ("view", "list", "file", "sign-in", "create", "update")

Ask = tuple[int, bytes, str]
"""Kind, request, and the id or address that the answer must name."""


def head(method: str, path: str, address: Address, token: str = "") -> bytes:
    """The head of a request up to where Content-Length may follow; no empty line yet."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {address.authority}", "User-Agent: tenfold-bench"]
    if token:
        lines.append(f"Authorization: {token}")
    return "\r\n".join([*lines, ""]).encode()


def with_json(head_: bytes, body: bytes) -> bytes:
    """A request that carries JSON."""
    kind = b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    return head_ + kind + body


class Asker:
    """Makes one request after another, as the workload's shares say.

    `nonce` (9 characters, a-z and 0-9) begins the ids of new records: it differs between runs
    and processes. The title of a written record is the time (in µs) at which it was planned,
    so that subscribers know how old what they are told is.
    """

    def __init__(self, site: Site, workload: Workload, rng: random.Random, nonce: str) -> None:
        self._site = site
        self._random = rng.random
        self._zipf = Zipf(site.records, workload.zipf_exponent, rng)
        self._nonce = nonce
        self._made = 0
        self._texts = [text.encode() for text in texts(site.text_bytes)]
        self._write_ratio = workload.write_ratio
        self._update_share = workload.update_share
        self._token_share = workload.token_share if site.owned_name else 0.0
        self._list_below = workload.list_share
        self._file_below = self._list_below + workload.file_share
        self._auth_below = self._file_below + workload.auth_share
        self._prepare(workload.list_size)

    def _prepare(self, list_size: int) -> None:
        """Everything about the requests that is the same each time."""
        site, end = self._site, b"\r\n"
        query = f"?page=1&perPage={list_size}&sort=-created&skipTotal=1"
        records = [f"/api/collections/{name}/records" for name in (site.open_name, site.owned_name)]
        tokens = ("", site.token)
        address = site.address
        pairs = list(zip(records, tokens, strict=True))
        self._views = [
            head("GET", f"{path}/{record_id(0)}", address, token).split(record_id(0).encode(), 1)
            for path, token in pairs
        ]
        self._lists = [head("GET", path + query, address, token) + end for path, token in pairs]
        self._files = [head("GET", path, address) + end for path in site.file_paths]
        self._create = head("POST", records[0], address, site.token)
        update = head("PATCH", f"{records[0]}/{record_id(0)}", address, site.token)
        self._update = update.split(record_id(0).encode(), 1)
        sign_in = head(
            "POST", f"/api/collections/{quote(site.users_name)}/auth-with-password", address
        )
        self._sign_ins = [
            (email, with_json(sign_in, _credentials(email, site.password))) for email in site.emails
        ]

    def next(self, planned_at: float) -> Ask:
        """The next request; `planned_at` in seconds of the monotonic clock."""
        if self._random() < self._write_ratio:
            return self._write(planned_at)
        share = self._random()
        if share >= self._auth_below:
            before, after = self._views[self._is_owned()]
            id_ = record_id(self._zipf.draw())
            return VIEW, b"%b%b%b\r\n" % (before, id_.encode(), after), id_
        if share < self._list_below:
            return LIST, self._lists[self._is_owned()], ""
        if share < self._file_below:
            return FILE, self._files[int(self._random() * len(self._files))], ""
        email, request = self._sign_ins[int(self._random() * len(self._sign_ins))]
        return SIGN_IN, request, email

    def _is_owned(self) -> bool:
        return self._random() < self._token_share

    def _write(self, planned_at: float) -> Ask:
        text = self._texts[int(self._random() * len(self._texts))]
        title = int(planned_at * 1e6)
        if self._random() < self._update_share:
            id_ = record_id(self._zipf.draw())
            before, after = self._update
            start = b"%b%b%b" % (before, id_.encode(), after)
            return UPDATE, with_json(start, b'{"title":"%d","text":"%b"}' % (title, text)), id_
        self._made += 1
        id_ = f"{self._nonce}{self._made:06x}"
        return CREATE, with_json(self._create, record_body(id_, title, text)), id_


def record_body(id_: str, title: int, text: bytes) -> bytes:
    """The JSON of a record to create."""
    return b'{"id":"%b","title":"%d","text":"%b"}' % (id_.encode(), title, text)


def _credentials(email: str, password: str) -> bytes:
    return json.dumps({"identity": email, "password": password}).encode()
