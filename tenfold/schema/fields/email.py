"""E-mail addresses."""

from __future__ import annotations

from tenfold.errors import FieldError
from tenfold.schema.fields.contract import Value
from tenfold.schema.fields.domains import DomainField
from tenfold.schema.values.faults import REQUIRED
from tenfold.schema.values.formats import is_email

BAD_EMAIL = FieldError("validation_is_email", "Must be a valid email address.")
BAD_DOMAIN = FieldError("validation_email_domain_not_allowed", "Email domain is not allowed.")


class EmailField(DomainField, frozen=True, tag="email"):
    """One e-mail address, perhaps of certain domains only."""

    def check(self, value: Value, *, is_new: bool) -> FieldError | None:
        del is_new
        if not value:
            return REQUIRED if self.required else None
        if not is_email(value):
            return BAD_EMAIL
        return None if self.is_allowed(value.rpartition("@")[2]) else BAD_DOMAIN
