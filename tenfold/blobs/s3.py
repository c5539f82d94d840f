"""Blobs as objects of a bucket in S3 or anything that speaks its API."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from obstore.exceptions import BaseError
from obstore.store import S3Store

from tenfold.blobs.contract import (
    CHUNK_BYTES,
    BlobExists,
    BlobMeta,
    BlobMissing,
    BlobRead,
    BlobsUnavailable,
    check_key,
    check_prefix,
)
from tenfold.blobs.s3_location import DEFAULT_REGION, S3Location

if TYPE_CHECKING:
    from obstore import BytesStream, ObjectMeta, OffsetRange
    from obstore.store import ClientConfig, S3Config

CONNECT_LIMIT = timedelta(seconds=5)
SILENCE_LIMIT = timedelta(seconds=120)
"""How long the store may say nothing."""

TRANSFER_LIMIT = timedelta(hours=12)
"""How long one download may take: as long as a slow client likes, within reason."""

RETRY_LIMIT = timedelta(seconds=15)
MULTIPART_FROM_BYTES = 16 * 1024 * 1024
PART_BYTES = 8 * 1024 * 1024
"""Of a stream whose length is not known; a bucket takes 10,000 parts, so 80 GB."""

DELETE_BATCH = 500


class S3Blobs:
    """Blobs in a bucket; an acknowledged put is as durable as the bucket is."""

    def __init__(self, location: S3Location) -> None:
        self.bucket = location.bucket
        self._store = S3Store(
            location.bucket,
            config=_config(location),
            client_options=_client_options(location),
            retry_config={"max_retries": 3, "retry_timeout": RETRY_LIMIT},
        )

    async def put(self, key: str, body: bytes, *, content_type: str = "") -> None:
        with _translated(key):
            await self._store.put_async(
                check_key(key), body, attributes=_attributes(content_type), use_multipart=False
            )

    async def put_file(
        self, key: str, path: Path, *, content_type: str = "", must_be_new: bool = False
    ) -> None:
        if must_be_new and await self._exists(key):
            raise BlobExists(key)
        with _translated(key):
            is_big = path.stat().st_size > MULTIPART_FROM_BYTES
            await self._store.put_async(
                check_key(key),
                path,
                attributes=_attributes(content_type),
                use_multipart=is_big,
                max_concurrency=2,
            )

    async def put_stream(
        self, key: str, chunks: AsyncIterator[bytes], *, content_type: str = ""
    ) -> None:
        with _translated(key):
            await self._store.put_async(
                check_key(key),
                chunks,
                attributes=_attributes(content_type),
                chunk_size=PART_BYTES,
                max_concurrency=2,
            )

    async def head(self, key: str) -> BlobMeta:
        with _translated(key):
            return _meta(await self._store.head_async(check_key(key)))

    async def get(self, key: str, start: int = 0, end: int | None = None) -> BlobRead:
        if start or end is not None:
            return await self._get_range(key, start, end)
        with _translated(key):
            result = await self._store.get_async(check_key(key))
        return BlobRead(_meta(result.meta), _chunks(key, result.stream(CHUNK_BYTES)))

    async def _get_range(self, key: str, start: int, end: int | None) -> BlobRead:
        wanted: OffsetRange | tuple[int, int] = {"offset": start} if end is None else (start, end)
        if end is not None and end <= start:
            return BlobRead(await self.head(key), _no_chunks())
        with _translated(key):
            try:
                result = await self._store.get_async(check_key(key), options={"range": wanted})
            except BaseError:
                # S3 refuses a range beyond the end; by the contract it holds no bytes.
                meta = _meta(await self._store.head_async(key))
                if start < meta.size_bytes:
                    raise
                return BlobRead(meta, _no_chunks())
        return BlobRead(_meta(result.meta), _chunks(key, result.stream(CHUNK_BYTES)))

    async def copy(self, source: str, target: str) -> None:
        with _translated(source):
            await self._store.copy_async(check_key(source), check_key(target))

    async def delete(self, key: str) -> None:
        with _translated(key):
            try:
                await self._store.delete_async(check_key(key))
            except FileNotFoundError:
                return

    async def delete_prefix(self, prefix: str) -> None:
        doomed: list[str] = []
        async for meta in self.list(prefix):
            doomed.append(meta.key)
            if len(doomed) == DELETE_BATCH:
                await self._delete_many(doomed)
                doomed = []
        if doomed:
            await self._delete_many(doomed)

    async def list(self, prefix: str = "") -> AsyncIterator[BlobMeta]:
        check_prefix(prefix)
        try:
            with _translated(prefix):
                # Its other overload names a type of arro3, which we do without.
                found = self._store.list(prefix.rstrip("/") or None)  # pyright: ignore[reportUnknownMemberType]
                async for batch in found:
                    for entry in batch:
                        yield _meta(entry)
        except BlobMissing as error:
            raise BlobsUnavailable("There is no such bucket.") from error

    async def tidy(self) -> None:
        """Nothing to do: a put cut short leaves nothing that a list shows."""

    def local_path(self, key: str) -> Path | None:
        check_key(key)
        return None

    @asynccontextmanager
    async def hold(self) -> AsyncGenerator[None]:
        yield

    async def _exists(self, key: str) -> bool:
        try:
            await self.head(key)
        except BlobMissing:
            return False
        return True

    async def _delete_many(self, keys: list[str]) -> None:
        with _translated(keys[0]):
            try:
                await self._store.delete_async(keys)
            except FileNotFoundError:
                for key in keys:
                    await self.delete(key)


@contextmanager
def _translated(key: str) -> Generator[None]:
    """Let obstore's errors out as this port's own, without the secrets they may quote."""
    try:
        yield
    except FileNotFoundError as error:
        raise BlobMissing(f"no such blob: {key!r}") from error
    except (BaseError, OSError) as error:
        raise BlobsUnavailable("The object storage does not answer as it should.") from error


def _config(location: S3Location) -> S3Config:
    config: S3Config = {
        "endpoint": location.url,
        "region": location.region or DEFAULT_REGION,
        "access_key_id": location.access_key,
        "secret_access_key": location.secret,
        "virtual_hosted_style_request": not location.force_path_style,
    }
    if location.encryption:
        config["server_side_encryption"] = location.encryption
    return config


def _client_options(location: S3Location) -> ClientConfig:
    options: ClientConfig = {
        "allow_http": location.url.startswith("http://"),
        "connect_timeout": CONNECT_LIMIT,
        "read_timeout": SILENCE_LIMIT,
        "timeout": TRANSFER_LIMIT,
    }
    if location.ca:
        options["root_certificate"] = Path(location.ca).read_bytes()
    return options


def _attributes(content_type: str) -> dict[str, str]:
    return {"Content-Type": content_type} if content_type else {}


def _meta(entry: ObjectMeta) -> BlobMeta:
    return BlobMeta(
        key=entry["path"],
        size_bytes=entry["size"],
        etag=(entry["e_tag"] or "").strip('"'),
        modified_at=entry["last_modified"],
    )


async def _chunks(key: str, stream: BytesStream) -> AsyncIterator[bytes]:
    with _translated(key):
        async for chunk in stream:
            yield bytes(chunk)


async def _no_chunks() -> AsyncIterator[bytes]:
    return
    yield b""
