"""Tell what kind of text some bytes are: markup, JSON, tables, scripts, or just text."""

from __future__ import annotations

import csv
import re
from itertools import islice

import msgspec

from tenfold.files.json_head import begins_json
from tenfold.files.signatures import Kind

_BINARY = bytes([*range(9), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20)])
_SPACE = b"\t\n\x0c\r "
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\0\0", "utf-32le"),
    (b"\0\0\xfe\xff", "utf-32be"),
    (b"\xff\xfe", "utf-16le"),
    (b"\xfe\xff", "utf-16be"),
)

_HTML = re.compile(
    rb"<(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|!--)"
    rb"[ >]",
    re.I,
)
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.I)
_XML_ENCODING = re.compile(rb"^<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']", re.I)
_SVG = re.compile(rb"(?:<!--(?:(?!-->).)*-->)?<svg\s[^>]*http://www\.w3\.org/2000/svg", re.S)
_GEO_TYPE = re.compile(
    r'"type"\s*:\s*"(?:Feature|FeatureCollection|Point|LineString|Polygon|MultiPoint'
    r'|MultiLineString|MultiPolygon|GeometryCollection)"'
)
_HAR = re.compile(r'\{.*?"log"\s*:\s*\{\s*"(?:version|creator|entries)"\s*:', re.S)
_SRT = re.compile(rb"^1\r?\n\d\d:\d\d:\d\d,\d{3} --> \d\d:\d\d:\d\d,\d{3}\r?\n")
_MAIL_HEADER = re.compile(
    rb"^(?:From|To|Cc|Subject|Date|Received|Return-Path|Message-ID|Delivered-To|Content-Type):",
    re.I | re.M,
)
_MARC = re.compile(rb"^\d{5}[ -~]{5}2{2}\d{5}[ -~]{3}4500")
_SHEBANG = re.compile(rb"^#!\s*(\S+)(?:[ \t]+(\S+))?")

_XML_ROOTS = (
    (b"<rss", b"", "application/rss+xml", ".rss"),
    (b"<feed", b"http://www.w3.org/2005/Atom", "application/atom+xml", ".atom"),
    (b"<kml", b"http://www.opengis.net/kml/2.2", "application/vnd.google-earth.kml+xml", ".kml"),
    (b"<gpx", b"http://www.topografix.com/GPX/1/1", "application/gpx+xml", ".gpx"),
    (b"<html", b"http://www.w3.org/1999/xhtml", "application/xhtml+xml", ".html"),
    (b"<xfdf", b"http://ns.adobe.com/xfdf/", "application/vnd.adobe.xfdf", ".xfdf"),
    (b"<COLLADA", b"http://www.collada.org/2005/11/COLLADASchema", "model/vnd.collada+xml", ".dae"),
    (b"<TrainingCenterDatabase", b"garmin.com", "application/vnd.garmin.tcx+xml", ".tcx"),
    (b"<amf", b"", "application/x-amf", ".amf"),
    (b"<Ontology", b"http://www.w3.org/2002/07/owl#", "application/owl+xml", ".owl"),
    (b"<X3D", b"http://www.web3d.org/", "model/x3d+xml", ".x3d"),
    (b"<xliff", b"urn:oasis:names:tc:xliff:document:1.2", "application/x-xliff+xml", ".xlf"),
    (b"", b"http://www.opengis.net/gml", "application/gml+xml", ".gml"),
    (
        b"<model",
        b"http://schemas.microsoft.com/3dmanufacturing/core/2015/02",
        "application/vnd.ms-package.3dmanufacturing-3dmodel+xml",
        ".3mf",
    ),
)

_PREFIXES = (
    (b"BEGIN:VCARD", Kind("text/vcard", ".vcf")),
    (b"BEGIN:VCALENDAR", Kind("text/calendar", ".ics")),
    (b"WEBVTT", Kind("text/vtt", ".vtt")),
    (b"#EXTM3U", Kind("application/vnd.apple.mpegurl", ".m3u")),
    (b"<?php", Kind("text/x-php", ".php")),
)

_INTERPRETERS = {
    "php": Kind("text/x-php", ".php"),
    "node": Kind("text/javascript", ".js"),
    "nodejs": Kind("text/javascript", ".js"),
    "lua": Kind("text/x-lua", ".lua"),
    "perl": Kind("text/x-perl", ".pl"),
    "python": Kind("text/x-python", ".py"),
    "python2": Kind("text/x-python", ".py"),
    "python3": Kind("text/x-python", ".py"),
    "ruby": Kind("text/x-ruby", ".rb"),
    "tclsh": Kind("text/x-tcl", ".tcl"),
    "wish": Kind("text/x-tcl", ".tcl"),
    "sh": Kind("text/x-shellscript", ".sh"),
    "bash": Kind("text/x-shellscript", ".sh"),
    "zsh": Kind("text/x-shellscript", ".sh"),
    "ksh": Kind("text/x-shellscript", ".sh"),
    "dash": Kind("text/x-shellscript", ".sh"),
    "ash": Kind("text/x-shellscript", ".sh"),
    "tcsh": Kind("text/x-shellscript", ".sh"),
    "csh": Kind("text/x-shellscript", ".sh"),
}


def text_kind(head: bytes, *, is_whole: bool) -> Kind | None:
    """The kind of text that begins with `head`, or None when it is no text.

    `is_whole`: nothing follows `head`.
    """
    for bom, charset in _BOMS:
        if head.startswith(bom):
            body = head[len(bom) :]
            marked = _markup(body, "utf-8") or _prefixed(body) if charset == "utf-8" else None
            return marked or _plain(charset)
    if _MARC.match(head):
        return Kind("application/marc", ".mrc")
    if head.translate(None, _BINARY) != head:
        return None
    charset = _charset(head, is_whole=is_whole)
    return (
        _svg(head)
        or _markup(head, charset)
        or _prefixed(head)
        or _script(head)
        or _json(head, is_whole=is_whole)
        or _table(head, is_whole=is_whole)
        or _plain(charset)
    )


def _plain(charset: str) -> Kind:
    return Kind(f"text/plain; charset={charset}" if charset else "text/plain", ".txt")


def _charset(head: bytes, *, is_whole: bool) -> str:
    try:
        head.decode()
        return "utf-8"
    except UnicodeDecodeError as error:
        # The last character may just be cut off.
        if not is_whole and error.end == len(head) and error.reason == "unexpected end of data":
            return "utf-8"
    high = {byte for byte in head if 0x80 <= byte < 0xA0}
    if high - {0x85}:
        return ""
    return "windows-1252" if high else "iso-8859-1"


def _markup(head: bytes, charset: str) -> Kind | None:
    body = head.lstrip(_SPACE)
    if _HTML.match(body):
        declared = _META_CHARSET.search(body)
        charset = declared[1].decode().lower() if declared else charset
        return Kind(f"text/html; charset={charset or 'utf-8'}", ".html")
    return _xml(body) if body[:5].lower() == b"<?xml" else None


def _svg(head: bytes) -> Kind | None:
    body = head.lstrip(_SPACE)
    is_xml = body[:5].lower() == b"<?xml" and b"<svg" in body
    if is_xml or _SVG.match(body if body.startswith(b"<svg") else head):
        return Kind("image/svg+xml", ".svg")
    return None


def _xml(body: bytes) -> Kind:
    for root, namespace, mime, extension in _XML_ROOTS:
        if root in body and namespace in body:
            return Kind(mime, extension)
    return _plain_xml(body)


def _plain_xml(body: bytes) -> Kind:
    declared = _XML_ENCODING.match(body)
    charset = declared[1].decode() if declared else "utf-8"
    return Kind(f"text/xml; charset={charset}", ".xml")


def _prefixed(head: bytes) -> Kind | None:
    for prefix, kind in _PREFIXES:
        if head.startswith(prefix):
            return kind
    if _SRT.match(head):
        return Kind("application/x-subrip", ".srt")
    if _MAIL_HEADER.match(head) and len(_MAIL_HEADER.findall(_first_lines(head))) > 1:
        return Kind("message/rfc822", ".eml")
    return None


def _first_lines(head: bytes) -> bytes:
    """The lines before the first empty one."""
    return re.split(rb"\r?\n\r?\n", head, maxsplit=1)[0]


def _script(head: bytes) -> Kind | None:
    found = _SHEBANG.match(head)
    if not found:
        return None
    program = found[1].rpartition(b"/")[2]
    if program == b"env":
        program = found[2] or b""
    return _INTERPRETERS.get(program.decode("latin-1"))


def _json(head: bytes, *, is_whole: bool) -> Kind | None:
    body = head.strip(_SPACE)
    if not body.startswith((b"{", b"[")):
        return None
    if begins_json(body, is_whole=is_whole):
        return _json_kind(body)
    lines = [line for line in head.split(b"\n") if line.strip()]
    whole = lines if is_whole and head.endswith(b"\n") else lines[:-1]
    if whole and len(lines) > 1 and all(_is_json_line(line) for line in whole):
        return Kind("application/x-ndjson", ".ndjson")
    return None


def _json_kind(body: bytes) -> Kind:
    text = body.decode("utf-8", "replace")
    if body.startswith(b"{"):
        top = _top_level(text)
        if _GEO_TYPE.search(top):
            return Kind("application/geo+json", ".geojson")
        if _HAR.match(text):
            return Kind("application/json", ".har")
        if re.match(r'\{\s*"asset"\s*:\s*\{\s*"version"\s*:\s*"[12]\.0"', text):
            return Kind("model/gltf+json", ".gltf")
    return Kind("application/json", ".json")


def _top_level(text: str) -> str:
    """An object's text without what lies in nested objects and lists."""
    kept: list[str] = []
    depth = 0
    for part in re.finditer(r'"(?:[^"\\]|\\.)*"|[{}\[\]]|[^"{}\[\]]+', text):
        piece = part[0]
        if piece in "{[":
            depth += 1
        elif piece in "}]":
            depth -= 1
        elif depth == 1:
            kept.append(piece)
    return "".join(kept)


def _is_json_line(line: bytes) -> bool:
    if not line.lstrip(_SPACE).startswith((b"{", b"[")):
        return False
    try:
        msgspec.json.decode(line)
    except msgspec.DecodeError:
        return False
    return True


def _table(head: bytes, *, is_whole: bool) -> Kind | None:
    for delimiter, kind in (
        (",", Kind("text/csv", ".csv")),
        ("\t", Kind("text/tab-separated-values", ".tsv")),
    ):
        if _is_table(head, delimiter, is_whole=is_whole):
            return kind
    return None


def _is_table(head: bytes, delimiter: str, *, is_whole: bool) -> bool:
    """Whether there are at least two lines, all with the same two or more columns."""
    text = head.decode("latin-1")
    if not is_whole:
        text = text[: text.rfind("\n") + 1]
    rows = csv.reader(_kept_lines(text), delimiter=delimiter, strict=True)
    try:
        widths = {len(row): None for row in islice(rows, 200)}
        return len(widths) == 1 and min(widths) > 1 and rows.line_num > 1
    except csv.Error:
        return False


def _kept_lines(text: str) -> list[str]:
    lines = text.splitlines(keepends=True)
    return [line for line in lines if line.strip() and not line.startswith("#")]
