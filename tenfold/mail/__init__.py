"""Mail: one message to one reader, over SMTP or into the log."""

from tenfold.mail.contract import Address, Mail, MailFailed, Message
from tenfold.mail.template import render

__all__ = ["Address", "Mail", "MailFailed", "Message", "render"]
