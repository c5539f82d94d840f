"""Tell a file's type from its first bytes, whatever its name or its sender claims."""

from __future__ import annotations

import struct
from uuid import UUID

from tenfold.files import signatures
from tenfold.files.signatures import MAGIC, OCTETS, Kind
from tenfold.files.texts import text_kind

HEAD_BYTES = 4096
"""How much of a file is looked at."""

MAX_ZIP_ENTRIES = 12
MAX_FONT_TABLES = 64
_ZIP_ENTRY = b"PK\x03\x04"


def sniff(head: bytes) -> Kind:
    """The kind of content that begins with `head` (at most HEAD_BYTES of it are looked at)."""
    head = head[:HEAD_BYTES]
    if not head:
        return signatures.EMPTY
    for detect in (_png, _by_container, _by_magic, _mpeg_audio, _bmp, _font, _pdf):
        found = detect(head)
        if found:
            return found
    return text_kind(head, is_whole=len(head) < HEAD_BYTES) or OCTETS


def same_type(mime: str, wanted: str) -> bool:
    """Whether a sniffed type is the wanted one, by any of its names; parameters aside."""
    return _plain(mime) == _plain(wanted)


def _plain(mime: str) -> str:
    bare = mime.partition(";")[0].strip().lower()
    return signatures.ALIASES.get(bare, bare)


def _by_magic(head: bytes) -> Kind | None:
    for offset, magic, kind in MAGIC:
        if head.startswith(magic, offset):
            # A tag that says it is empty, with nothing behind it, is no audio.
            return None if magic[:3] == b"ID3" and not any(head[6:10]) else kind
    return None


def _png(head: bytes) -> Kind | None:
    if not head.startswith(b"\x89PNG\r\n\x1a\n"):
        return None
    if head[37:41] == b"acTL":
        return Kind("image/apng", ".apng")
    return Kind("image/png", ".png")


def _by_container(head: bytes) -> Kind | None:
    if head.startswith((_ZIP_ENTRY, b"PK\x05\x06")):
        return _zip(head)
    if head.startswith(b"RIFF"):
        return signatures.RIFF.get(head[8:15])
    if head.startswith(b"OggS"):
        return _ogg(head)
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return _matroska(head)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _ole(head)
    if head.startswith(b"\x7fELF"):
        return _elf(head)
    if head.startswith(b"FORM"):
        return Kind("audio/aiff", ".aiff") if head[8:12] == b"AIFF" else None
    return _iso_media(head) or _tar(head)


def _tar(head: bytes) -> Kind | None:
    """A first header whose checksum is right."""
    header = head[:512]
    digits = header[148:156].strip(b"\0 ")
    if len(header) < 512 or not digits.isdigit() or b"8" in digits or b"9" in digits:
        return None
    expected = sum(header[:148]) + 8 * ord(" ") + sum(header[156:])
    return Kind("application/x-tar", ".tar") if int(digits, 8) == expected else None


def _iso_media(head: bytes) -> Kind | None:
    box = head[4:8]
    if box == b"ftyp":
        brand = head[8:12]
        kinds = (kind for prefix, kind in signatures.BRANDS if brand.startswith(prefix))
        return next(kinds, signatures.MP4)
    if box in (b"moov", b"mdat", b"free", b"skip", b"pnot", b"wide"):
        return signatures.QUICKTIME
    return None


def _ogg(head: bytes) -> Kind:
    codec = head[28:36]
    if codec.startswith((b"\x01vorbis", b"\x7fFLAC", b"OpusHead", b"Speex   ")):
        return Kind("audio/ogg", ".oga")
    if codec.startswith((b"\x80theora", b"fishead\0", b"\x01video")):
        return Kind("video/ogg", ".ogv")
    return Kind("application/ogg", ".ogg")


def _matroska(head: bytes) -> Kind | None:
    doctype = head.find(b"\x42\x82", 0, 4096)
    name = head[doctype + 3 : doctype + 11] if doctype >= 0 else b""
    if name.startswith(b"webm"):
        return Kind("video/webm", ".webm")
    return Kind("video/matroska", ".mkv") if name == b"matroska" else None


def _elf(head: bytes) -> Kind | None:
    if len(head) < 18:
        return None
    order = "<H" if head[5] == 1 else ">H"
    return signatures.ELF.get(struct.unpack_from(order, head, 16)[0], Kind("application/x-elf"))


def _ole(head: bytes) -> Kind:
    """Old Office files: the class id of the root entry says which program wrote them."""
    if len(head) < 512:
        return signatures.OLE
    sector_bytes = 4096 if head[26] == 4 else 512
    first: int = struct.unpack_from("<I", head, 48)[0]
    start = (first + 1) * sector_bytes + 80
    class_id = head[start : start + 16]
    if len(class_id) < 16:
        return signatures.OLE
    return signatures.OLE_CLASSES.get(str(UUID(bytes_le=class_id)), signatures.OLE)


def _zip(head: bytes) -> Kind:
    names = _zip_names(head)
    if not names:
        return signatures.ZIP
    first, at = names[0]
    if first == b"mimetype":
        return _named_in_zip(head, at)
    if first in (b"META-INF/MANIFEST.MF", b"META-INF/"):
        return signatures.JAR
    every = [name for name, _ in names]
    if b"AndroidManifest.xml" in every or b"classes.dex" in every:
        return signatures.APK
    if first == b"doc.kml":
        return signatures.KMZ
    if first.startswith(
        (b"[Content_Types].xml", b"_rels/", b"docProps/", b"word/", b"xl/", b"ppt/")
    ):
        for prefix, kind in signatures.OOXML:
            if any(name.startswith(prefix) for name in every):
                return kind
    return signatures.ZIP


def _zip_names(head: bytes) -> list[tuple[bytes, int]]:
    """The names of the entries whose headers lie in `head`, and where their content begins."""
    names: list[tuple[bytes, int]] = []
    at = head.find(_ZIP_ENTRY)
    while at >= 0 and len(names) < MAX_ZIP_ENTRIES and len(head) >= at + 30:
        name_length, extra_length = struct.unpack_from("<HH", head, at + 26)
        name_end = at + 30 + name_length
        names.append((head[at + 30 : name_end], name_end + extra_length))
        at = head.find(_ZIP_ENTRY, at + 30)
    return names


def _named_in_zip(head: bytes, at: int) -> Kind:
    """Formats whose first entry is `mimetype` and says what they are, uncompressed."""
    found = [mime for mime in signatures.NAMED_IN_ZIP if head.startswith(mime.encode(), at)]
    if not found:
        return signatures.ZIP
    mime = max(found, key=len)
    return Kind(mime, signatures.NAMED_IN_ZIP[mime])


def _mpeg_audio(head: bytes) -> Kind | None:
    if len(head) < 3 or head[0] != 0xFF:
        return None
    if head[1] in (0xF1, 0xF9):
        return Kind("audio/aac", ".aac")
    is_layer_3 = head[1] & 0xE6 == 0xE2
    is_sane = head[2] >> 4 not in (0, 15) and head[2] >> 2 & 3 != 3
    return Kind("audio/mpeg", ".mp3") if is_layer_3 and is_sane else None


def _bmp(head: bytes) -> Kind | None:
    if not head.startswith(b"BM") or len(head) < 18:
        return None
    header_bytes = struct.unpack_from("<I", head, 14)[0]
    return Kind("image/bmp", ".bmp") if header_bytes in (12, 40, 52, 56, 64, 108, 124) else None


def _font(head: bytes) -> Kind | None:
    """OpenType: a table directory whose tags are those of a font."""
    if not head.startswith((b"\0\1\0\0", b"OTTO")) or len(head) < 28:
        return None
    tables = struct.unpack_from(">H", head, 4)[0]
    if not 0 < tables <= MAX_FONT_TABLES:
        return None
    known = (
        b"cmap",
        b"glyf",
        b"head",
        b"CFF ",
        b"GPOS",
        b"GSUB",
        b"OS/2",
        b"DSIG",
        b"BASE",
        b"GDEF",
        b"FFTM",
        b"LTSH",
        b"PCLT",
        b"VDMX",
        b"avar",
        b"EBDT",
    )
    if head[12:16] not in known:
        return None
    return Kind("font/otf", ".otf") if head.startswith(b"OTTO") else Kind("font/ttf", ".ttf")


def _pdf(head: bytes) -> Kind | None:
    return Kind("application/pdf", ".pdf") if b"%PDF-" in head[:1024] else None
