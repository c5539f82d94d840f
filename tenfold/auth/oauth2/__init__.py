"""Signing in through OAuth2 and OpenID Connect providers."""

from tenfold.auth.oauth2.apple_names import AppleNames
from tenfold.auth.oauth2.authenticate import OAuth2SignIn
from tenfold.auth.oauth2.client import OAuth2Client
from tenfold.auth.oauth2.fetching import Fetcher
from tenfold.auth.oauth2.offer import list_providers, offers

__all__ = ["AppleNames", "Fetcher", "OAuth2Client", "OAuth2SignIn", "list_providers", "offers"]
