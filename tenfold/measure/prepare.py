"""Make what a load needs on its target, through the API, and take it away again."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Generator
from contextlib import contextmanager

import httpx

from tenfold.errors import OperatorError
from tenfold.measure.load import Caller, Site
from tenfold.measure.load.asks import head, record_body, with_json
from tenfold.measure.load.site import FILE_COUNT, file_content, record_id, texts
from tenfold.measure.target import CALL_LIMIT_S, Credentials, Target
from tenfold.measure.workload import Workload

PREFIX = "tenfold_bench_"
USERS = 4
AT_ONCE = 16
OK = 200
NOT_FOUND = 404
REMOVE_LIMIT_S = 120.0
ID_AND_TITLE_BYTES = 15 + 10

PARTS = ("open", "owned", "files", "users")
"""The collections of a load by the end of their names; what points to users comes first."""

Progress = Callable[[int, int], None]
"""Told how many records of how many are there."""


@contextmanager
def prepared(target: Target, workload: Workload, progress: Progress) -> Generator[Site]:
    """The data for a workload, for as long as the block runs. Raises: OperatorError.

    Everything is in collections of its own, with names that nobody else uses.
    """
    with _Api(target) as api:
        prefix = f"{PREFIX}{secrets.token_hex(4)}_"
        try:
            site, owner_id = _make(api, target, workload, prefix)
            asyncio.run(_fill(site, owner_id, api.token, progress))
            yield site
        except BaseException:
            api.remove(prefix)
            raise
        left = api.remove(prefix)
        if left:
            raise OperatorError(
                f"{target.name} still has {', '.join(left)}", hint="delete these collections"
            )


class _Api:
    """The few calls of PocketBase's API that are needed, as a superuser."""

    def __init__(self, target: Target) -> None:
        self._url = target.address.url
        self._client = httpx.Client(base_url=self._url, timeout=CALL_LIMIT_S)
        self._credentials = target.credentials
        self.token = ""

    def __enter__(self) -> _Api:
        self.token = self.sign_in("_superusers", self._credentials)
        self._client.headers["Authorization"] = self.token
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def sign_in(self, collection: str, credentials: Credentials) -> str:
        """A token. Raises: OperatorError."""
        body = {"identity": credentials.email, "password": credentials.password}
        return self.post(f"/api/collections/{collection}/auth-with-password", json=body)["token"]

    def post(self, path: str, **content: object) -> dict[str, str]:
        """The answer's JSON. Raises: OperatorError."""
        try:
            answer = self._client.post(path, **content)  # pyright: ignore[reportArgumentType]
        except httpx.HTTPError as error:
            raise OperatorError(f"{self._url}{path} can't be asked: {error}") from None
        if not answer.is_success:
            raise OperatorError(
                f"{self._url}{path} answers with status {answer.status_code}: {answer.text[:300]}",
                hint="name a superuser of it with --superuser EMAIL:PASSWORD"
                if answer.status_code in (400, 401, 403)
                else "",
            )
        return answer.json()

    def remove(self, prefix: str) -> list[str]:
        """Remove the collections of a load, those that point to others first; what is left."""
        left: list[str] = []
        for part in PARTS:
            path = f"/api/collections/{prefix}{part}"
            try:
                answer = self._client.delete(path, timeout=REMOVE_LIMIT_S)
            except httpx.HTTPError:
                left.append(prefix + part)
                continue
            if not answer.is_success and answer.status_code != NOT_FOUND:
                left.append(prefix + part)
        return left


def _make(api: _Api, target: Target, workload: Workload, prefix: str) -> tuple[Site, str]:
    """The collections and users; also the id of the user who owns the records."""
    password = secrets.token_hex(16)
    users = f"{prefix}users"
    users_id = api.post("/api/collections", json={"name": users, "type": "auth"})["id"]
    emails = tuple(f"bench{number}@example.com" for number in range(USERS))
    ids = [_make_user(api, users, email, password) for email in emails]
    text_bytes = workload.record_bytes - len(record_body("", 0, b"")) - ID_AND_TITLE_BYTES
    rules = {"open": ""} | ({"owned": "owner = @request.auth.id"} if workload.token_share else {})
    for part, read_rule in rules.items():
        collection = _records(prefix + part, read_rule, ids[0], users_id, text_bytes)
        api.post("/api/collections", json=collection)
    site = Site(
        address=target.address,
        open_name=f"{prefix}open",
        owned_name=f"{prefix}owned" if "owned" in rules else "",
        users_name=users,
        records=workload.records,
        text_bytes=text_bytes,
        emails=emails,
        password=password,
        token=api.sign_in(users, Credentials(emails[0], password)),
        file_paths=_files(api, f"{prefix}files", workload) if workload.file_share else (),
        file_bytes=workload.file_bytes,
    )
    return site, ids[0]


def _make_user(api: _Api, users: str, email: str, password: str) -> str:
    user = {"email": email, "password": password, "passwordConfirm": password}
    return api.post(f"/api/collections/{users}/records", json=user)["id"]


def _records(
    name: str, read_rule: str, writer_id: str, users_id: str, text_bytes: int
) -> dict[str, object]:
    """A collection as a PocketBase app would have it: indexed, stamped, written by one user."""
    write_rule = f'@request.auth.id = "{writer_id}"'
    return {
        "name": name,
        "type": "base",
        "listRule": read_rule,
        "viewRule": read_rule,
        "createRule": write_rule,
        "updateRule": write_rule,
        "fields": [
            {"name": "title", "type": "text", "max": 200},
            {"name": "text", "type": "text", "max": text_bytes},
            {"name": "owner", "type": "relation", "collectionId": users_id},
            {"name": "created", "type": "autodate", "onCreate": True},
            {"name": "updated", "type": "autodate", "onCreate": True, "onUpdate": True},
        ],
        "indexes": [f"CREATE INDEX `idx_{name}_created` ON `{name}` (`created`)"],
    }


def _files(api: _Api, name: str, workload: Workload) -> tuple[str, ...]:
    """Upload some files that everybody may fetch; their paths."""
    file = {"name": "file", "type": "file", "maxSize": workload.file_bytes, "maxSelect": 1}
    api.post("/api/collections", json={"name": name, "type": "base", "fields": [file]})
    content = file_content(workload.file_bytes)
    paths: list[str] = []
    for _ in range(FILE_COUNT):
        upload = {"file": ("bench.bin", content, "application/octet-stream")}
        made = api.post(f"/api/collections/{name}/records", files=upload)
        paths.append(f"/api/files/{name}/{made['id']}/{made['file']}")
    return tuple(paths)


async def _fill(site: Site, owner_id: str, token: str, progress: Progress) -> None:
    """Create the records, some at a time. Raises: OperatorError."""
    names = [name for name in (site.open_name, site.owned_name) if name]
    total = site.records * len(names)
    left = ((name, number) for name in names for number in range(site.records))
    bodies = [text.encode() for text in texts(site.text_bytes)]
    owner = b',"owner":"%b"}' % owner_id.encode()
    done = 0

    async def fill_some() -> None:
        nonlocal done
        caller = await Caller.open(site.address)
        for name, number in left:
            path = f"/api/collections/{name}/records"
            body = record_body(record_id(number), 0, bodies[number % len(bodies)])[:-1] + owner
            start = head("POST", path, site.address, token)
            status, answer = await caller.ask(with_json(start, body), CALL_LIMIT_S)
            if status != OK:
                raise OperatorError(f"{path} answers with status {status}: {answer[:300]!r}")
            done += 1
            progress(done, total)
        caller.close()

    try:
        await asyncio.gather(*(fill_some() for _ in range(AT_ONCE)))
    except OSError as error:
        raise OperatorError(f"{site.address.url} can't be filled: {error}") from None
