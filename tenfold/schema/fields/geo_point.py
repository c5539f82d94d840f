"""Places on earth."""

from __future__ import annotations

from typing import Any, cast

import msgspec

from tenfold.errors import FieldError
from tenfold.schema.fields.contract import InputField, Storage, Value
from tenfold.schema.values.faults import REQUIRED
from tenfold.schema.values.scalars import simplest

BAD_LONGITUDE = FieldError(
    "validation_invalid_longitude", "Longitude must be between -180 and 180 degrees."
)
BAD_LATITUDE = FieldError(
    "validation_invalid_latitude", "Latitude must be between -90 and 90 degrees."
)


class GeoPointField(InputField, frozen=True, tag="geoPoint"):
    """Longitude and latitude in degrees; 0, 0 counts as blank."""

    @property
    def storage(self) -> Storage:
        return Storage.POINT

    def zero(self) -> dict[str, float]:
        return {"lon": 0, "lat": 0}

    def cast(self, raw: object) -> dict[str, float]:
        """A point from an object or its JSON text; both must be numbers, else it is 0, 0."""
        point = _decoded(raw) if isinstance(raw, str) else raw
        if not isinstance(point, dict):
            return self.zero()
        found = cast("dict[str, Any]", point)
        lon, lat = found.get("lon") or 0, found.get("lat") or 0
        if not _is_number(lon) or not _is_number(lat):
            return self.zero()
        return {"lon": simplest(lon), "lat": simplest(lat)}

    def check(self, value: Value, *, is_new: bool) -> FieldError | None:
        del is_new
        lon, lat = value["lon"], value["lat"]
        if not lon and not lat:
            return REQUIRED if self.required else None
        if not -180 <= lon <= 180:
            return BAD_LONGITUDE
        return None if -90 <= lat <= 90 else BAD_LATITUDE


def _is_number(item: object) -> bool:
    return isinstance(item, int | float) and not isinstance(item, bool)


def _decoded(text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
