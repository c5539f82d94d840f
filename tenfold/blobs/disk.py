"""Blobs as files under a folder, each durable before it is acknowledged.

A put writes to `.incoming/` beside the blobs, syncs, renames, and syncs the folder: power
loss leaves the whole blob or none. Nothing outside the root can be named (see check_key), and
links are not followed.
"""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import stat
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

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
from tenfold.blobs.hold import DeleteHold
from tenfold.durable import sync, write_all

T = TypeVar("T")

INCOMING = ".incoming"
HOLD = ".hold"
THREADS = 4
LIST_BATCH = 500
PUBLISH_ATTEMPTS = 100
LEFTOVER_AGE_S = 24 * 3600


class DiskBlobs:
    """Blobs under `root`, which is made on first use."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self._hold = DeleteHold(self.root / HOLD)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="blobs")

    async def put(self, key: str, body: bytes, *, content_type: str = "") -> None:
        del content_type  # a file on disk has none; it is told from its content

        def write(incoming: Path) -> None:
            with incoming.open("xb") as file:
                file.write(body)

        await self._run(self._store, check_key(key), write, False)

    async def put_file(
        self, key: str, path: Path, *, content_type: str = "", must_be_new: bool = False
    ) -> None:
        del content_type

        def move(incoming: Path) -> None:
            try:
                path.replace(incoming)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                shutil.copyfile(path, incoming)

        await self._run(self._store, check_key(key), move, must_be_new)

    async def put_stream(
        self, key: str, chunks: AsyncIterator[bytes], *, content_type: str = ""
    ) -> None:
        check_key(key)
        passing = self.root / INCOMING / uuid4().hex
        descriptor = await self._run(_create, self.root, passing)
        try:
            try:
                async for chunk in chunks:
                    await self._run(write_all, descriptor, chunk)
            finally:
                os.close(descriptor)
            await self.put_file(key, passing, content_type=content_type)
        finally:
            await self._run(passing.unlink, True)

    async def head(self, key: str) -> BlobMeta:
        return await self._run(self._head, check_key(key))

    async def get(self, key: str, start: int = 0, end: int | None = None) -> BlobRead:
        descriptor = await self._run(self._open, check_key(key))
        meta = _meta(key, os.fstat(descriptor))
        stop = meta.size_bytes if end is None else min(end, meta.size_bytes)
        return BlobRead(meta, self._chunks(descriptor, start, stop))

    async def copy(self, source: str, target: str) -> None:
        descriptor = await self._run(self._open, check_key(source))

        def write(incoming: Path) -> None:
            with os.fdopen(descriptor, "rb") as old, incoming.open("xb") as new:
                shutil.copyfileobj(old, new, CHUNK_BYTES)

        await self._run(self._store, check_key(target), write, False)

    async def delete(self, key: str) -> None:
        await self._run(self._delete, check_key(key))

    async def delete_prefix(self, prefix: str) -> None:
        await self._run(self._delete_tree, check_prefix(prefix))

    async def list(self, prefix: str = "") -> AsyncIterator[BlobMeta]:
        found = _walk(self.root, check_prefix(prefix))
        while batch := await self._run(_take, found, LIST_BATCH):
            for meta in batch:
                yield meta

    async def tidy(self) -> None:
        await self._run(self._tidy)

    def local_path(self, key: str) -> Path | None:
        return self.root / check_key(key)

    @asynccontextmanager
    async def hold(self) -> AsyncGenerator[None]:
        await self._run(self._hold.acquire)
        try:
            yield
        finally:
            self._hold.release()

    # --- in threads ---------------------------------------------------------------------

    async def _run(self, work: Callable[..., T], *args: object) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _translated, work, args)

    def _store(self, key: str, fill: Callable[[Path], None], must_be_new: bool) -> None:
        incoming = self.root / INCOMING / uuid4().hex
        target = self.root / key
        _make_folders(self.root, incoming.parent)
        try:
            fill(incoming)
            os.utime(incoming)  # a moved file is as young as its put: the sweep relies on it
            sync(incoming)
            self._publish(incoming, target, must_be_new)
        finally:
            incoming.unlink(missing_ok=True)
        with _ignore_missing():
            sync(target.parent)

    def _publish(self, incoming: Path, target: Path, must_be_new: bool) -> None:
        """Move a whole blob to its place; again when deletes take the folder as it was empty."""
        for _ in range(PUBLISH_ATTEMPTS):
            with suppress(FileNotFoundError):
                _make_folders(self.root, target.parent)
                _place(incoming, target, must_be_new)
                return
        _make_folders(self.root, target.parent)
        _place(incoming, target, must_be_new)

    def _open(self, key: str) -> int:
        return _open_file(self.root / key)

    def _head(self, key: str) -> BlobMeta:
        found = os.lstat(self.root / key)
        if not stat.S_ISREG(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, "not a file", key)
        return _meta(key, found)

    def _tidy(self) -> None:
        """Remove old leftovers; young ones may be puts under way in another process."""
        oldest = time.time() - LEFTOVER_AGE_S
        for path in (self.root / INCOMING).glob("*"):
            with _ignore_missing():
                if path.lstat().st_mtime > oldest:
                    continue
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink()

    async def _chunks(self, descriptor: int, start: int, stop: int) -> AsyncIterator[bytes]:
        try:
            while start < stop:
                size = min(CHUNK_BYTES, stop - start)
                chunk = await self._run(os.pread, descriptor, size, start)
                if not chunk:
                    return
                start += len(chunk)
                yield chunk
        finally:
            os.close(descriptor)

    def _delete(self, key: str) -> None:
        path = self.root / key
        with self._hold.unless_held() as is_free:
            if is_free:
                path.unlink(missing_ok=True)
        _remove_empty(path.parent, self.root)

    def _delete_tree(self, prefix: str) -> None:
        folder = self.root / prefix
        with self._hold.unless_held() as is_free:
            if is_free and folder != self.root:
                # Moved aside first: a reader sees all of the blobs or none.
                doomed = self.root / INCOMING / uuid4().hex
                _make_folders(self.root, doomed.parent)
                with _ignore_missing():
                    folder.rename(doomed)
                shutil.rmtree(doomed, ignore_errors=True)
        _remove_empty(folder.parent, self.root)


def _translated(work: Callable[..., T], args: tuple[object, ...]) -> T:
    """Run `work`; its OSErrors come out as this port's own errors."""
    try:
        return work(*args)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise BlobMissing(str(error)) from error
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise BlobMissing(str(error)) from error
        reason = os.strerror(error.errno or errno.EIO)
        raise BlobsUnavailable(f"The file storage can't be used: {reason}.") from error


def _create(root: Path, path: Path) -> int:
    _make_folders(root, path.parent)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)


def _open_file(path: Path) -> int:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise IsADirectoryError(errno.EISDIR, "not a file", str(path))
    return descriptor


def _meta(key: str, found: os.stat_result) -> BlobMeta:
    return BlobMeta(
        key=key,
        size_bytes=found.st_size,
        etag=f"{found.st_mtime_ns:x}-{found.st_size:x}",
        modified_at=datetime.fromtimestamp(found.st_mtime, UTC),
    )


def _place(incoming: Path, target: Path, must_be_new: bool) -> None:
    if not must_be_new:
        incoming.replace(target)
        return
    try:
        os.link(incoming, target)
    except FileExistsError as error:
        raise BlobExists(target.name) from error


def _make_folders(root: Path, folder: Path) -> None:
    """Make `folder` and what is missing above it, each durable in its parent."""
    if folder.is_dir():
        return
    if folder != root:
        _make_folders(root, folder.parent)
    try:
        folder.mkdir(parents=folder == root, exist_ok=True)
    except FileExistsError as error:
        # It was there, and is not any longer; or it is no folder.
        if folder.exists():
            raise
        raise FileNotFoundError(errno.ENOENT, "went while it was made", str(folder)) from error
    sync(folder.parent)


def _remove_empty(folder: Path, root: Path) -> None:
    while folder != root and root in folder.parents:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent


def _walk(root: Path, prefix: str) -> Iterator[BlobMeta]:
    for folder, folders, names in os.walk(root / prefix):
        if Path(folder) == root:
            folders[:] = [name for name in folders if name != INCOMING]
            names = [name for name in names if name != HOLD]
        for name in names:
            path = Path(folder, name)
            with _ignore_missing():
                found = path.lstat()
                if stat.S_ISREG(found.st_mode):
                    yield _meta(path.relative_to(root).as_posix(), found)


def _take(found: Iterator[BlobMeta], count: int) -> list[BlobMeta]:
    return list(islice(found, count))


@contextmanager
def _ignore_missing() -> Generator[None]:
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        pass
