"""What e-mail and URL fields share: lists of allowed or refused domains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tenfold.errors import FieldError, FieldErrors
from tenfold.schema.fields.contract import InputField, Storage
from tenfold.schema.values.faults import BLANK_WANTED, NOT_DOMAIN
from tenfold.schema.values.formats import is_domain
from tenfold.schema.values.scalars import to_text

if TYPE_CHECKING:
    from tenfold.schema.collection import Collection


class DomainField(InputField, frozen=True):
    """Text with a domain in it; at most one of the two lists may be set."""

    only_domains: tuple[str, ...] = ()
    except_domains: tuple[str, ...] = ()

    @property
    def storage(self) -> Storage:
        return Storage.TEXT

    def zero(self) -> str:
        return ""

    def cast(self, raw: object) -> str:
        return to_text(raw)

    def is_allowed(self, domain: str) -> bool:
        """Whether the lists let the domain pass; they compare exactly, case too."""
        if self.only_domains and domain not in self.only_domains:
            return False
        return domain not in self.except_domains

    def check_settings(
        self, collection: Collection, names: Mapping[str, Collection]
    ) -> FieldErrors:
        del collection, names
        if self.only_domains and self.except_domains:
            return {"onlyDomains": BLANK_WANTED, "exceptDomains": BLANK_WANTED}
        lists = {"onlyDomains": self.only_domains, "exceptDomains": self.except_domains}
        faults = {key: _check_domains(domains) for key, domains in lists.items()}
        return {key: fault for key, fault in faults.items() if fault}


def _check_domains(domains: tuple[str, ...]) -> dict[str, FieldError]:
    return {
        str(index): NOT_DOMAIN
        for index, domain in enumerate(domains)
        if domain and not is_domain(domain)
    }
