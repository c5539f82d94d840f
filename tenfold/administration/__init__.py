"""Stored settings, request log, rate limits, superuser addresses, SQL console."""

from tenfold.administration.settings_room import SettingsRoom
from tenfold.administration.stored import (
    S3,
    SMTP,
    Backups,
    Batch,
    Logs,
    Meta,
    RateLimitRule,
    RateLimits,
    StoredSettings,
    TrustedProxy,
    to_public,
)

__all__ = [
    "S3",
    "SMTP",
    "Backups",
    "Batch",
    "Logs",
    "Meta",
    "RateLimitRule",
    "RateLimits",
    "SettingsRoom",
    "StoredSettings",
    "TrustedProxy",
    "to_public",
]
