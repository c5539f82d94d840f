"""Mail into the log: for development and until a mail server is set."""

from __future__ import annotations

import logging

from tenfold.mail.contract import Mail, Message
from tenfold.mail.mime import mime

_log = logging.getLogger(__name__)


class LogMail(Mail):
    """Writes each mail's readers, subject and text to the log instead of sending it."""

    async def send(self, message: Message) -> None:
        built = mime(message)
        body = built.get_body(("plain",))
        text = body.get_content() if body else ""
        # The links in it are why one reads this mail, so they must not be masked as secrets.
        shown = {"is_unmasked": True}
        _log.info("mail to %s: %s\n%s", built["To"], built["Subject"], text, extra=shown)
