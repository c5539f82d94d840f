"""What goes wrong with a filter, rule or sort."""

from tenfold.errors import TenfoldError


class FilterError(TenfoldError):
    """The text is no valid filter, rule or sort for its collection.

    `message` may name collections and fields, so only superusers should see it.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
