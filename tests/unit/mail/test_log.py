import logging
from email.message import EmailMessage

import pytest

from tenfold.mail.log import LogMail
from tests.contracts.mail import MailSuite, Received


class TestLogMail(MailSuite):
    @pytest.fixture
    def mail(self) -> LogMail:
        return LogMail()

    @pytest.fixture
    def received(self, caplog: pytest.LogCaptureFixture) -> Received:
        caplog.set_level(logging.INFO, "tenfold.mail.log")

        def read() -> list[EmailMessage]:
            return [_parsed(r.args) for r in caplog.records if isinstance(r.args, tuple)]

        return read


def _parsed(args: tuple[object, ...]) -> EmailMessage:
    to, subject, text = map(str, args)
    message = EmailMessage()
    message["To"], message["Subject"] = to, subject
    message.set_content(text)
    return message
