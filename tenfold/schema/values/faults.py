"""The field errors that several types give, with PocketBase's codes and messages."""

from __future__ import annotations

from tenfold.errors import FieldError
from tenfold.schema.values.patterns import pattern_fault

MOST_JSON_INT = 2**53 - 1

REQUIRED = FieldError("validation_required", "Cannot be blank.")
BLANK_WANTED = FieldError("validation_empty", "Must be blank.")
INVALID_VALUE = FieldError("validation_invalid_value", "Invalid value.")
INVALID_FORMAT = FieldError("validation_invalid_format", "Invalid value format.")
NOT_DOMAIN = FieldError("validation_is_domain", "Must be a valid domain.")
BAD_SHAPE = FieldError("validation_match_invalid", "Must be in a valid format.")
IN_LIST = FieldError("validation_not_in_invalid", "Must not be in list.")


def sentence(text: str) -> str:
    """The text with a capital first letter and a full stop, as PocketBase shows errors."""
    text = text.strip()
    return ended(text[:1].upper() + text[1:])


def ended(text: str) -> str:
    """The text with a full stop, where it does not end like a sentence."""
    return text if text.endswith((".", "?", "!")) else text + "."


_OWN_WORDS = frozenset(
    """validation_required validation_match_invalid validation_in_invalid
    validation_not_in_invalid validation_length_out_of_range validation_empty validation_nil
    validation_min_greater_equal_than_required validation_max_less_equal_than_required
    validation_is_url validation_is_domain validation_is_email
    validation_nil_or_not_empty_required""".split()
)
_RAW = frozenset({"validation_invalid_rule", "validation_invalid_view_query"})


def words(fault: FieldError) -> str:
    """A fault's message as PocketBase has it inside other texts: not made a sentence."""
    if fault.code in _OWN_WORDS:
        return (fault.message[:1].lower() + fault.message[1:]).rstrip(".")
    return fault.message.rstrip(".") if fault.code in _RAW else fault.message


def at_least(threshold: object) -> FieldError:
    return FieldError(
        "validation_min_greater_equal_than_required",
        f"Must be no less than {threshold}.",
        {"threshold": threshold},
    )


def at_most(threshold: object) -> FieldError:
    return FieldError(
        "validation_max_less_equal_than_required",
        f"Must be no greater than {threshold}.",
        {"threshold": threshold},
    )


def out_of_range(least: int, most: int) -> FieldError:
    return FieldError(
        "validation_length_out_of_range",
        f"The length must be between {least} and {most}.",
        {"max": most, "min": least},
    )


def within(number: int, least: int = 0, most: int = MOST_JSON_INT) -> FieldError | None:
    """What is wrong with a whole number that must lie between two bounds."""
    if number < least:
        return at_least(least)
    return at_most(most) if number > most else None


def bad_pattern(pattern: str) -> FieldError | None:
    """What is wrong with a regular expression."""
    fault = pattern_fault(pattern) if pattern else None
    return FieldError("validation_invalid_regex", sentence(fault)) if fault else None


def found(**faults: FieldError | None) -> dict[str, FieldError]:
    """Only the faults that there are, by key."""
    return {key: fault for key, fault in faults.items() if fault is not None}
