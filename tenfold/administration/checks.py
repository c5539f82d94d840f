"""What makes stored settings unacceptable; codes and messages are those PocketBase sends."""

from __future__ import annotations

import re
from collections.abc import Callable

from tenfold.administration import formats
from tenfold.administration.crons import BadCron, check_cron
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
)
from tenfold.errors import FieldError, FieldErrors
from tenfold.schema.values.faults import BAD_SHAPE, REQUIRED
from tenfold.schema.values.formats import is_email

NOT_A_URL = FieldError("validation_is_url", "Must be a valid URL.")
NOT_AN_EMAIL = FieldError("validation_is_email", "Must be a valid email address.")
NOT_A_HOST = FieldError("validation_is_host", "Must be a valid IP address or DNS name.")
NOT_A_COLOR = FieldError("validation_is_hex_color", "Must be a valid hexadecimal color code.")
NOT_A_CHOICE = FieldError("validation_in_invalid", "Must be a valid value.")
# The misspelling is PocketBase's and therefore part of the API.
NOT_AN_IP = FieldError("validation_invlaid_ip_or_subnet", "Invalid IP or CIDR subnet.")

_LABEL = re.compile(r"\w+ /[\w/-]*|/[\w/-]*|\w+:\w+|\*:\w+|\w+", re.ASCII)
_AUDIENCES = frozenset({"", "@guest", "@auth"})
_AUTH_METHODS = frozenset({"", "PLAIN", "LOGIN"})
_NAME_LENGTH = 255
_COLOR_LENGTH = 7

Problem = FieldError | FieldErrors | None


def check(settings: StoredSettings) -> FieldErrors:
    """Everything wrong with the settings, by wire name; empty when nothing is."""
    return found(
        superuserIPs=_ips(settings.superuser_ips),
        smtp=_smtp(settings.smtp),
        backups=_backups(settings.backups),
        s3=_s3(settings.s3),
        meta=_meta(settings.meta),
        rateLimits=_rate_limits(settings.rate_limits),
        batch=_batch(settings.batch),
        logs=_logs(settings.logs),
    )


def found(**problems: Problem) -> FieldErrors:
    """The problems that there are."""
    return {key: problem for key, problem in problems.items() if problem}


def required(value: object) -> FieldError | None:
    return None if value else REQUIRED


def at_least(value: int, threshold: int) -> FieldError | None:
    """Zero counts as absent, and is for `required` to judge."""
    if value == 0 or value >= threshold:
        return None
    return FieldError(
        "validation_min_greater_equal_than_required",
        f"Must be no less than {threshold}.",
        {"threshold": threshold},
    )


def at_most(value: int, threshold: int) -> FieldError | None:
    if value <= threshold:
        return None
    return FieldError(
        "validation_max_less_equal_than_required",
        f"Must be no greater than {threshold}.",
        {"threshold": threshold},
    )


def length(text: str, low: int, high: int) -> FieldError | None:
    """Bytes count, as they do in PocketBase; "" is for `required` to judge."""
    if not text or low <= len(text.encode()) <= high:
        return None
    params = {"max": high, "min": low}
    if low == high:
        return FieldError("validation_length_invalid", f"The length must be exactly {low}.", params)
    message = f"The length must be between {low} and {high}."
    return FieldError("validation_length_out_of_range", message, params)


def format_of(text: str, is_valid: Callable[[str], bool], problem: FieldError) -> FieldError | None:
    return problem if text and not is_valid(text) else None


def one_of(text: str, choices: frozenset[str]) -> FieldError | None:
    return None if text in choices else NOT_A_CHOICE


def _url(text: str) -> FieldError | None:
    return format_of(text, formats.is_absolute_url, NOT_A_URL)


def _host(text: str) -> FieldError | None:
    return format_of(text, formats.is_host, NOT_A_HOST)


def _meta(meta: Meta) -> FieldErrors:
    return found(
        accentColor=length(meta.accent_color, _COLOR_LENGTH, _COLOR_LENGTH)
        or format_of(meta.accent_color, formats.is_hex_color, NOT_A_COLOR),
        appName=required(meta.app_name) or length(meta.app_name, 1, _NAME_LENGTH),
        appURL=required(meta.app_url) or _url(meta.app_url),
        senderName=required(meta.sender_name) or length(meta.sender_name, 1, _NAME_LENGTH),
        senderAddress=required(meta.sender_address)
        or format_of(meta.sender_address, is_email, NOT_AN_EMAIL),
    )


def _smtp(smtp: SMTP) -> FieldErrors:
    return found(
        host=(smtp.enabled and required(smtp.host)) or _host(smtp.host),
        port=(smtp.enabled and required(smtp.port)) or at_least(smtp.port, 0),
        authMethod=one_of(smtp.auth_method, _AUTH_METHODS),
        localName=_host(smtp.local_name),
    )


def _s3(s3: S3) -> FieldErrors:
    endpoint = _url(s3.endpoint)
    if not s3.enabled:
        return found(endpoint=endpoint)
    return found(
        endpoint=required(s3.endpoint) or endpoint,
        bucket=required(s3.bucket),
        region=required(s3.region),
        accessKey=required(s3.access_key),
        secret=required(s3.secret),
    )


def _backups(backups: Backups) -> FieldErrors:
    return found(
        cron=_cron(backups.cron),
        cronMaxKeep=(backups.cron and required(backups.cron_max_keep))
        or at_least(backups.cron_max_keep, 1),
        s3=_s3(backups.s3),
    )


def _cron(expression: str) -> FieldError | None:
    try:
        if expression:
            check_cron(expression)
    except BadCron as bad:
        return FieldError("validation_invalid_cron", str(bad))
    return None


def _batch(batch: Batch) -> FieldErrors:
    return found(
        maxRequests=(batch.enabled and required(batch.max_requests))
        or at_least(batch.max_requests, 0),
        timeout=(batch.enabled and required(batch.timeout)) or at_least(batch.timeout, 0),
        maxBodySize=at_least(batch.max_body_size, 0),
    )


def _logs(logs: Logs) -> FieldErrors:
    return found(maxDays=at_least(logs.max_days, 0), maxDataSize=at_least(logs.max_data_size, 0))


def _ips(ips: tuple[str, ...]) -> FieldErrors:
    return {
        str(i): NOT_AN_IP if ip else REQUIRED
        for i, ip in enumerate(ips)
        if not formats.is_ip_or_subnet(ip)
    }


def _rate_limits(limits: RateLimits) -> FieldErrors:
    wrong = {str(i): bad for i, rule in enumerate(limits.rules) if (bad := _rule(rule))}
    rules = (limits.enabled and required(limits.rules)) or wrong or _conflict(limits.rules)
    return found(rules=rules or None, excludedIPs=_ips(limits.excluded_ips))


def _rule(rule: RateLimitRule) -> FieldErrors:
    return found(
        label=required(rule.label) or (None if _LABEL.fullmatch(rule.label) else BAD_SHAPE),
        audience=one_of(rule.audience, _AUDIENCES),
        duration=required(rule.duration) or at_least(rule.duration, 1),
        maxRequests=required(rule.max_requests) or at_least(rule.max_requests, 1),
    )


def _conflict(rules: tuple[RateLimitRule, ...]) -> FieldErrors:
    """The first rule whose label is taken already, for everyone or for the same audience."""
    taken: dict[str, set[str]] = {}
    for i, rule in enumerate(rules):
        audiences = taken.setdefault(rule.label, set())
        if audiences and (not rule.audience or "" in audiences or rule.audience in audiences):
            message = (
                f"Rate limit rule configuration with label {rule.label} already exists"
                " or conflicts with another rule."
            )
            code = "validation_conflicting_rate_limit_rule"
            return {str(i): {"label": FieldError(code, message, {"label": rule.label})}}
        audiences.add(rule.audience)
    return {}
