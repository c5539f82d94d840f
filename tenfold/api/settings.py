"""/api/settings: show and change the stored settings, test mail and S3, Apple's client secret."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from tenfold.administration import S3, SettingsRoom, to_public
from tenfold.administration.apple import AppleKey, client_secret
from tenfold.administration.checks import NOT_A_CHOICE, NOT_AN_EMAIL, found, required
from tenfold.administration.merge import WrongShape, merge
from tenfold.administration.stored import Group
from tenfold.api.http import Request, Response, Route
from tenfold.api.responses import no_content, shaped_json
from tenfold.errors import NOT_LOADED, BadRequest, FieldError, TenfoldError
from tenfold.schema.collection import SUPERUSERS, Catalog, Collection
from tenfold.schema.values.faults import REQUIRED
from tenfold.schema.values.formats import is_email

TEMPLATES = frozenset({"verification", "password-reset", "email-change", "otp", "login-alert"})
FILESYSTEMS = frozenset({"storage", "backups"})

NOT_AUTH = FieldError(
    "validation_invalid_auth_collection", "Must be a valid auth collection id or name."
)


G = TypeVar("G", bound=Group)


class S3Test(Group, frozen=True, kw_only=True):
    """Which of the two buckets to try."""

    filesystem: str = ""


class MailTest(Group, frozen=True, kw_only=True):
    """Which mail to send where; no collection means the superusers'."""

    email: str = ""
    template: str = ""
    collection: str = ""


@dataclass(frozen=True, slots=True)
class Probes:
    """What the tests of mail and S3 need from other rooms; both raise when something fails."""

    catalog: Callable[[], Catalog]
    send_mail: Callable[[str, str, Collection], Awaitable[None]]
    """(address, template, collection)"""
    probe_s3: Callable[[S3], Awaitable[None]]


def routes(room: SettingsRoom, probes: Probes) -> list[Route]:
    """The routes of the settings family."""

    async def show(request: Request) -> Response:
        return shaped_json(request, to_public(room.current()))

    async def change(request: Request) -> Response:
        return shaped_json(request, to_public(await room.patch(await _body(request))))

    async def test_mail(request: Request) -> Response:
        test = await _read(request, MailTest())
        await _send(test, _check_mail_test(test, probes.catalog()), probes)
        return no_content()

    async def test_s3(request: Request) -> Response:
        await _probe(await _read(request, S3Test()), room, probes)
        return no_content()

    async def apple(request: Request) -> Response:
        made = client_secret(await _read(request, AppleKey()))
        return shaped_json(request, {"secret": made})

    return [
        Route("GET", "/api/settings", show, superuser_only=True),
        Route("PATCH", "/api/settings", change, superuser_only=True),
        Route("POST", "/api/settings/test/email", test_mail, superuser_only=True),
        Route("POST", "/api/settings/test/s3", test_s3, superuser_only=True),
        Route("POST", "/api/settings/apple/generate-client-secret", apple, superuser_only=True),
    ]


async def _body(request: Request) -> dict[str, Any]:
    try:
        return await request.json()
    except BadRequest:
        raise BadRequest(NOT_LOADED) from None


async def _read(request: Request, blank: G) -> G:
    try:
        return merge(blank, await _body(request))
    except WrongShape:
        raise BadRequest(NOT_LOADED) from None


def _check_mail_test(test: MailTest, catalog: Catalog) -> Collection:
    collection = catalog.find(test.collection or SUPERUSERS)
    is_auth = collection is not None and collection.type == "auth"
    problems = found(
        email=required(test.email) or (None if is_email(test.email) else NOT_AN_EMAIL),
        template=required(test.template) or (None if test.template in TEMPLATES else NOT_A_CHOICE),
        collection=None if is_auth else NOT_AUTH,
    )
    if problems or collection is None:
        raise BadRequest("Failed to send the test email.", problems)
    return collection


async def _send(test: MailTest, collection: Collection, probes: Probes) -> None:
    try:
        await probes.send_mail(test.email, test.template, collection)
    except (TenfoldError, OSError) as error:
        raise BadRequest(f"Failed to send the test email. Raw error: \n{_told(error)}") from error


async def _probe(test: S3Test, room: SettingsRoom, probes: Probes) -> None:
    failed = "Failed to test the S3 filesystem."
    if test.filesystem not in FILESYSTEMS:
        raise BadRequest(failed, {"filesystem": NOT_A_CHOICE if test.filesystem else REQUIRED})
    current = room.current()
    s3 = current.s3 if test.filesystem == "storage" else current.backups.s3
    if not s3.enabled:
        raise BadRequest(f"{failed} Raw error: \nS3 storage filesystem is not enabled.")
    try:
        await probes.probe_s3(s3)
    except (TenfoldError, OSError) as error:
        raise BadRequest(f"{failed} Raw error: \n{_told(error)}") from error


def _told(error: Exception) -> str:
    return (str(error) or type(error).__name__).rstrip(".") + "."
