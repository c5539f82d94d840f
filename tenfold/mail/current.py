"""Mail by whatever way the stored settings name at the moment."""

from __future__ import annotations

from tenfold.mail.contract import Mail, Message


class CurrentMail(Mail):
    """Sends by the way last given to `use`; what is under way is not disturbed by a change."""

    def __init__(self, first: Mail) -> None:
        self._way = first

    def use(self, way: Mail) -> None:
        """Send by another way from now on."""
        self._way = way

    async def send(self, message: Message) -> None:
        await self._way.send(message)
