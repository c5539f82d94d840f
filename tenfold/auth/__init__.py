"""Accounts: who someone is, how that is proved, and how a way back in is found."""

from tenfold.auth.authenticator import Authenticator
from tenfold.auth.background import Background
from tenfold.auth.mails import send_test_mail
from tenfold.auth.otp import auth_with_otp, clean_otps, request_otp
from tenfold.auth.parts import AppFacts, Auth, Caller
from tenfold.auth.passwords import Passwords
from tenfold.auth.record_rules import AccountRules
from tenfold.auth.second_step import clean_mfas
from tenfold.auth.sign_in import OneStepLeft, SignedIn, impersonate, refresh, sign_in

__all__ = [
    "AccountRules",
    "AppFacts",
    "Auth",
    "Authenticator",
    "Background",
    "Caller",
    "OneStepLeft",
    "Passwords",
    "SignedIn",
    "auth_with_otp",
    "clean_mfas",
    "clean_otps",
    "impersonate",
    "refresh",
    "request_otp",
    "send_test_mail",
    "sign_in",
]
