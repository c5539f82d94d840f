"""Read records back from the images that the change log keeps."""

from __future__ import annotations

from typing import Any, TypedDict
from weakref import WeakKeyDictionary

import msgspec

from tenfold.schema.collection import Collection
from tenfold.schema.fields.contract import Storage
from tenfold.schema.record import Record
from tenfold.store.contract import Change

_decoders: WeakKeyDictionary[Collection, msgspec.json.Decoder[Any]] = WeakKeyDictionary()


def record_of(change: Change, collection: Collection) -> Record:
    """The record of a change: after a create or update, before a delete.

    Fields that the image does not know (they were added or renamed since) are empty.
    """
    decoder = _decoders.get(collection)
    if decoder is None:
        decoder = _decoders[collection] = _build(collection)
    image: dict[str, Any] = decoder.decode(change.image)
    values = {f.name: image[f.name] if f.name in image else f.zero() for f in collection.fields}
    return Record(collection, values, change.seq)


def _build(collection: Collection) -> msgspec.json.Decoder[Any]:
    # JSON fields keep their text exactly as it is stored.
    types: dict[str, Any] = {
        f.name: msgspec.Raw if f.storage is Storage.JSON else Any for f in collection.fields
    }
    shape: Any = TypedDict("Image", types, total=False)  # pyright: ignore[reportArgumentType, reportGeneralTypeIssues]
    return msgspec.json.Decoder(shape)
