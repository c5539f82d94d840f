"""Web addresses."""

from __future__ import annotations

from tenfold.errors import FieldError
from tenfold.schema.fields.contract import Value
from tenfold.schema.fields.domains import DomainField
from tenfold.schema.values.faults import REQUIRED
from tenfold.schema.values.formats import is_url, url_host

BAD_URL = FieldError("validation_invalid_url", "Must be a valid url.")
BAD_DOMAIN = FieldError("validation_url_domain_not_allowed", "Url domain is not allowed.")


class URLField(DomainField, frozen=True, tag="url"):
    """One URL, perhaps of certain domains only (compared with host and port)."""

    def check(self, value: Value, *, is_new: bool) -> FieldError | None:
        del is_new
        if not value:
            return REQUIRED if self.required else None
        if not is_url(value):
            return BAD_URL
        return None if self.is_allowed(url_host(value)) else BAD_DOMAIN
