"""Stored settings, request log, rate limits, superuser addresses, SQL console."""

from tenfold.administration.rate_limits import Asked, HitCounter, RateLimiter
from tenfold.administration.request_log import RequestLog
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
from tenfold.administration.superuser_gate import SuperuserGate
from tenfold.administration.superusers import Superusers

__all__ = [
    "S3",
    "SMTP",
    "Asked",
    "Backups",
    "Batch",
    "HitCounter",
    "Logs",
    "Meta",
    "RateLimitRule",
    "RateLimiter",
    "RateLimits",
    "RequestLog",
    "SettingsRoom",
    "StoredSettings",
    "SuperuserGate",
    "Superusers",
    "TrustedProxy",
    "to_public",
]
