"""The mails that a new auth collection sends until its owner words them anew.

`{APP_NAME}`, `{APP_URL}`, `{TOKEN}`, `{OTP}`, `{ALERT_INFO}` and `{RECORD:field}` are filled in.
"""

from __future__ import annotations

from tenfold.schema.auth_options import MailTemplate

_SIGNATURE = "<p>Best regards,<br/>{APP_NAME}</p>"


def _mail(subject: str, *paragraphs: str) -> MailTemplate:
    body = "\n".join([*(f"<p>{paragraph}</p>" for paragraph in paragraphs), _SIGNATURE])
    return MailTemplate(subject=subject, body=body)


def _link(page: str, label: str) -> str:
    return (
        f'<a class="btn" href="{{APP_URL}}/_/#/auth/{page}/{{TOKEN}}" '
        f'target="_blank" rel="noopener">{label}</a>'
    )


VERIFICATION = _mail(
    "Please verify your address for {APP_NAME}",
    "Welcome to {APP_NAME}!",
    "One more step: tell us that this address is yours.",
    _link("confirm-verification", "Verify my address"),
    "Nothing to do with you? Then no action is needed.",
)

RESET_PASSWORD = _mail(
    "Choose a new password for {APP_NAME}",
    "Someone, hopefully you, asked to reset the password of your account.",
    _link("confirm-password-reset", "Choose a new password"),
    "If it was not you, leave this mail alone; your password stays as it is.",
)

CONFIRM_EMAIL_CHANGE = _mail(
    "Confirm this address for {APP_NAME}",
    "Your account at {APP_NAME} is about to use this address.",
    _link("confirm-email-change", "Use this address"),
    "If you did not ask for it, leave this mail alone; nothing changes then.",
)

ONE_TIME_PASSWORD = _mail(
    "Your sign-in code for {APP_NAME}",
    "This code signs you in once: <strong>{OTP}</strong>",
    "If you are not signing in at the moment, leave this mail alone.",
)

LOGIN_ALERT = _mail(
    "Your {APP_NAME} account was used from a new place",
    "Your account was just signed in to from a device or place we have not seen before:",
    "<em>{ALERT_INFO}</em>",
    "If it was you, all is well.",
    "<strong>If it was not you, change your password now: that signs everyone else out.</strong>",
)
