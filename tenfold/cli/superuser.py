"""`tenfold superuser`: the people who may do everything."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

from cyclopts import App, Parameter
from rich.markup import escape

from tenfold.administration import SettingsRoom, Superusers
from tenfold.cli.console import out
from tenfold.cli.options import Config, Dir, check_there, load_settings, open_store

T = TypeVar("T")

program = App(
    name="superuser",
    help="""Make, change and remove superusers.

It works on the data folder itself, whether or not the service is running.

    tenfold superuser upsert you@example.com 'a long password'
    tenfold superuser otp you@example.com
    tenfold superuser ips 10.0.0.0/8 127.0.0.1
""",
)

Email = Annotated[str, Parameter(help="The superuser's e-mail address.")]
Password = Annotated[str, Parameter(help="The password, 8 characters or more.")]


@program.command
def upsert(email: Email, password: Password, /, *, dir: Dir = None, config: Config = None) -> None:
    """Create a superuser, or change the password of one.

    For example: tenfold superuser upsert you@example.com 'a long password'
    """
    _run(dir, config, lambda superusers: superusers.upsert(email, password))
    out.print(f"Saved superuser {escape(email)}.")


@program.command
def create(email: Email, password: Password, /, *, dir: Dir = None, config: Config = None) -> None:
    """Create a superuser; fails when the address is taken."""
    _run(dir, config, lambda superusers: superusers.create(email, password))
    out.print(f"Created superuser {escape(email)}.")


@program.command
def update(email: Email, password: Password, /, *, dir: Dir = None, config: Config = None) -> None:
    """Change a superuser's password; whoever is signed in with the old one is signed out."""
    _run(dir, config, lambda superusers: superusers.update(email, password), is_new=False)
    out.print(f"Changed the password of {escape(email)}.")


@program.command
def delete(email: Email, /, *, dir: Dir = None, config: Config = None) -> None:
    """Remove a superuser; the last one stays."""
    _run(dir, config, lambda superusers: superusers.delete(email), is_new=False)
    out.print(f"Deleted superuser {escape(email)}.")


@program.command
def otp(email: Email, /, *, dir: Dir = None, config: Config = None) -> None:
    """Print a one-time password, for when the password or the second factor is lost.

    One-time passwords must be enabled in the _superusers collection.
    """
    made = _run(dir, config, lambda superusers: superusers.one_time_password(email), is_new=False)
    out.print(f"One-time password of {escape(email)}, good for {made.lives_s} seconds:")
    out.print(f"  id:       {made.id}\n  password: {made.password}")


@program.command
def ips(
    *addresses: Annotated[str, Parameter(help="Addresses or CIDR ranges.")],
    dir: Dir = None,
    config: Config = None,
) -> None:
    """Let superusers come from these addresses only; none lifts the restriction.

    It helps when a wrong list has locked everyone out. Example: tenfold superuser ips 10.0.0.0/8
    """
    settings = load_settings(dir, config)
    check_there(settings)

    async def work() -> None:
        async with open_store(settings) as store:
            room = SettingsRoom(store, settings.encryption_key)
            await room.open()
            await room.patch({"superuserIPs": list(addresses)})

    asyncio.run(work())
    out.print(f"Superusers may come from: {', '.join(addresses) or 'everywhere'}.")


def _run(
    dir: Path | None,
    config: Path | None,
    work: Callable[[Superusers], Awaitable[T]],
    *,
    is_new: bool = True,
) -> T:
    """Run work on the superusers; `is_new` may make the data folder first."""
    settings = load_settings(dir, config)
    if not is_new:
        check_there(settings)

    async def opened() -> T:
        async with open_store(settings) as store:
            return await work(Superusers(store))

    return asyncio.run(opened())
