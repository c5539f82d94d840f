"""The mails of an auth collection, made from its templates."""

from __future__ import annotations

from typing import Any

from tenfold.auth import tokens
from tenfold.auth.parts import Auth
from tenfold.mail import Address, Message, render
from tenfold.schema.auth_options import AuthOptions, MailTemplate
from tenfold.schema.collection import Collection
from tenfold.schema.fields.password import PasswordField
from tenfold.schema.record import Record
from tenfold.schema.values.dates import date_text

TEST_ID = "__pb_test_id__"
TEST_CODE = "123456"
TEST_PLACE = "TEST_IP TEST_USER_AGENT"


async def verification_mail(auth: Auth, account: Record) -> None:
    """Mail the link that verifies an address. Raises: MailFailed."""
    token = tokens.make(account, "verification", auth.clock(), email=account["email"])
    await _send(auth, account, _options(account).verification_template, TOKEN=token)


async def password_reset_mail(auth: Auth, account: Record) -> None:
    """Mail the link that lets a new password be set. Raises: MailFailed."""
    token = tokens.make(account, "passwordReset", auth.clock(), email=account["email"])
    await _send(auth, account, _options(account).reset_password_template, TOKEN=token)


async def email_change_mail(auth: Auth, account: Record, new_email: str) -> None:
    """Mail the link that confirms a new address, to that address. Raises: MailFailed."""
    token = tokens.make(
        account, "emailChange", auth.clock(), email=account["email"], newEmail=new_email
    )
    template = _options(account).confirm_email_change_template
    await _send(auth, account, template, to=new_email, TOKEN=token)


async def otp_mail(auth: Auth, account: Record, otp_id: str, code: str) -> None:
    """Mail a one-time password. Raises: MailFailed."""
    await _send(auth, account, _options(account).otp.email_template, OTP_ID=otp_id, OTP=code)


async def alert_mail(auth: Auth, account: Record, place: str) -> None:
    """Tell of a sign-in from a new place. Raises: MailFailed."""
    await _send(auth, account, _options(account).auth_alert.email_template, ALERT_INFO=place)


async def send_test_mail(auth: Auth, address: str, template: str, collection: Collection) -> None:
    """Send one of a collection's mails with made-up values. Raises: MailFailed."""
    account = _nobody(collection, address)
    if template == "verification":
        await verification_mail(auth, account)
    elif template == "password-reset":
        await password_reset_mail(auth, account)
    elif template == "email-change":
        await email_change_mail(auth, account, address)
    elif template == "otp":
        await otp_mail(auth, account, TEST_ID, TEST_CODE)
    else:
        await alert_mail(auth, account, f"{date_text(auth.now())} - {TEST_PLACE}")


def _nobody(collection: Collection, address: str) -> Record:
    values = {field.name: field.zero() for field in collection.fields}
    values |= {"id": TEST_ID, "email": address, "tokenKey": TEST_ID}
    return Record(collection, values)


async def _send(
    auth: Auth, account: Record, template: MailTemplate, *, to: str = "", **values: str
) -> None:
    app = auth.app()
    filled = _record_values(account) | values | {"APP_NAME": app.name, "APP_URL": app.url}
    subject, html = render(template, filled)
    sender = Address(app.sender_address, app.sender_name)
    await auth.mail.send(Message(sender, Address(to or account["email"]), subject, html))


def _record_values(account: Record) -> dict[str, str]:
    """What {RECORD:name} stands for; secrets stand for nothing."""
    shown = {
        field.name: account[field.name]
        for field in account.collection.fields
        if not isinstance(field, PasswordField) and field.name != "tokenKey"
    }
    return {f"RECORD:{name}": _text(value) for name, value in shown.items()}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(map(str, value))  # pyright: ignore[reportUnknownArgumentType]
    return (
        value
        if isinstance(value, str)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )


def _options(account: Record) -> AuthOptions:
    return account.collection.auth or AuthOptions()
