"""The URL of the setting `store`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenfold.store.mariadb_location import MariadbLocation


def test_a_url_says_all() -> None:
    url = "mysql://me:p%40ss@db.internal:3307/app?ca=/etc/ca.crt&connections=20"
    found = MariadbLocation.parse(url)
    assert (found.user, found.password, found.host, found.port) == (
        "me",
        "p@ss",
        "db.internal",
        3307,
    )
    assert (found.database, found.ca, found.connections) == ("app", "/etc/ca.crt", 20)
    assert "p@ss" not in repr(found) + found.shown


@pytest.mark.parametrize(
    ("where", "is_tls"),
    [
        ("127.0.0.1/app", False),
        ("127.0.1.2/app", False),
        ("localhost/app?socket=/run/m.sock", False),
        ("127.0.0.1/app?tls=on", True),
        ("127.0.0.1/app?ca=/ca.crt", True),
        ("db.example.com/app", True),
        ("10.0.0.5/app?tls=off", False),
    ],
)
def test_what_leaves_the_machine_is_encrypted(where: str, is_tls: bool) -> None:
    assert MariadbLocation.parse(f"mysql://me@{where}").is_tls is is_tls


def test_the_password_may_lie_in_a_private_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from a file\n")
    secret.chmod(0o600)
    url = f"mysql://me@127.0.0.1/app?password_file={secret}"
    assert MariadbLocation.parse(url, "from the settings").password == "from a file"
    assert MariadbLocation.parse("mysql://me@127.0.0.1/app", "set").password == "set"
    secret.chmod(0o644)
    with pytest.raises(ValueError, match="mode 600"):
        MariadbLocation.parse(url)


@pytest.mark.parametrize(
    "url",
    [
        "mysql://127.0.0.1/app",
        "mysql://me@127.0.0.1",
        "mysql://me@127.0.0.1:port/app",
        "postgres://me@127.0.0.1/app",
        "mysql://me:secret-1@h/app?unknown=1",
        "mysql://me:secret-1@h/app?connections=0",
        "mysql://me:secret-1@h/app?tls=maybe",
        "mysql://me@h/app?password_file=/nowhere/at/all",
    ],
)
def test_a_bad_url_is_refused_and_its_password_not_shown(url: str) -> None:
    with pytest.raises(ValueError) as caught:
        MariadbLocation.parse(url)
    assert "secret-1" not in str(caught.value)
