"""Which ways of signing in a collection offers."""

from __future__ import annotations

from typing import Any

from tenfold.schema.auth_options import AuthOptions
from tenfold.schema.collection import Collection


def auth_methods(collection: Collection, providers: list[dict[str, Any]]) -> dict[str, Any]:
    """The wire object, with the keys that clients from before 0.23 ask for at its end."""
    options = collection.auth or AuthOptions()
    by_password, mfa, otp = options.password_auth, options.mfa, options.otp
    identities = by_password.identity_fields if by_password.enabled else ()
    return {
        "password": {"identityFields": identities, "enabled": by_password.enabled},
        "oauth2": {"providers": providers, "enabled": options.oauth2.enabled},
        "mfa": {"enabled": mfa.enabled, "duration": mfa.duration if mfa.enabled else 0},
        "otp": {"enabled": otp.enabled, "duration": otp.duration if otp.enabled else 0},
        "authProviders": [{**one, "logo": ""} for one in providers],
        "usernamePassword": "username" in identities,
        "emailPassword": "email" in identities,
    }
