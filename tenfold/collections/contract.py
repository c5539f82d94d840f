"""What the collections use cases ask of rooms they must not import (app.py hands it in)."""

from __future__ import annotations

from typing import Protocol

from tenfold.schema.collection import Collection


class CollectionFiles(Protocol):
    """How the files of all records of a collection go."""

    async def remove_collection(self, collection: Collection) -> None:
        """Remove every file of a removed or emptied collection; never raises."""
        ...
