"""The first bytes by which formats are known, and what else their types are called.

The names and extensions are the ones that PocketBase reports for the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of content: its MIME type and its usual extension ("" for none)."""

    mime: str
    extension: str = ""


OCTETS = Kind("application/octet-stream")
ZIP = Kind("application/zip", ".zip")
OLE = Kind("application/x-ole-storage")
EMPTY = Kind("text/plain", ".txt")

MAGIC: tuple[tuple[int, bytes, Kind], ...] = tuple(
    (offset, magic, Kind(mime, extension))
    for offset, magic, mime, extension in (
        (0, b"\xff\xd8\xff", "image/jpeg", ".jpg"),
        (0, b"GIF87a", "image/gif", ".gif"),
        (0, b"GIF89a", "image/gif", ".gif"),
        (0, b"II*\0", "image/tiff", ".tiff"),
        (0, b"MM\0*", "image/tiff", ".tiff"),
        (0, b"\0\0\1\0", "image/x-icon", ".ico"),
        (0, b"\0\0\2\0", "image/x-icon", ".ico"),
        (0, b"icns", "image/x-icns", ".icns"),
        (0, b"8BPS", "image/vnd.adobe.photoshop", ".psd"),
        (0, b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 ", "image/jp2", ".jp2"),
        (0, b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjpx ", "image/jpx", ".jpf"),
        (0, b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjpm ", "image/jpm", ".jpm"),
        (0, b"\xff\x0a", "image/jxl", ".jxl"),
        (0, b"\0\0\0\x0cJXL \r\n\x87\n", "image/jxl", ".jxl"),
        (0, b"\0\0\0\x0cJXS \r\n\x87\n", "image/jxs", ".jxs"),
        (0, b"II\xbc\x01", "image/jxr", ".jxr"),
        (0, b"gimp xcf", "image/x-xcf", ".xcf"),
        (20, b"GPAT", "image/x-gimp-pat", ".pat"),
        (20, b"GIMP", "image/x-gimp-gbr", ".gbr"),
        (0, b"BPG\xfb", "image/bpg", ".bpg"),
        (0, b"AC10", "image/vnd.dwg", ".dwg"),
        (0, b"#?RADIANCE\n", "image/vnd.radiance", ".hdr"),
        (0, b"/* XPM */", "image/x-xpixmap", ".xpm"),
        (0, b"AT&TFORM", "image/vnd.djvu", ".djvu"),
        (0, b"ID3\x03", "audio/mpeg", ".mp3"),
        (0, b"ID3\x04", "audio/mpeg", ".mp3"),
        (0, b"fLaC\0\0\0\x22", "audio/flac", ".flac"),
        (0, b"MThd", "audio/midi", ".midi"),
        (0, b".snd", "audio/basic", ".au"),
        (0, b"#!AMR", "audio/amr", ".amr"),
        (0, b"MPCK", "audio/musepack", ".mpc"),
        (0, b"FLV\x01", "video/x-flv", ".flv"),
        (0, bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), "video/x-ms-asf", ".asf"),
        (0, b"\0\0\1\xba", "video/mpeg", ".mpeg"),
        (0, b"\0\0\1\xb3", "video/mpeg", ".mpeg"),
        (0, b"%FDF", "application/vnd.fdf", ".fdf"),
        (0, b"%!PS-Adobe-", "application/postscript", ".ps"),
        (0, b"{\\rtf", "text/rtf", ".rtf"),
        (0, b"\x1f\x8b", "application/gzip", ".gz"),
        (0, b"BZh", "application/x-bzip2", ".bz2"),
        (0, b"\xfd7zXZ\0", "application/x-xz", ".xz"),
        (0, b"\x28\xb5\x2f\xfd", "application/zstd", ".zst"),
        (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed", ".7z"),
        (0, b"Rar!\x1a\x07", "application/vnd.rar", ".rar"),
        (0, b"LZIP", "application/lzip", ".lz"),
        (0, b"MSCF", "application/vnd.ms-cab-compressed", ".cab"),
        (0, b"070707", "application/x-cpio", ".cpio"),
        (0, b"070701", "application/x-cpio", ".cpio"),
        (0, b"070702", "application/x-cpio", ".cpio"),
        (0, b"xar!", "application/x-xar", ".xar"),
        (0, b"\xed\xab\xee\xdb", "application/x-rpm", ".rpm"),
        (0, b"!<arch>\ndebian-binary", "application/vnd.debian.binary-package", ".deb"),
        (0, b"!<arch>", "application/x-archive", ".a"),
        (0, b"MZ", "application/vnd.microsoft.portable-executable", ".exe"),
        (0, b"\0asm", "application/wasm", ".wasm"),
        (0, b"\xca\xfe\xba\xbe", "application/x-java-applet", ".class"),
        (0, b"\xfe\xed\xfa\xce", "application/x-mach-binary", ".macho"),
        (0, b"\xfe\xed\xfa\xcf", "application/x-mach-binary", ".macho"),
        (0, b"\xce\xfa\xed\xfe", "application/x-mach-binary", ".macho"),
        (0, b"\xcf\xfa\xed\xfe", "application/x-mach-binary", ".macho"),
        (0, b"\xa7\x0d\x0d\x0a", "application/x-bytecode.python", ".pyc"),
        (0, b"SQLite format 3\0", "application/vnd.sqlite3", ".sqlite"),
        (4, b"Standard Jet DB", "application/x-msaccess", ".mdb"),
        (4, b"Standard ACE DB", "application/x-msaccess", ".accdb"),
        (0, b"PAR1", "application/vnd.apache.parquet", ".parquet"),
        (0, b"wOFF", "font/woff", ".woff"),
        (0, b"wOF2", "font/woff2", ".woff2"),
        (0, b"ttcf", "font/collection", ".ttc"),
        (0, b"CWS", "application/x-shockwave-flash", ".swf"),
        (0, b"FWS", "application/x-shockwave-flash", ".swf"),
        (0, b"ZWS", "application/x-shockwave-flash", ".swf"),
        (0, b"d8:announce", "application/x-bittorrent", ".torrent"),
        (0, b"L\0\0\0\x01\x14\x02\0", "application/x-ms-shortcut", ".lnk"),
        (60, b"BOOKMOBI", "application/x-mobipocket-ebook", ".mobi"),
        (0, b"NES\x1a", "application/vnd.nintendo.snes.rom", ".nes"),
        (0, b"glTF\x02\0\0\0", "model/gltf-binary", ".glb"),
        (0, b"glTF\x01\0\0\0", "model/gltf-binary", ".glb"),
        (128, b"DICM", "application/dicom", ".dcm"),
        (0, b"SIMPLE  =                    T", "application/fits", ".fits"),
        (0, b"\0\0\x27\x0a", "application/vnd.shx", ".shx"),
        (0, b"\xd4\xc3\xb2\xa1", "application/vnd.tcpdump.pcap", ".pcap"),
        (0, b"\xa1\xb2\xc3\xd4", "application/vnd.tcpdump.pcap", ".pcap"),
        (0, b"\xd9\xd9\xf7", "application/cbor", ".cbor"),
        (0, b"\x78\x9c", "application/zlib", ""),
        (0, b"\x78\xda", "application/zlib", ""),
        (0, b"\x78\x01", "application/zlib", ""),
        (0, b"-----BEGIN PKCS7-----", "application/pkcs7-signature", ".p7s"),
        (0, b"WARC/", "application/warc", ".warc"),
    )
)

RIFF = {
    b"WEBPVP8": Kind("image/webp", ".webp"),
    b"WAVEfmt": Kind("audio/wav", ".wav"),
    b"AVI LIS": Kind("video/x-msvideo", ".avi"),
    b"QLCMfmt": Kind("audio/qcelp", ".qcp"),
}

MP4 = Kind("video/mp4", ".mp4")
QUICKTIME = Kind("video/quicktime", ".mov")

BRANDS = (
    (b"avif", Kind("image/avif", ".avif")),
    (b"avis", Kind("image/avif", ".avif")),
    (b"heic", Kind("image/heic", ".heic")),
    (b"heix", Kind("image/heic", ".heic")),
    (b"hevc", Kind("image/heic-sequence", ".heic")),
    (b"hevx", Kind("image/heic-sequence", ".heic")),
    (b"mif1", Kind("image/heif", ".heif")),
    (b"heim", Kind("image/heif", ".heif")),
    (b"heis", Kind("image/heif", ".heif")),
    (b"msf1", Kind("image/heif-sequence", ".heif")),
    (b"hevm", Kind("image/heif-sequence", ".heif")),
    (b"hevs", Kind("image/heif-sequence", ".heif")),
    (b"qt  ", QUICKTIME),
    (b"3gp", Kind("video/3gpp", ".3gp")),
    (b"3gr", Kind("video/3gpp", ".3gp")),
    (b"3gs", Kind("video/3gpp", ".3gp")),
    (b"3g2", Kind("video/3gpp2", ".3g2")),
    (b"M4A ", Kind("audio/x-m4a", ".m4a")),
    (b"M4V ", Kind("video/x-m4v", ".m4v")),
    (b"M4VH", Kind("video/x-m4v", ".m4v")),
    (b"M4VP", Kind("video/x-m4v", ".m4v")),
    (b"M4B ", Kind("audio/mp4", ".mp4")),
    (b"M4P ", Kind("audio/mp4", ".mp4")),
    (b"F4A ", Kind("audio/mp4", ".mp4")),
    (b"F4B ", Kind("audio/mp4", ".mp4")),
    (b"MSNV", Kind("audio/mp4", ".mp4")),
)

OFFICE = "application/vnd.openxmlformats-officedocument."
OOXML = (
    (b"word/", Kind(f"{OFFICE}wordprocessingml.document", ".docx")),
    (b"xl/", Kind(f"{OFFICE}spreadsheetml.sheet", ".xlsx")),
    (b"ppt/", Kind(f"{OFFICE}presentationml.presentation", ".pptx")),
    (b"visio/", Kind("application/vnd.ms-visio.drawing.main+xml", ".vsdx")),
)

OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
NAMED_IN_ZIP = {
    "application/epub+zip": ".epub",
    f"{OPEN_DOCUMENT}text": ".odt",
    f"{OPEN_DOCUMENT}text-template": ".ott",
    f"{OPEN_DOCUMENT}spreadsheet": ".ods",
    f"{OPEN_DOCUMENT}spreadsheet-template": ".ots",
    f"{OPEN_DOCUMENT}presentation": ".odp",
    f"{OPEN_DOCUMENT}presentation-template": ".otp",
    f"{OPEN_DOCUMENT}graphics": ".odg",
    f"{OPEN_DOCUMENT}graphics-template": ".otg",
    f"{OPEN_DOCUMENT}formula": ".odf",
    f"{OPEN_DOCUMENT}chart": ".odc",
    "application/vnd.sun.xml.calc": ".sxc",
}
JAR = Kind("application/java-archive", ".jar")
APK = Kind("application/vnd.android.package-archive", ".apk")
KMZ = Kind("application/vnd.google-earth.kmz", ".kmz")

OLE_CLASSES = {
    "00020906-0000-0000-c000-000000000046": Kind("application/msword", ".doc"),
    "00020900-0000-0000-c000-000000000046": Kind("application/msword", ".doc"),
    "00020820-0000-0000-c000-000000000046": Kind("application/vnd.ms-excel", ".xls"),
    "00020810-0000-0000-c000-000000000046": Kind("application/vnd.ms-excel", ".xls"),
    "64818d10-4f9b-11cf-86ea-00aa00b929e8": Kind("application/vnd.ms-powerpoint", ".ppt"),
    "00020d0b-0000-0000-c000-000000000046": Kind("application/vnd.ms-outlook", ".msg"),
    "00021201-0000-0000-00c0-000000000046": Kind("application/vnd.ms-publisher", ".pub"),
}

ELF = {
    1: Kind("application/x-object"),
    2: Kind("application/x-executable"),
    3: Kind("application/x-sharedlib", ".so"),
    4: Kind("application/x-coredump"),
}

ALIASES = {
    "application/acad": "image/vnd.dwg",
    "application/font-sfnt": "font/ttf",
    "application/gzip-compressed": "application/gzip",
    "application/gzipped": "application/gzip",
    "application/jar": "application/java-archive",
    "application/javascript": "text/javascript",
    "application/msexcel": "application/vnd.ms-excel",
    "application/mspowerpoint": "application/vnd.ms-powerpoint",
    "application/photoshop": "image/vnd.adobe.photoshop",
    "application/rtf": "text/rtf",
    "application/vnd.ms-word": "application/msword",
    "application/x-acad": "image/vnd.dwg",
    "application/x-font-ttf": "font/ttf",
    "application/x-gunzip": "application/gzip",
    "application/x-gzip": "application/gzip",
    "application/x-gzip-compressed": "application/gzip",
    "application/x-java-archive": "application/java-archive",
    "application/x-javascript": "text/javascript",
    "application/x-mpegurl": "application/vnd.apple.mpegurl",
    "application/x-ogg": "application/ogg",
    "application/x-pdf": "application/pdf",
    "application/x-python": "text/x-python",
    "application/x-rar": "application/vnd.rar",
    "application/x-rar-compressed": "application/vnd.rar",
    "application/x-sh": "text/x-shellscript",
    "application/x-shellscript": "text/x-shellscript",
    "application/x-sqlite3": "application/vnd.sqlite3",
    "application/x-srt": "application/x-subrip",
    "application/x-zip": "application/zip",
    "application/x-zip-compressed": "application/zip",
    "application/xml": "text/xml",
    "audio/3gpp": "video/3gpp",
    "audio/3gpp2": "video/3gpp2",
    "audio/amr-nb": "audio/amr",
    "audio/mid": "audio/midi",
    "audio/mp3": "audio/mpeg",
    "audio/mpegurl": "application/vnd.apple.mpegurl",
    "audio/sp-midi": "audio/midi",
    "audio/vnd.wave": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/webm": "video/webm",
    "audio/x-aiff": "audio/aiff",
    "audio/x-mid": "audio/midi",
    "audio/x-midi": "audio/midi",
    "audio/x-mpeg": "audio/mpeg",
    "audio/x-wav": "audio/wav",
    "font/sfnt": "font/ttf",
    "gzip/document": "application/gzip",
    "image/vnd.mozilla.apng": "image/apng",
    "image/x-bmp": "image/bmp",
    "image/x-dwg": "image/vnd.dwg",
    "image/x-ms-bmp": "image/bmp",
    "image/x-psd": "image/vnd.adobe.photoshop",
    "text/rss": "application/rss+xml",
    "text/x-script.python": "text/x-python",
    "text/x-sh": "text/x-shellscript",
    "text/x-srt": "application/x-subrip",
    "video/3g2": "video/3gpp2",
    "video/3gp": "video/3gpp",
    "video/asf": "video/x-ms-asf",
    "video/avi": "video/x-msvideo",
    "video/msvideo": "video/x-msvideo",
    "video/x-matroska": "video/matroska",
    "video/x-ms-wmv": "video/x-ms-asf",
}
"""What a type may also be called -> the name that `sniff` gives it."""
