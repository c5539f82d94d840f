"""Files over HTTP: conditions, tokens, thumbs; and that files and rows agree after a kill."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import pyvips

from tests.planted import open_collection, plant
from tests.targets import Tenfold

ALBUM = open_collection(
    "album",
    {"name": "pages", "type": "file", "maxSelect": 20, "maxSize": 1 << 24, "thumbs": ["40x30"]},
    {"name": "secret", "type": "file", "maxSelect": 1, "protected": True},
)
RECORDS = "/api/collections/album/records"
SETTLED_S = 15.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenfold]:
    started = Tenfold(tmp_path_factory.mktemp("files") / "data", workers=2)
    plant(started.dir, [ALBUM])
    with started:
        yield started


@pytest.fixture
def client(server: Tenfold) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=30) as opened:
        yield opened


def picture(width: int = 120, height: int = 80) -> bytes:
    return pyvips.Image.black(width, height, bands=3).write_to_buffer(".png")


def added(client: httpx.Client, **files: tuple[str, bytes]) -> tuple[str, dict[str, str]]:
    """A new record's path of files, and the stored names by field."""
    sent = [(field, (name, body)) for field, (name, body) in files.items()]
    made = client.post(RECORDS, files=sent).raise_for_status().json()
    names = {field: made[field][0] if field == "pages" else made[field] for field in files}
    return f"/api/files/album/{made['id']}", names


def test_an_etag_saves_the_body(client: httpx.Client) -> None:
    folder, names = added(client, pages=("a.txt", b"hello"))
    path = f"{folder}/{names['pages']}"
    whole = client.get(path)
    etag = whole.headers["etag"]
    assert (whole.content, etag[0], etag[-1]) == (b"hello", '"', '"')
    for known in (etag, f"W/{etag}", f'"x", {etag}'):
        answer = client.get(path, headers={"If-None-Match": known})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == etag
    part = client.get(path, headers={"Range": "bytes=1-2", "If-Range": etag})
    assert (part.status_code, part.content) == (206, b"el")


def test_large_files_come_whole_and_in_parts(client: httpx.Client) -> None:
    body = bytes(range(256)) * 40_000
    folder, names = added(client, pages=("a.bin", body))
    path = f"{folder}/{names['pages']}"
    assert client.get(path).content == body
    head = client.head(path)
    assert (head.content, head.headers["content-length"]) == (b"", str(len(body)))
    part = client.get(path, headers={"Range": "bytes=5000000-5000999"})
    assert part.content == body[5_000_000:5_001_000]


def test_bodies_may_be_as_long_as_the_files_that_a_collection_allows(client: httpx.Client) -> None:
    block = b"x" * (15 << 20)
    files = [("pages", (f"{name}.bin", block)) for name in "abc"]
    answer = client.post(RECORDS, files=files)
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["pages"]) == 3
    bare = client.post(RECORDS, json={"title": "x" * (45 << 20)})
    assert bare.status_code == 413


def test_a_thumb_is_the_same_for_a_crowd(client: httpx.Client, server: Tenfold) -> None:
    folder, names = added(client, pages=("a.png", picture(2000, 1500)))
    path = f"{folder}/{names['pages']}?thumb=40x30"
    with ThreadPoolExecutor(16) as pool:
        waiting = [pool.submit(httpx.get, server.url + path, timeout=30) for _ in range(32)]
        answers = [one.result() for one in waiting]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    image = pyvips.Image.new_from_buffer(answers[0].content, "")
    assert (image.width, image.height) == (40, 30)
    stored = [p for p in (server.dir / "storage").rglob(f"40x30_{names['pages']}")]
    assert len(stored) == 1


def test_thumbs_go_with_their_file(client: httpx.Client, server: Tenfold) -> None:
    folder, names = added(client, pages=("a.png", picture()))
    assert client.get(f"{folder}/{names['pages']}?thumb=40x30").status_code == 200
    record_id = folder.rpartition("/")[2]
    client.patch(f"{RECORDS}/{record_id}", json={"pages": []}).raise_for_status()
    wait_until(lambda: not list((server.dir / "storage").rglob(f"*{names['pages']}*")))
    assert client.get(f"{folder}/{names['pages']}").status_code == 404


def test_secrets_need_a_token(client: httpx.Client, server: Tenfold) -> None:
    folder, names = added(client, secret=("s.txt", b"secret"))
    path = f"{folder}/{names['secret']}"
    assert client.get(path).status_code == 200  # its view rule lets everyone pass
    answer = client.post("/api/files/token", headers={"Authorization": server.token})
    assert answer.json().keys() == {"token"}
    assert client.get(f"{path}?token={answer.json()['token']}").content == b"secret"


def test_hostile_requests_are_refused_calmly(client: httpx.Client) -> None:
    folder, names = added(client, pages=("a.txt", b"hello"))
    path = f"{folder}/{names['pages']}"
    headers = [
        {"Range": "bytes=" + ",".join(["0-1"] * 2000)},
        {"Range": "bytes=" + "9" * 4000 + "-"},
        {"If-None-Match": '"' + "x" * 8000 + '"'},
        {"If-Modified-Since": "Tue, 99 Nov 99999 99:99:99 GMT"},
        {"If-Range": "\x7f"},
    ]
    assert {client.get(path, headers=h).status_code for h in headers} <= {200, 206, 304, 400, 416}
    queries = ["token=" + "x" * 8000, "thumb=" + "1" * 4000, "download=%ff%00", "thumb=%2e%2e%2f"]
    assert {client.get(f"{path}?{q}").status_code for q in queries} == {200}
    for place in ("..%2f..%2fdata.db", "%2e%2e", "....//", "\\..\\data.db", "a%0d%0ab"):
        assert client.get(f"{folder}/{place}").status_code in (301, 307, 404)


def test_files_and_rows_agree_after_a_kill(tmp_path: Path) -> None:
    server = Tenfold(tmp_path / "data", workers=2)
    plant(server.dir, [ALBUM])
    server.start()
    try:
        for _ in range(3):
            acknowledged = killed_under_uploads(server)
            server.start()
            wait_until(lambda: on_disk(server) == in_rows(server))
            assert acknowledged <= in_rows(server)
            assert not list((server.dir / ".uploads").iterdir())
    finally:
        server.kill()


def killed_under_uploads(server: Tenfold) -> set[str]:
    """Kill the service while many upload; the names of the files that it acknowledged."""
    names: set[str] = set()
    is_over = threading.Event()

    def work(number: int) -> None:
        with httpx.Client(base_url=server.url, timeout=5) as client:
            body = b"%d" % number * 100_000
            while not is_over.is_set():
                try:
                    files = [("pages", ("a.bin", body)), ("pages", ("b.bin", body))]
                    answer = client.post(RECORDS, files=files)
                except httpx.TransportError:
                    return
                if answer.status_code == 200:
                    names.update(answer.json()["pages"])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(names) >= 8)
    server.kill()
    is_over.set()
    for thread in threads:
        thread.join()
    return names


def on_disk(server: Tenfold) -> set[str]:
    found = (server.dir / "storage").glob("*/*/*")
    return {path.name for path in found if path.is_file()}


def in_rows(server: Tenfold) -> set[str]:
    answer = httpx.get(f"{server.url}{RECORDS}?perPage=1000", timeout=30)
    return {name for item in answer.json()["items"] for name in item["pages"]}


def wait_until(is_so: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + SETTLED_S
    while not is_so():
        assert time.monotonic() < ends_at
        time.sleep(0.05)
