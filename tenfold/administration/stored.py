"""The stored settings: what a superuser may change while the service runs.

Immutable; attribute names are ours, the camelCased names are PocketBase's.
"""

from __future__ import annotations

import msgspec


class Group(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Parent of all groups of settings: immutable, camelCased on the wire."""


class SMTP(Group, frozen=True, kw_only=True):
    """The mail server; `auth_method` is "" or PLAIN (the same) or LOGIN."""

    enabled: bool = False
    port: int = 587
    host: str = "smtp.example.com"
    username: str = ""
    password: str = ""
    auth_method: str = ""
    tls: bool = False
    local_name: str = ""


class S3(Group, frozen=True, kw_only=True):
    """An S3 bucket and how to reach it."""

    enabled: bool = False
    bucket: str = ""
    region: str = ""
    endpoint: str = ""
    access_key: str = ""
    secret: str = ""
    force_path_style: bool = False


class Backups(Group, frozen=True, kw_only=True):
    """When to back up by itself ("" is never), how many such backups stay, and where."""

    cron: str = ""
    cron_max_keep: int = 3
    s3: S3 = S3()


class Meta(Group, frozen=True, kw_only=True):
    """What the application is called, where it lives and who its mails come from."""

    accent_color: str = "#1055c9"
    app_name: str = "Acme"
    app_url: str = msgspec.field(default="http://localhost:8090", name="appURL")
    sender_name: str = "Support"
    sender_address: str = "support@example.com"
    hide_controls: bool = False


class RateLimitRule(Group, frozen=True, kw_only=True):
    """At most `max_requests` per `duration` seconds from one client for what `label` names."""

    label: str = ""
    audience: str = ""
    duration: int = 0
    max_requests: int = 0


class RateLimits(Group, frozen=True, kw_only=True):
    """The rate limits; `excluded_ips` (addresses, CIDR ranges) are never limited."""

    rules: tuple[RateLimitRule, ...] = (
        RateLimitRule(label="*:auth", duration=3, max_requests=2),
        RateLimitRule(label="*:create", duration=5, max_requests=20),
        RateLimitRule(label="/api/batch", duration=1, max_requests=3),
        RateLimitRule(label="/api/", duration=10, max_requests=300),
    )
    excluded_ips: tuple[str, ...] = msgspec.field(default=(), name="excludedIPs")
    enabled: bool = False


class TrustedProxy(Group, frozen=True, kw_only=True):
    """Headers of a proxy that name the client's address."""

    headers: tuple[str, ...] = ()
    use_leftmost_ip: bool = msgspec.field(default=False, name="useLeftmostIP")


class Batch(Group, frozen=True, kw_only=True):
    """Whether requests may be batched, how many, for how many seconds and bytes (0: 128 MiB)."""

    enabled: bool = False
    max_requests: int = 50
    timeout: int = 3
    max_body_size: int = 0


class Logs(Group, frozen=True, kw_only=True):
    """What the request log keeps: days, bytes of data a row (0: no limit), from which level."""

    max_data_size: int = 0
    max_days: int = 5
    min_level: int = 0
    log_ip: bool = msgspec.field(default=True, name="logIP")
    log_auth_id: bool = False


class StoredSettings(Group, frozen=True, kw_only=True):
    """All of them."""

    superuser_ips: tuple[str, ...] = msgspec.field(default=(), name="superuserIPs")
    smtp: SMTP = SMTP()
    backups: Backups = Backups()
    s3: S3 = S3()
    meta: Meta = Meta()
    rate_limits: RateLimits = RateLimits()
    trusted_proxy: TrustedProxy = TrustedProxy()
    batch: Batch = Batch()
    logs: Logs = Logs()


SECRET_KEYS = frozenset({"password", "secret"})
"""Wire names that are written but never shown."""


def to_public(settings: StoredSettings) -> dict[str, object]:
    """The settings as the API shows them: everything but the secrets."""
    return _without_secrets(msgspec.to_builtins(settings))


def _without_secrets(tree: dict[str, object]) -> dict[str, object]:
    return {
        key: _without_secrets(value) if isinstance(value, dict) else value  # pyright: ignore[reportUnknownArgumentType]
        for key, value in tree.items()
        if key not in SECRET_KEYS
    }
