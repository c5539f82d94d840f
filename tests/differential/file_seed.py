"""Collections with files of many kinds that both servers hold under the same names."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pyvips

from tests.differential.conftest import TALLY, copy_data, expect_success
from tests.differential.pair import Ask, Pair
from tests.differential.seed import field as column
from tests.differential.seed import record_id
from tests.targets import PocketBase, Tenfold

PASSWORD = "a-long-password-1"
SIZES = (
    *("50x30", "50x30t", "50x30b", "50x30f", "30x50", "30x50t", "30x50b", "30x50f"),
    *("0x40", "40x0", "200x200f", "300x200", "1x1", "0x1"),
)
PEOPLE = ("ann", "bob")


def picture(width: int, height: int, suffix: str = ".png", bands: int = 3) -> bytes:
    """An image whose colours tell where in it one is."""
    place = pyvips.Image.xyz(width, height)
    across, down = place[0] * (255 / max(width - 1, 1)), place[1] * (255 / max(height - 1, 1))
    parts = [across, down, across * 0 + 60, down * 0 + 200][:bands]
    image = parts[0]
    for part in parts[1:]:
        image = image.bandjoin(part)
    kind = "srgb" if bands > 2 else "b-w"
    return image.cast("uchar").copy(interpretation=kind).write_to_buffer(suffix, keep="none")


def turned(orientation: int) -> bytes:
    """A JPEG that its EXIF data says to turn."""
    image = pyvips.Image.new_from_buffer(picture(60, 40, ".jpg"), "").copy()
    image.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    return image.write_to_buffer(".jpg")


def animation() -> bytes:
    """A GIF of three frames."""
    frames = pyvips.Image.arrayjoin(
        [pyvips.Image.new_from_buffer(picture(60, 40), "") for _ in range(3)], across=1
    ).copy()
    frames.set_type(pyvips.GValue.gint_type, "page-height", 40)
    return frames.write_to_buffer(".gif")


IMAGES = {
    "wide.png": picture(120, 80),
    "tall.png": picture(80, 120),
    "tiny.png": picture(1, 1),
    "line.png": picture(200, 2),
    "gray.png": picture(30, 20, bands=1),
    "clear.png": picture(60, 40, bands=4),
    "photo.jpg": picture(120, 80, ".jpg[Q=95]"),
    "turned3.jpg": turned(3),
    "turned6.jpg": turned(6),
    "turned8.jpg": turned(8),
    "still.gif": picture(60, 40, ".gif"),
    "moving.gif": animation(),
    "new.webp": picture(60, 40, ".webp[Q=95]"),
    "text.txt": picture(60, 40),
}
NO_THUMBS = {
    "cut.png": picture(120, 80)[:200],
    "fake.png": b"\x89PNG\r\n\x1a\nxxxx",
    "print.tif": picture(60, 40, ".tif"),
    "nothing.png": b"",
}
OTHERS = {
    "plain.txt": b"hello world 0123456789",
    "page.html": b"<html><script>1</script></html>",
    "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg"></svg>',
    "script.js": b"alert(1)",
    "module.mjs": b"export default 1",
    "style.css": b"a{}",
    "table.csv": b"a,b\n1,2\n",
    "book.pdf": b"%PDF-1.4\n%\xe2\xe3\n",
    "film.mp4": b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom",
    "tune.mp3": b"ID3\x03\x00\x00\x00\x00\x00\x00",
    "values.json": b'{"a":1}',
    "packed.zip": b"PK\x03\x04" + b"a" * 30,
    "bytes.bin": b"\x00\x01\x02\x03",
    "noext": b"abc",
    "two.tar.gz": b"\x1f\x8b\x08\x00abc",
    "Ünï cödé.txt": "ü".encode(),
}
FILES = IMAGES | NO_THUMBS | OTHERS

_PLENTY = {"maxSelect": 99, "maxSize": 10_000_000}
COLLECTIONS: list[dict[str, Any]] = [
    {
        "id": record_id("keepers"),
        "name": "keepers",
        "type": "auth",
        "fields": [],
        "authAlert": {"enabled": False},
    },
    {
        "id": record_id("shelf"),
        "name": "shelf",
        "type": "base",
        "listRule": "",
        "viewRule": "",
        "fields": [
            column("file", "files", thumbs=list(SIZES), **_PLENTY),
            column("file", "one", maxSelect=1),
            column("file", "guarded", maxSelect=1, protected=True),
        ],
    },
    {
        "id": record_id("owned"),
        "name": "owned",
        "type": "base",
        "viewRule": "owner = @request.auth.id && @request.context = 'protectedFile'",
        "fields": [
            column("text", "owner"),
            column("file", "secret", maxSelect=1, protected=True),
            column("file", "open", maxSelect=1),
        ],
    },
    {
        "id": record_id("locked"),
        "name": "locked",
        "type": "base",
        "viewRule": None,
        "fields": [
            column("file", "secret", maxSelect=1, protected=True),
            column("file", "open", maxSelect=1),
        ],
    },
]
VIEWS: list[dict[str, Any]] = [
    {
        "name": "mirror",
        "type": "view",
        "viewRule": "",
        "viewQuery": "SELECT id, files, one, guarded FROM shelf",
    },
    {
        "name": "renumbered",
        "type": "view",
        "listRule": "",
        "viewRule": "",
        "viewQuery": "SELECT (ROW_NUMBER() OVER ()) AS id, files AS pages, one AS cover FROM shelf",
    },
    {
        "name": "hidden_mirror",
        "type": "view",
        "viewRule": "id = 'nobody'",
        "viewQuery": "SELECT id, one, guarded FROM shelf",
    },
]


@dataclass
class FilePair:
    """The two servers, and the stored names of the files by their original ones."""

    pair: Pair
    names: dict[str, str] = field(default_factory=dict[str, str])

    def path(self, name: str, collection: str = "shelf", record: str = "") -> str:
        """Where a file is served."""
        place = record or record_id(collection)
        return f"/api/files/{collection}/{place}/{self.names.get(name, name)}"


@contextmanager
def file_servers(folder: Path) -> Generator[FilePair]:
    """PocketBase and Tenfold with the files, running."""
    theirs = PocketBase(folder / "pocketbase")
    names: dict[str, str] = {}
    with theirs, httpx.Client(base_url=theirs.url, timeout=60) as client:
        client.headers["Authorization"] = theirs.token
        _plant(client, names)
    ours = Tenfold(folder / "tenfold" / "data")
    copy_data(theirs.dir, ours)
    with ExitStack() as stack:
        for server in (theirs, ours):
            server.start()
            stack.callback(server.stop)
        pair = Pair(theirs, ours, TALLY)
        stack.callback(pair.close)
        for who in PEOPLE:
            _sign_in(pair, who)
        yield FilePair(pair, names)


def _plant(client: httpx.Client, names: dict[str, str]) -> None:
    body = {"collections": COLLECTIONS, "deleteMissing": False}
    expect_success(client.put("/api/collections/import", json=body))
    for view in VIEWS:
        expect_success(client.post("/api/collections", json=view))
    for who in PEOPLE:
        account = {"id": person_id(who), "email": f"{who}@example.com", "password": PASSWORD}
        account["passwordConfirm"] = PASSWORD
        expect_success(client.post("/api/collections/keepers/records", json=account))
    sent = [("files", (name, body, "application/octet-stream")) for name, body in FILES.items()]
    sent += [("one", ("one.txt", b"one", "text/plain"))]
    sent += [("guarded", ("guarded.txt", b"guarded", "text/plain"))]
    made = _create(client, "shelf", {"id": record_id("shelf")}, sent)
    names.update(zip(FILES, made["files"], strict=True))
    names.update({"one": made["one"], "guarded": made["guarded"]})
    for name in ("owned", "locked"):
        files = [
            ("secret", (f"{name}.txt", b"secret", "text/plain")),
            ("open", (f"{name}.txt", b"open", "text/plain")),
        ]
        made = _create(client, name, {"id": record_id(name), "owner": person_id("ann")}, files)
        names.update({f"{name}.secret": made["secret"], f"{name}.open": made["open"]})


def _create(client: httpx.Client, collection: str, values: Any, files: Any) -> dict[str, Any]:
    answer = client.post(f"/api/collections/{collection}/records", data=values, files=files)
    expect_success(answer)
    return answer.json()


def person_id(name: str) -> str:
    return name.ljust(15, "q")


def _sign_in(pair: Pair, who: str) -> None:
    """Bind `<who>` to a token of each server, and `<who.file>` to one for files."""
    body = {"identity": f"{who}@example.com", "password": PASSWORD}
    path = "/api/collections/keepers/auth-with-password"
    pair.bind(who, pair.same(Ask("POST", path, json=body)), "token")
    headers = {"Authorization": f"<{who}>"}
    pair.bind(f"{who}.file", pair.same(Ask("POST", "/api/files/token", headers=headers)), "token")
