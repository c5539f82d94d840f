"""Static files, and nothing outside of their folder."""

from pathlib import Path

import pytest

from tenfold.api import static
from tenfold.api.dispatch import Gateway
from tests.unit.api.wire import FakeProto, call

pytestmark = pytest.mark.anyio


@pytest.fixture
def public(tmp_path: Path) -> Path:
    folder = tmp_path / "public"
    for name in ("index.html", "a.css", "sub/index.html", "empty/x.txt", "sp ace", "bin"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (folder / "bin").write_bytes(b"\x00\x01")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "secret.txt")
    return folder


async def _get(folder: Path, path: str, *, fallback: bool = True) -> FakeProto:
    return await call(Gateway(static.routes(folder, index_fallback=fallback)), "GET", path)


@pytest.mark.parametrize(
    ("path", "file", "kind"),
    [
        ("/", "index.html", "text/html; charset=utf-8"),
        ("/a.css", "a.css", "text/css; charset=utf-8"),
        ("/sub/", "sub/index.html", "text/html; charset=utf-8"),
        ("/sp ace", "sp ace", "text/plain; charset=utf-8"),
        ("/bin", "bin", "application/octet-stream"),
    ],
)
async def test_shows(public: Path, path: str, file: str, kind: str) -> None:
    answer = await _get(public, path, fallback=False)
    assert answer.file == (str(public / file), 0, 0)
    assert answer.header("content-type") == kind


@pytest.mark.parametrize(
    ("path", "location"),
    [("/index.html", "/"), ("/sub", "/sub/"), ("/sub/index.html", "/sub/"), ("/a.css/", "/a.css")],
)
async def test_redirects(public: Path, path: str, location: str) -> None:
    answer = await _get(public, path)
    assert (answer.status, answer.header("location")) == (301, location)


@pytest.mark.parametrize(
    "path", ["/nope", "/link", "/empty/", "/a\\..\\..\\secret.txt", "/\0", "/" + "a" * 5000]
)
async def test_hides(public: Path, path: str) -> None:
    answer = await _get(public, path, fallback=False)
    assert (answer.status, answer.body) == (
        404,
        b'{"data":{},"message":"File not found.","status":404}',
    )
    fallback = await _get(public, path)
    assert fallback.file == (str(public / "index.html"), 0, 0)


@pytest.mark.parametrize("path", ["/../secret.txt", "/a/../../secret.txt", "//etc/passwd"])
async def test_odd_paths_are_cleaned_first(public: Path, path: str) -> None:
    answer = await _get(public, path)
    assert answer.status == 307
    assert answer.header("location") in ("/secret.txt", "/etc/passwd")


async def test_a_missing_folder_has_no_files(tmp_path: Path) -> None:
    assert (await _get(tmp_path / "none", "/")).status == 404
