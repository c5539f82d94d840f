"""Every product by its name; a new one is one file and one line here."""

from __future__ import annotations

from collections.abc import Mapping

from tenfold.engines.contract import Engine
from tenfold.engines.mariadb import MariaDB
from tenfold.engines.seaweedfs import SeaweedFS
from tenfold.engines.tenfold import Tenfold

ENGINES: Mapping[str, Engine] = {
    "mariadb": MariaDB(),
    "seaweedfs": SeaweedFS(),
    "tenfold": Tenfold(),
}
