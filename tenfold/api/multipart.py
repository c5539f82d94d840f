"""multipart/form-data, streamed: texts to memory, files to the temp folder."""

from __future__ import annotations

import errno
import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote_to_bytes

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from tenfold.api.http import Upload
from tenfold.errors import BadRequest, Unavailable

MAX_PARTS = 1000
MAX_PART_HEADER_BYTES = 16 << 10
MAX_BOUNDARY_CHARS = 256

_EXTENDED_FILENAME = re.compile(
    rb""";\s*filename\*\s*=\s*"?utf-8'[^';]*'([^";\s]*)""", re.IGNORECASE
)


def boundary_of(content_type: str) -> bytes:
    """The boundary of a multipart content type. Raises: BadRequest."""
    boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
    if not boundary or len(boundary) > MAX_BOUNDARY_CHARS:
        raise BadRequest()
    return boundary


class MultipartForm:
    """Takes the chunks of one body and gives its fields, texts as str and files as Upload.

    Every file is added to `uploads` as soon as it exists, so that the caller can remove it
    whatever happens. Parts without a name are skipped. Texts must fit the body limit together
    with all else; files are written as they arrive.
    """

    def __init__(self, boundary: bytes, temp_folder: str, uploads: list[Upload]) -> None:
        self._temp_folder = temp_folder
        self._uploads = uploads
        self._values: dict[str, list[Any]] = {}
        self._part_count = 0
        self.text_bytes = 0
        self._is_finished = False
        self._header_name = bytearray()
        self._header_value = bytearray()
        self._headers: dict[bytes, bytes] = {}
        self._name = ""
        self._filename = ""
        self._text = bytearray()
        self._file: BinaryIO | None = None
        self._path = ""
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_field": self._take_header_name,
                "on_header_value": self._take_header_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._end_headers,
                "on_part_data": self._take,
                "on_part_end": self._end_part,
                "on_end": self._end,
            },
        )

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes. Raises: BadRequest, Unavailable when a file can't be kept."""
        try:
            self._parser.write(chunk)
        except MultipartParseError as error:
            raise BadRequest() from error
        except OSError as error:
            reason = os.strerror(error.errno or errno.EIO)
            raise Unavailable(f"An uploaded file can't be stored: {reason}.", 30) from error

    def finish(self) -> dict[str, list[Any]]:
        """All values by name, in order. Raises: BadRequest when the closing line is missing."""
        if not self._is_finished:
            raise BadRequest()
        return self._values

    def close(self) -> None:
        """Give up the file that was being written, if any."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            self._file = None

    def _begin_part(self) -> None:
        self._part_count += 1
        if self._part_count > MAX_PARTS:
            raise BadRequest()
        self._headers = {}
        self._name = self._filename = self._path = ""
        self._text = bytearray()

    def _take_header_name(self, chunk: bytes, start: int, end: int) -> None:
        self._header_name += chunk[start:end]
        self._refuse_long_headers()

    def _take_header_value(self, chunk: bytes, start: int, end: int) -> None:
        self._header_value += chunk[start:end]
        self._refuse_long_headers()

    def _refuse_long_headers(self) -> None:
        pending = len(self._header_name) + len(self._header_value)
        if pending + sum(map(len, self._headers.values())) > MAX_PART_HEADER_BYTES:
            raise BadRequest()

    def _end_header(self) -> None:
        self._headers[bytes(self._header_name).lower()] = bytes(self._header_value)
        self._header_name.clear()
        self._header_value.clear()
        if len(self._headers) > 32:
            raise BadRequest()

    def _end_headers(self) -> None:
        disposition = self._headers.get(b"content-disposition", b"")
        options = parse_options_header(disposition)[1]
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        self._filename = _extended_filename(disposition)
        self._filename = self._filename or options.get(b"filename", b"").decode("utf-8", "replace")
        if self._name and self._filename:
            self._open_file()

    def _open_file(self) -> None:
        handle, self._path = tempfile.mkstemp(prefix="upload-", dir=self._temp_folder or None)
        self._file = os.fdopen(handle, "wb", buffering=1 << 16)
        # Known to the caller before it is complete, so that it is removed on any failure.
        self._uploads.append(Upload(self._filename, "", self._path, 0))

    def _take(self, chunk: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._file.write(chunk[start:end])
        elif self._name:
            self._text += chunk[start:end]
            self.text_bytes += end - start

    def _end_part(self) -> None:
        if not self._name:
            return
        file = self._file
        value = self._text.decode("utf-8", "replace") if file is None else self._end_file(file)
        self._values.setdefault(self._name, []).append(value)

    def _end_file(self, file: BinaryIO) -> Upload:
        file.close()
        self._file = None
        kind = self._headers.get(b"content-type", b"").decode("latin-1")
        size_bytes = Path(self._path).stat().st_size
        upload = Upload(self._filename, kind, self._path, size_bytes)
        self._uploads[-1] = upload
        return upload

    def _end(self) -> None:
        self._is_finished = True


def _extended_filename(disposition: bytes) -> str:
    """The `filename*` parameter, which python-multipart leaves aside; "" when there is none."""
    found = _EXTENDED_FILENAME.search(disposition)
    return unquote_to_bytes(found[1]).decode("utf-8", "replace") if found else ""
