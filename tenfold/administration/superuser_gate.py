"""From which addresses superusers may come."""

from __future__ import annotations

from tenfold.administration.addresses import AddressSet
from tenfold.administration.settings_room import SettingsRoom
from tenfold.administration.stored import StoredSettings
from tenfold.errors import Forbidden


class SuperuserGate:
    """Refuses superusers whose address is not on the list; an empty list admits all."""

    def __init__(self, room: SettingsRoom) -> None:
        self._follow(room.current())
        room.listen(self._follow)

    def _follow(self, settings: StoredSettings) -> None:
        self._allowed = AddressSet(settings.superuser_ips)
        self.is_open = not settings.superuser_ips

    def admits(self, client_ip: str) -> bool:
        """Whether a superuser at this address may act."""
        return self.is_open or client_ip in self._allowed

    def check(self, client_ip: str) -> None:
        """Raises: Forbidden."""
        if not self.admits(client_ip):
            raise Forbidden()
