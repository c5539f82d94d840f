"""Files: what is shown, under which headers, and to whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
import pyvips

from tests.differential.file_seed import (
    IMAGES,
    NO_THUMBS,
    OTHERS,
    SIZES,
    FilePair,
    file_servers,
)
from tests.differential.pair import Answer, Ask
from tests.differential.seed import record_id

HEADERS = (
    "content-disposition",
    "content-security-policy",
    "cache-control",
    "x-frame-options",
    "x-content-type-options",
    "vary",
)
WHOLE = (*HEADERS, "accept-ranges", "content-length")
COLOUR_SLACK = 24
"""How far the mean colours of a quarter may lie apart: resampling differs, cropping must not."""

PAST, FUTURE = "Tue, 24 Nov 2020 12:22:55 GMT", "Tue, 24 Nov 2099 12:22:55 GMT"


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FilePair]:
    with file_servers(tmp_path_factory.mktemp("files")) as servers:
        yield servers


def get(path: str, query: str = "", *, who: str | None = None, **headers: str) -> Ask:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Ask("GET", path, query, headers=named, who=who)


@pytest.mark.parametrize("name", [*IMAGES, *NO_THUMBS, *OTHERS])
def test_content_and_headers(shelf: FilePair, name: str) -> None:
    both = shelf.pair.same(get(shelf.path(name)), headers=WHOLE)
    assert both.theirs.body == both.ours.body
    shelf.pair.same(Ask("HEAD", shelf.path(name)), headers=HEADERS)


@pytest.mark.parametrize("size", ["100x100", *SIZES])
@pytest.mark.parametrize("name", IMAGES)
def test_thumbs(shelf: FilePair, name: str, size: str) -> None:
    both = shelf.pair.send(get(shelf.path(name), f"thumb={size}"))
    shelf.pair.tally.compared += 1
    assert both.theirs.status == both.ours.status == 200
    for header in ("content-type", *HEADERS):
        assert both.theirs.headers.get(header) == both.ours.headers.get(header), header
    theirs, ours = seen(both.theirs), seen(both.ours)
    assert theirs.shape == ours.shape
    for their, our in zip(theirs.quarters, ours.quarters, strict=True):
        assert abs(their - our) <= COLOUR_SLACK, (theirs, ours)


class Seen:
    """What of a picture must be the same: size, format, and the colours of its quarters."""

    def __init__(self, body: bytes) -> None:
        image = pyvips.Image.new_from_buffer(body, "")
        loader = str(image.get("vips-loader"))
        self.shape = (image.width, image.height, loader)
        if image.hasalpha():
            image = image.flatten()
        image = image.colourspace("srgb")
        wide, high = max(1, image.width // 2), max(1, image.height // 2)
        places = [(0, 0), (image.width - wide, 0), (0, image.height - high)]
        self.quarters = [
            image.crop(left, top, wide, high).extract_band(band).avg()
            for left, top in places
            for band in range(3)
        ]

    def __repr__(self) -> str:
        return f"{self.shape} {[round(q) for q in self.quarters]}"


def seen(answer: Answer) -> Seen:
    return Seen(answer.body)


@pytest.mark.parametrize("name", [*NO_THUMBS, "plain.txt", "drawing.svg", "book.pdf"])
def test_what_has_no_thumb_is_shown_itself(shelf: FilePair, name: str) -> None:
    both = shelf.pair.same(get(shelf.path(name), "thumb=100x100"), headers=WHOLE)
    assert both.theirs.body == both.ours.body


def test_sizes_nobody_listed(shelf: FilePair) -> None:
    sizes = [
        "10x10",
        "abc",
        "100X100",
        "0x0",
        "00050x30",
        "50x30 ",
        "%00",
        "1" * 300 + "x1",
        "-1x5",
    ]
    sizes += ["-1x5", "9999x9999", "50x30tt", "50x", "x30", "abc&thumb=50x30"]
    asks = [get(shelf.path("wide.png"), f"thumb={size}") for size in sizes]
    asks.append(get(shelf.path("wide.png"), "thumb[]=50x30"))
    asks.append(get(shelf.path("one"), "thumb=50x30"))
    shelf.pair.all_same(asks, headers=WHOLE)


def test_download(shelf: FilePair) -> None:
    values = ["1", "0", "", "true", "True", "TRUE", "t", "T", "yes", "on", "2", "-1", "false", "F"]
    values += ["1&download=0", "0&download=1", "%201", "1.0", "null", "tRue"]
    asks = [get(shelf.path("wide.png"), f"download={value}") for value in values]
    asks += [get(shelf.path("plain.txt"), "download=0"), get(shelf.path("wide.png"), "download")]
    asks += [get(shelf.path("wide.png"), "Download=1")]
    shelf.pair.all_same(asks, headers=WHOLE)


RANGES = (
    *("bytes=0-0", "bytes=-1", "bytes=5-", "bytes=0-99999", "bytes=", "bytes=0", "bytes=-"),
    *("bytes=3-1", "bytes= 0-1", "bytes=0-1,", "bytes=,0-1", "bytes=0-1,600-700", "bytes=900-"),
    *("bytes=0-20,0-20", "bytes=-99999", "Bytes=0-1", "bytes=0-1;", "bytes=abc-", "lines=1-2"),
    *("bytes=--1", "bytes=1--2", "bytes=0x1-2", "bytes 0-1", "", "bytes=21-21", "bytes=22-22"),
)


@pytest.mark.parametrize("text", RANGES)
def test_ranges(shelf: FilePair, text: str) -> None:
    ask = get(shelf.path("plain.txt"), range=text)
    shelf.pair.same(ask, headers=(*WHOLE, "content-range"))


def test_ranges_of_thumbs_and_heads(shelf: FilePair) -> None:
    both = shelf.pair.send(get(shelf.path("wide.png"), "thumb=50x30", range="bytes=0-7"))
    assert both.theirs.body == both.ours.body == b"\x89PNG\r\n\x1a\n"
    ask = Ask("HEAD", shelf.path("plain.txt"), headers={"range": "bytes=0-3"})
    shelf.pair.same(ask, headers=(*HEADERS, "content-range"))


@pytest.mark.parametrize("text", ["bytes=0-1,3-4", "bytes=-0"])
def test_ranges_that_are_answered_otherwise(shelf: FilePair, text: str) -> None:
    shelf.pair.same(get(shelf.path("plain.txt"), range=text), known="file ranges")


CONDITIONS: list[dict[str, str]] = [
    {"if_modified_since": PAST},
    {"if_modified_since": FUTURE},
    {"if_modified_since": "x"},
    {"if_unmodified_since": PAST},
    {"if_unmodified_since": FUTURE},
    {"if_none_match": "*"},
    {"if_none_match": '"x"'},
    {"if_none_match": '"x", W/"y"'},
    {"if_match": "*"},
    {"if_match": '"x"'},
    {"if_none_match": '"x"', "if_modified_since": FUTURE},
    {"if_none_match": "*", "range": "bytes=0-1"},
    {"if_range": PAST, "range": "bytes=0-1"},
    {"if_range": '"x"', "range": "bytes=0-1"},
    {"if_range": "x", "range": "bytes=0-1"},
    {"if_match": '"x"', "if_none_match": "*"},
]


@pytest.mark.parametrize("conditions", CONDITIONS)
def test_conditions(shelf: FilePair, conditions: Mapping[str, str]) -> None:
    ask = get(shelf.path("plain.txt"), **conditions)
    shelf.pair.same(ask, headers=(*HEADERS, "content-range", "accept-ranges"))


def test_the_date_of_a_file_is_a_condition(shelf: FilePair) -> None:
    for side in shelf.pair.sides:
        path = shelf.path("plain.txt")
        since = side.client.get(path).headers["last-modified"]
        assert side.client.get(path, headers={"If-Modified-Since": since}).status_code == 304
        ranged = {"If-Range": since, "Range": "bytes=0-1"}
        assert side.client.get(path, headers=ranged).status_code == 206


def test_names_that_lead_nowhere(shelf: FilePair) -> None:
    wide = shelf.names["wide.png"]
    names = ["nope.txt", "%00", "a%00b", "%ff", "a" * 300, "%25", f"{wide}%20", wide.upper()]
    names += [f"thumbs_{wide}", f"50x30_{wide}", f"{wide}.attrs", "%5c..%5cdata.db", "*", "'"]
    asks = [get(shelf.path(name)) for name in names]
    asks += [get(shelf.path(f"thumbs_{wide}/50x30_{wide}")), get(shelf.path(""))]
    shelf.pair.all_same(asks)


def test_places_that_lead_nowhere(shelf: FilePair) -> None:
    one = shelf.names["one"]
    asks = [
        get(f"/api/files/{collection}/{record}/{one}")
        for collection in ("shelf", record_id("shelf"), "nope", "SHELF", "%00", "locked")
        for record in (record_id("shelf"), "nope", "%00", "a" * 300, "%27")
    ]
    asks += [get(f"/api/files/shelf/{record_id('shelf')}"), get("/api/files/"), get("/api/files")]
    shelf.pair.all_same(asks)


def test_other_methods(shelf: FilePair) -> None:
    path = shelf.path("one")
    shelf.pair.all_same([Ask(method, path) for method in ("PUT", "POST", "PATCH", "DELETE")])


def test_tokens(shelf: FilePair) -> None:
    token = "/api/files/token"
    asks = [
        Ask("POST", token),
        Ask("POST", token, headers={"Authorization": "nonsense"}),
        Ask("POST", token, headers={"Authorization": "<ann.file>"}),
        Ask("POST", token, headers={"Authorization": "<ann>"}),
        Ask("POST", token, who="root"),
        Ask("POST", token, json={"any": 1}, headers={"Authorization": "<bob>"}),
        Ask("GET", token),
    ]
    shelf.pair.all_same(asks)


PROTECTED = [("shelf", "guarded"), ("owned", "owned.secret"), ("locked", "locked.secret")]
TOKENS = ["", "bad", "<ann>", "<bob>", "<ann.file>", "<bob.file>", "<ann.file>x", "%00"]


@pytest.mark.parametrize(("collection", "name"), PROTECTED)
def test_protected_files(shelf: FilePair, collection: str, name: str) -> None:
    path = shelf.path(name, collection)
    asks = [get(path, f"token={token}") for token in TOKENS]
    asks += [get(path), get(path, authorization="<ann>"), get(path, who="root")]
    asks += [get(path, "token=bad", authorization="<ann>"), get(path, "token=bad", who="root")]
    asks += [get(path, "token=<bob.file>", authorization="<ann>")]
    asks += [get(path, "token=<ann.file>&download=1&thumb=100x100")]
    shelf.pair.all_same(asks, headers=HEADERS)


def test_protected_files_for_superusers(shelf: FilePair) -> None:
    shelf.pair.bind(
        "root.file", shelf.pair.same(Ask("POST", "/api/files/token", who="root")), "token"
    )
    asks = [get(shelf.path(name, c), "token=<root.file>") for c, name in PROTECTED]
    shelf.pair.all_same(asks, headers=HEADERS)


def test_open_files_of_closed_records(shelf: FilePair) -> None:
    asks = [get(shelf.path(f"{c}.open", c)) for c in ("owned", "locked")]
    shelf.pair.all_same(asks, headers=HEADERS)


def test_files_of_views(shelf: FilePair) -> None:
    shown = shelf.pair.same(
        Ask("GET", "/api/collections/renumbered/records", {"fields": "id,cover"})
    )
    number = shown.ours.value["items"][0]["id"]
    home = record_id("shelf")
    asks = [
        get(shelf.path("one", "mirror", home)),
        get(shelf.path("plain.txt", "mirror", home)),
        get(shelf.path("guarded", "mirror", home)),
        get(shelf.path("one", "renumbered", number)),
        get(shelf.path("plain.txt", "renumbered", number)),
        get(shelf.path("guarded", "renumbered", number)),
        get(shelf.path("one", "renumbered", "2")),
        get(shelf.path("one", "hidden_mirror", home)),
        get(shelf.path("guarded", "hidden_mirror", home)),
        get(shelf.path("guarded", "hidden_mirror", home), "token=<ann.file>"),
    ]
    shelf.pair.all_same(asks, headers=WHOLE)


@pytest.mark.parametrize("view", ["mirror", "renumbered"])
def test_thumbs_of_views(shelf: FilePair, view: str) -> None:
    record = record_id("shelf") if view == "mirror" else "1"
    both = shelf.pair.send(get(shelf.path("wide.png", view, record), "thumb=50x30"))
    shown = both.theirs.headers["content-disposition"]
    assert both.ours.headers["content-disposition"] == shown
    assert 'filename="50x30_' in shown
    assert seen(both.theirs).shape == seen(both.ours).shape
