"""Which bytes answer a request for a file, and what a browser may do with them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from tenfold.blobs import BlobMeta, BlobMissing, Blobs, PeekedBlob, peek
from tenfold.cache.memory import GenerationCache
from tenfold.errors import Forbidden, NotFound
from tenfold.files.keys import file_fields, file_key, file_names
from tenfold.files.sniff import HEAD_BYTES, sniff
from tenfold.files.thumb_sizes import DEFAULT_SIZE
from tenfold.files.thumbs import Thumbs
from tenfold.filters import check
from tenfold.records import rule
from tenfold.schema.actor import RequestFacts
from tenfold.schema.collection import Collection
from tenfold.schema.fields import FileField
from tenfold.schema.record import Record
from tenfold.store.contract import Reads
from tenfold.store.select import Condition, Query

K = TypeVar("K")

REMEMBERED = 20_000
SMALL_BYTES = 128 * 1024
SMALL_ROOM_BYTES = 16 << 20
"""Small files and thumbs stay in memory: what lies under a name never changes."""
MOST = 50
"""How many records are looked at when one is searched by a file's name."""

THUMB_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})

BY_EXTENSION = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".svg": "image/svg+xml",
}
"""Types that content can't tell: what a page needs these for fails under another type."""

INLINE_TYPES = frozenset(
    {
        "image/png",
        "image/jpeg",
        "image/gif",
        "image/webp",
        "image/x-icon",
        "image/bmp",
        "video/webm",
        "video/mp4",
        "video/3gpp",
        "video/quicktime",
        "audio/basic",
        "audio/aiff",
        "audio/mpeg",
        "audio/midi",
        "audio/wav",
        "audio/x-m4a",
        "audio/aac",
        "application/pdf",
    }
)
"""What a browser may show in its window; it runs no scripts from these."""

AskFacts = Callable[[], Awaitable[RequestFacts]]


@dataclass(frozen=True, slots=True)
class ServedFile:
    """A blob to send, under which name and type, and whether to show or to save it.

    A small one comes with its content; one that was opened comes so, and is to be closed.
    """

    meta: BlobMeta
    name: str
    content_type: str
    is_inline: bool
    body: bytes | None = None
    opened: PeekedBlob | None = None


class Files:
    """The files of all records, as clients may see them."""

    def __init__(self, reads: Reads, blobs: Blobs, thumbs: Thumbs) -> None:
        self._reads = reads
        self.blobs = blobs
        self._thumbs = thumbs
        self._types: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._small: GenerationCache[tuple[str, str], ServedFile]
        self._small = GenerationCache(SMALL_ROOM_BYTES)
        self._keys_of_views: OrderedDict[tuple[str, str, str], str] = OrderedDict()

    async def get(
        self,
        collection_ref: str,
        record_id: str,
        name: str,
        size: str,
        ask_facts: AskFacts,
        *,
        is_whole: bool = False,
    ) -> ServedFile:
        """The file that a record names, or its thumb of one size ("" for none).

        `ask_facts` tells who asks; it is awaited for protected files only. With `is_whole` all
        of the file will be sent: one from an object store comes opened, in a single request.
        Raises: NotFound for whatever the caller may not know of.
        """
        collection = self._reads.catalog.find(collection_ref)
        if collection is None:
            raise NotFound("Missing or invalid collection context.")
        record = await self._reads.find(collection, record_id)
        field = _field_with(record, name) if record else None
        if record is None or field is None:
            raise NotFound
        if field.protected and not await self._may_view(record, await ask_facts()):
            raise NotFound
        try:
            wanted = size if size == DEFAULT_SIZE or size in field.thumbs else ""
            return await self._served(await self._key(record, name), name, wanted, is_whole)
        except BlobMissing as error:
            raise NotFound from error

    async def _served(self, key: str, name: str, wanted: str, is_whole: bool) -> ServedFile:
        kept = self._small.get((key, wanted))
        if kept is not None:
            return kept
        if is_whole and not wanted and self.blobs.local_path(key) is None:
            return await self._opened(key, name)
        served = await self._found(key, name, wanted)
        if served.meta.size_bytes <= SMALL_BYTES and (served.name != name or not wanted):
            read = await self.blobs.get(served.meta.key)
            served = replace(served, body=b"".join([chunk async for chunk in read.chunks]))
            self._small.put((key, wanted), served, served.meta.size_bytes)
        return served

    async def _found(self, key: str, name: str, size: str) -> ServedFile:
        """A file, or its thumb when a size is given and it can have one."""
        meta = await self.blobs.head(key)
        content_type = await self._type_of(meta)
        if content_type in THUMB_TYPES and size:
            thumb = await self._thumbs.find(meta, content_type, size)
            if thumb is not None:
                meta, name = thumb, f"{size}_{name}"
                content_type = await self._type_of(thumb)
        return _shown(meta, name, content_type)

    async def _opened(self, key: str, name: str) -> ServedFile:
        blob = await peek(await self.blobs.get(key))
        content_type = sniff(blob.head).mime
        _remember(self._types, (key, blob.meta.etag), content_type)
        served = _shown(blob.meta, name, content_type)
        if blob.meta.size_bytes > SMALL_BYTES:
            return replace(served, opened=blob)
        served = replace(served, body=b"".join([chunk async for chunk in blob]))
        self._small.put((key, ""), served, blob.meta.size_bytes)
        return served

    async def _may_view(self, record: Record, facts: RequestFacts) -> bool:
        if facts.is_superuser:
            return True
        try:
            checked = rule(record.collection, "view", self._reads.catalog)
        except Forbidden:
            return False
        return checked is None or await self._reads.holds((checked, facts), record)

    async def _type_of(self, meta: BlobMeta) -> str:
        """A blob's type by its content, looked at once."""
        known = self._types.get((meta.key, meta.etag))
        if known is not None:
            return known
        read = await self.blobs.get(meta.key, 0, HEAD_BYTES)
        content_type = sniff(b"".join([chunk async for chunk in read.chunks])).mime
        _remember(self._types, (meta.key, meta.etag), content_type)
        return content_type

    async def _key(self, record: Record, name: str) -> str:
        if record.collection.type != "view":
            return file_key(record.collection, record.id, name)
        asked = (record.collection.id, record.id, name)
        known = self._keys_of_views.get(asked)
        if known is not None:
            return known
        owner = await self._owner(record.id, name)
        if owner is None:
            raise NotFound
        key = file_key(owner.collection, owner.id, name)
        _remember(self._keys_of_views, asked, key)
        return key

    async def _owner(self, record_id: str, name: str) -> Record | None:
        """The record that a view took a file's name from: names are unique, so it is the one.

        Most views keep the record's id; else the fields that hold files are searched.
        """
        collections = [c for c in self._reads.catalog.collections if _owns_files(c)]
        for collection in collections:
            record = await self._reads.find(collection, record_id)
            if record and name in file_names(record):
                return record
        for collection in collections:
            for field in file_fields(collection):
                query = Query(collection, (self._naming(collection, field, name),), limit=MOST)
                for record in await self._reads.select(query):
                    if name in file_names(record):
                        return record
        return None

    def _naming(self, collection: Collection, field: FileField, name: str) -> Condition:
        """That a field holds a file (or, for several files, one whose name contains it)."""
        operator = "~" if field.is_multiple else "="
        text = f"{field.name} {operator} @request.query.name"
        checked = check(text, collection, self._reads.catalog, hidden_allowed=True)
        return checked, RequestFacts(query={"name": name})


def _remember(known: OrderedDict[K, str], key: K, value: str) -> None:
    known[key] = value
    if len(known) > REMEMBERED:
        known.popitem(last=False)


def _shown(meta: BlobMeta, name: str, content_type: str) -> ServedFile:
    extension = name[name.rfind(".") :] if "." in name else ""
    shown_type = BY_EXTENSION.get(extension, content_type)
    return ServedFile(meta, name, shown_type, content_type in INLINE_TYPES)


def _owns_files(collection: Collection) -> bool:
    return collection.type != "view" and bool(file_fields(collection))


def _field_with(record: Record, name: str) -> FileField | None:
    """The field of a record that holds a file."""
    for field in file_fields(record.collection):
        if name in field.listed(record.values[field.name]):
            return field
    return None
