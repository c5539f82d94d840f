"""The dashboard in a real browser: install, sign in, collections, records, links of mails."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.targets import EMAIL, PASSWORD, Tenfold
from tests.ui.chromium import Chromium, program


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenfold]:
    """A service that has no superuser yet."""
    server = Tenfold(tmp_path_factory.mktemp("dashboard") / "data")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    if program() is None:
        pytest.skip("CHROMIUM IS MISSING: the dashboard is not tested")
    with Chromium(tmp_path_factory.mktemp("profile")) as chromium:
        yield chromium
        assert not chromium.complaints


def _get(server: Tenfold, path: str) -> httpx.Response:
    return httpx.get(server.url + path, headers={"Authorization": server.token})


def _sign_in(browser: Chromium) -> None:
    browser.type("input[name=identity]", EMAIL)
    browser.type("input[name=password]", PASSWORD)
    browser.click("button", "Sign in")
    browser.wait_for_text("New collection")


def test_first_hour(fresh: Tenfold, browser: Chromium) -> None:
    """From the printed link to records in a new collection, and back in after signing out."""
    printed = re.search(r"(http\S+)(/_/#/pbinstal/\S+)", fresh.log_text())
    assert printed
    browser.open(fresh.url + printed[2])
    _install(browser)
    _make_collection(browser)
    _make_record(browser)
    browser.click("button", "Sign out")
    _sign_in(browser)
    browser.click("aside a", "notes")
    browser.wait_for_text("Hello from the browser, again")
    browser.type("input[type=search].grow", "nothing like it")
    browser.wait_for_text("Nothing matches.")
    answer = _get(fresh, "/api/collections/_superusers/records")
    assert [r["email"] for r in answer.json()["items"]] == [EMAIL]


def _install(browser: Chromium) -> None:
    browser.wait_for_text("Create your first superuser")
    browser.type("input[name=email]", EMAIL)
    browser.type("input[name=password]", PASSWORD)
    browser.type("input[name=passwordConfirm]", PASSWORD)
    browser.click("button", "Create superuser")
    browser.wait_for_text("New collection")


def _make_collection(browser: Chromium) -> None:
    browser.click("aside a", "New collection")
    browser.wait_for_text("Add field")
    browser.type("input[name=name]", "notes")
    browser.click("button", "Add field")
    browser.type(".fieldrow:last-child input[name=fieldName]", "title")
    browser.click("button", "Create")
    browser.wait_for_text("There are no records yet.")


def _make_record(browser: Chromium) -> None:
    browser.click("button", "New record")
    browser.type("dialog input[name=title]", "Hello from the browser")
    browser.click("dialog button", "Create")
    browser.wait_for_text("1 in all")
    browser.click("tbody tr", "Hello from the browser")
    browser.type("dialog input[name=title]", "Hello from the browser, again")
    browser.click("dialog button", "Save")
    browser.wait_for_text("Hello from the browser, again")


@pytest.mark.parametrize(
    ("section", "text"),
    [
        ("logs", "errors only"),
        ("sql", "Past queries|Run"),
        ("backups", "There are no backups yet."),
        ("crons", "Run now"),
        ("settings", "Application URL"),
        ("schema/users", "Auth options"),
    ],
)
def test_sections(fresh: Tenfold, browser: Chromium, section: str, text: str) -> None:
    browser.open(f"{fresh.url}/_/#/{section}")
    browser.wait(f"/{text}/.test(document.body?.innerText)", text)


def test_settings_are_saved(fresh: Tenfold, browser: Chromium) -> None:
    browser.open(f"{fresh.url}/_/#/settings")
    browser.type("input[name='meta.appName']", "Named in the browser")
    browser.click("details[open] button", "Save")
    browser.wait_for_text("Saved.")
    answer = _get(fresh, "/api/settings")
    assert answer.json()["meta"]["appName"] == "Named in the browser"


@pytest.mark.parametrize(
    ("link", "text"),
    [
        ("confirm-password-reset/e30.e30.x", "Set a new password"),
        ("confirm-email-change/e30.e30.x", "Confirm your new e-mail address"),
        ("oauth2-redirect-failure", "Sign-in failed"),
    ],
)
def test_pages_of_links(fresh: Tenfold, browser: Chromium, link: str, text: str) -> None:
    browser.open(f"{fresh.url}/_/#/auth/{link}")
    browser.wait_for_text(text)


def test_only_own_files(fresh: Tenfold) -> None:
    """The pages may load nothing from elsewhere, and nothing beside them is served."""
    page = httpx.get(f"{fresh.url}/_", follow_redirects=True)
    assert page.url.path == "/_/"
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    for path in ("/_/../app.py", "/_/%2e%2e/__init__.py", "/_/none.js"):
        assert httpx.get(fresh.url + path, follow_redirects=True).status_code == 404
