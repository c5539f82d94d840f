"""What people start themselves: signing in, verifying an address, finding a way back in."""

from tenfold.auth.flows.email_change import confirm_email_change, request_email_change
from tenfold.auth.flows.methods import auth_methods
from tenfold.auth.flows.password import auth_with_password
from tenfold.auth.flows.password_reset import confirm_password_reset, request_password_reset
from tenfold.auth.flows.verification import confirm_verification, request_verification

__all__ = [
    "auth_methods",
    "auth_with_password",
    "confirm_email_change",
    "confirm_password_reset",
    "confirm_verification",
    "request_email_change",
    "request_password_reset",
    "request_verification",
]
