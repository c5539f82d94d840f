"""The stored settings as every worker sees them: read, changed, followed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import msgspec

from tenfold.administration.checks import check
from tenfold.administration.encryption import WrongKey, decrypt, encrypt
from tenfold.administration.merge import WrongShape, merge
from tenfold.administration.stored import StoredSettings
from tenfold.errors import NOT_LOADED, BadRequest, OperatorError
from tenfold.store.contract import PARAMS, Change, Store, Transaction

PARAM = "settings"

NOT_SAVED = "An error occurred while saving the new settings."

log = logging.getLogger(__name__)


class SettingsRoom:
    """Holds the settings of one worker and keeps them fresh through the store's changes."""

    def __init__(self, store: Store, encryption_key: str = "") -> None:
        self._store = store
        self._key = encryption_key
        self._current = StoredSettings()
        self._listeners: list[Callable[[StoredSettings], None]] = []
        self._refreshes: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Read the settings and start following them; the store must be open.

        Raises: OperatorError when they are encrypted with another key.
        """
        await self._refresh()
        self._store.listen(self._hear)

    def current(self) -> StoredSettings:
        """The settings as of the last `store.poll()`."""
        return self._current

    def listen(self, listener: Callable[[StoredSettings], None]) -> None:
        """Tell `listener` of the settings after every change, whichever worker made it."""
        self._listeners.append(listener)

    async def patch(self, partial: object) -> StoredSettings:
        """Lay `partial` over the settings and keep the result.

        Raises: BadRequest, with PocketBase's codes by key.
        """

        async def work(transaction: Transaction) -> StoredSettings:
            before = self._decode(await transaction.param(PARAM))
            try:
                after = merge(before, partial)
            except WrongShape:
                raise BadRequest(NOT_LOADED) from None
            if problems := check(after):
                raise BadRequest(NOT_SAVED, problems)
            await self.save(transaction, after)
            return after

        saved = await self._store.write(work)
        await self._refresh()
        return saved

    async def save(self, transaction: Transaction, settings: StoredSettings) -> None:
        """Keep settings that are known to be good (an import's, say)."""
        await transaction.set_param(PARAM, self._encode(settings))

    def _encode(self, settings: StoredSettings) -> str:
        plain = msgspec.json.encode(settings)
        if not self._key:
            return plain.decode()
        return msgspec.json.encode(encrypt(plain, self._key)).decode()

    def _decode(self, text: str | None) -> StoredSettings:
        if not text:
            return StoredSettings()
        try:
            plain = text.encode()
            if text.startswith('"'):
                plain = decrypt(msgspec.json.decode(text, type=str), self._key)
            return msgspec.json.decode(plain, type=StoredSettings)
        except (WrongKey, msgspec.DecodeError) as error:
            raise OperatorError(
                "the stored settings can't be read",
                hint="start with the encryption_key that they were saved with",
            ) from error

    def _hear(self, change: Change) -> None:
        concerns_settings = change.collection_id == PARAMS and change.record_id == PARAM
        if concerns_settings and change.image:
            self._follow(change.image)
        elif concerns_settings or change.collection_id == "*":
            task = asyncio.get_running_loop().create_task(self._refresh())
            self._refreshes.add(task)
            task.add_done_callback(self._refreshes.discard)

    def _follow(self, text: str) -> None:
        try:
            self._replace(self._decode(text))
        except OperatorError:
            log.exception("a change of the settings can't be followed")

    async def _refresh(self) -> None:
        self._replace(self._decode(await self._store.param(PARAM)))

    def _replace(self, settings: StoredSettings) -> None:
        if settings == self._current:
            return
        self._current = settings
        for listener in self._listeners:
            listener(settings)
