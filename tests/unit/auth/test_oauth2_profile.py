"""Reading users out of providers' answers."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.auth.oauth2.known import PROVIDERS, find_provider
from tenfold.auth.oauth2.profile import OAuth2User, Profile, ProviderFailed, is_true
from tenfold.schema.validate_auth import OAUTH2_PROVIDERS
from tests.unit.auth.oauth2_shapes import ANSWERS, EMAIL, USERS, without_yes

TOLD_ELSEWHERE = {"github", "gitea", "bitbucket", "vk"}
"""Their addresses are not in this answer."""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def profile(name: str) -> Profile:
    provider = find_provider(name)
    assert provider is not None
    return provider.profile


def test_every_provider_a_collection_may_name_is_known() -> None:
    assert {provider.name for provider in PROVIDERS} == OAUTH2_PROVIDERS == set(USERS)
    assert len(PROVIDERS) == len(OAUTH2_PROVIDERS)


def test_all_addresses_are_safe_ones() -> None:
    for provider in PROVIDERS:
        for url in (provider.auth_url, provider.token_url, provider.user_url, provider.keys_url):
            assert not url or url.startswith("https://"), provider.name


@pytest.mark.parametrize("name", USERS)
def test_users(name: str) -> None:
    identity, full_name, username, email, avatar = USERS[name]
    user = profile(name).read(ANSWERS[name])
    shown = username if name != "mailcow" else "l@x.example"
    address = "" if name in TOLD_ELSEWHERE else email
    assert user == OAuth2User(identity, full_name, shown, address, avatar, ANSWERS[name])


@pytest.mark.parametrize("name", USERS)
def test_no_address_without_proof(name: str) -> None:
    """Where a provider says whether an address is confirmed, its word is heard."""
    answer = without_yes(ANSWERS[name])
    if answer == ANSWERS[name]:
        return
    try:
        assert profile(name).read(answer).email == ""
    except ProviderFailed as failure:
        assert "not in use" in str(failure)


@pytest.mark.parametrize("value", [True, "true", "TRUE", "1", "t", 1, 2.5, "2020-01-01T00:00:00Z"])
def test_yes(value: Any) -> None:
    assert is_true(value)


@pytest.mark.parametrize("value", [False, None, "", "false", "yes", 0, [], ["true"], {"a": 1}])
def test_no(value: Any) -> None:
    assert not is_true(value)


@pytest.mark.parametrize("name", ["name", "preferred_username", "picture", "sub", "email"])
@pytest.mark.parametrize("value", [5.5, True, ["a"], {"a": 1}, "x" * 5000])
def test_texts_must_be_texts(name: str, value: Any) -> None:
    with pytest.raises(ProviderFailed):
        profile("oidc").read(ANSWERS["oidc"] | {name: value})


@pytest.mark.parametrize("missing", [0, "", None])
def test_nobody_in_particular(missing: Any) -> None:
    """Id 0 would be one account for everyone whose id got lost."""
    assert profile("github").read({"id": missing}).id == ""


@given(JSON)
def test_any_answer_is_read_or_refused(answer: Any) -> None:
    for provider in PROVIDERS:
        mutant = copy.deepcopy(ANSWERS[provider.name])
        mutant[next(iter(mutant))] = answer
        try:
            assert isinstance(provider.profile.read(mutant).id, str)
        except ProviderFailed:
            continue
    assert EMAIL
