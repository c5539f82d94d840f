"""OAuth2 and one-time passwords: both servers ask the same local provider and mail sink.

The collections are set up once in PocketBase and taken over by Tenfold's import.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.differential.pair import Ask, Both, Pair, Tally
from tests.differential.seed import field
from tests.targets import PocketBase, Tenfold
from tests.unit.auth import oauth2_shapes as shapes
from tests.unit.auth.oidc_provider import Provider, Seen, running
from tests.unit.mail.smtp_server import Inbox, in_thread

ISSUER = "http://issuer.example"
LOOSE = ("meta.expiry",)
Row = dict[str, Any]


def collection(name: str, providers: list[Row], **options: Any) -> Row:
    """An auth collection that signs people in by OAuth2."""
    mapped = {"name": "name", "username": "nick", "avatarURL": "avatar", "id": "known_as"}
    return {
        "name": name,
        "type": "auth",
        "createRule": "",
        "viewRule": "",
        "fields": [
            field("text", "name", max=60),
            field("text", "nick", pattern="^[a-z]+$"),
            field("text", "known_as"),
            field("file", "avatar", maxSelect=1),
        ],
        "oauth2": {"enabled": True, "providers": providers, "mappedFields": mapped},
        "passwordAuth": {"enabled": True, "identityFields": ["email"]},
        "authAlert": {"enabled": False},
        **options,
    }


def provider(name: str, url: str, **options: Any) -> Row:
    return {
        "name": name,
        "clientId": "the client",
        "clientSecret": "s e+c/ret",
        "authURL": f"{url}/authorize",
        "tokenURL": f"{url}/token",
        "userInfoURL": f"{url}/userinfo",
        **options,
    }


def collections(url: str) -> list[Row]:
    every = [provider(name, url) for name in shapes.ANSWERS if name not in ("apple", "gitee")]
    plain = [provider("oidc", url), provider("oidc2", url, pkce=False, displayName="Second")]
    by_token = {"userInfoURL": ""}
    keyed = {"jwksURL": f"{url}/jwks", "issuers": [ISSUER]}
    otp = {
        "enabled": True,
        "duration": 180,
        "length": 8,
        "emailTemplate": {
            "subject": "Code",
            "body": "<p>id={OTP_ID} code={OTP} for {APP_NAME}</p>",
        },
    }
    return [
        collection("all", every),
        collection("plain", plain),
        collection("closed", plain, createRule=None),
        collection(
            "asked", plain, createRule='@request.context = "oauth2" && @request.body.name = "N"'
        ),
        collection("unasked", plain, createRule='@request.context != "oauth2"'),
        collection("barred", plain, authRule='name != "N"'),
        collection("twostep", plain, mfa={"enabled": True, "duration": 300}, otp=otp),
        collection("unkeyed", [provider("oidc", url, **by_token)]),
        collection("keyed", [provider("oidc", url, **by_token, extra=keyed)]),
        collection("mailed", plain, otp=otp),
        collection("mailbarred", plain, otp=otp, authRule="verified = false"),
        collection("off", plain, oauth2={"enabled": False, "providers": plain}),
    ]


@pytest.fixture(scope="module")
def idp() -> Iterator[Provider]:
    with running() as provider:
        yield provider


@pytest.fixture(scope="module")
def mails() -> Iterator[Inbox]:
    with in_thread() as received:
        yield received


@pytest.fixture(scope="module")
def servers(
    idp: Provider, mails: Inbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("oauth2")
    theirs = PocketBase(folder / "pocketbase")
    with theirs:
        client = httpx.Client(
            base_url=theirs.url, headers={"Authorization": theirs.token}, timeout=30
        )
        settings = {
            "smtp": {"enabled": True, "host": "127.0.0.1", "port": mails.port},
            "meta": {"senderAddress": "app@example.com"},
        }
        client.patch("/api/settings", json=settings).raise_for_status()
        for row in collections(idp.url):
            answer = client.post("/api/collections", json=row)
            assert answer.is_success, answer.text
        client.close()
    ours = Tenfold(folder / "tenfold" / "data")
    command = [ours.program(), "import", str(theirs.dir), "--dir", str(ours.dir)]
    ours.run(command)
    with ExitStack() as stack:
        for server in (theirs, ours):
            server.start()
            stack.callback(server.stop)
        pair = Pair(theirs, ours, Tally())
        stack.callback(pair.close)
        yield pair


@pytest.fixture
def pair(servers: Pair, idp: Provider) -> Pair:
    """The servers, and a provider that answers well."""
    for said in (idp.token, idp.statuses, idp.redirects, idp.bodies, idp.user):
        said.clear()
    idp.emails = shapes.LISTED_EMAILS
    return servers


def sign_in(into: str, who: str | None = None, query: str = "", **body: Any) -> Ask:
    sent = {"provider": "oidc", "code": "c", "codeVerifier": "v", "redirectURL": "http://x/y"}
    path = f"/api/collections/{into}/auth-with-oauth2"
    headers = {"Authorization": f"<{who}>"} if who and who != "root" else {}
    return Ask(
        "POST",
        path,
        query=query,
        json=sent | body,
        headers=headers,
        who="root" if who == "root" else None,
    )


def be(idp: Provider, sub: str, email: str = "", **claims: Any) -> None:
    """Let the provider speak of someone whose address it vouches for."""
    said = {"sub": sub, "name": "N", "email": email or f"{sub}@x.example", "email_verified": True}
    idp.user.clear()
    idp.user.update(said | claims)


def links(pair: Pair, into: str) -> Both:
    query = {"filter": f'collectionRef = "<{into}>"', "sort": "provider,providerId"}
    return pair.same(
        Ask("GET", "/api/collections/_externalAuths/records", query=query, who="root"),
        loose=("items.*.id",),
    )


# --- what is offered --------------------------------------------------------------------


def test_auth_methods(pair: Pair) -> None:
    for into in ("all", "plain", "off", "mailed", "twostep"):
        both = pair.send(Ask("GET", f"/api/collections/{into}/auth-methods"))
        theirs, ours = (_without_chance(answer.value) for answer in (both.theirs, both.ours))
        assert ours == theirs


def _without_chance(value: Row) -> Row:
    """Methods without random values and logos; what is random has its length."""
    for offered in value["oauth2"]["providers"] + value["authProviders"]:
        offered["logo"] = ""
        for key in ("authURL", "authUrl"):
            for name in ("state", "codeChallenge"):
                if offered[name]:
                    offered[key] = offered[key].replace(offered[name], name)
        for name in ("state", "codeChallenge", "codeVerifier"):
            offered[name] = len(offered[name])
    return value


def test_list_of_providers(pair: Pair) -> None:
    path = "/api/collections/meta/oauth2-providers"
    pair.same(Ask("GET", path, query={"fields": "name,displayName"}, who="root"))
    pair.same(Ask("GET", path))


# --- the form ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {"provider": ""},
        {"provider": "x"},
        {"provider": "google"},
        {"provider": 1},
        {"code": ""},
        {"code": None, "provider": None},
        {"createData": 5},
        {"createData": "{}"},
        {"createData": []},
        {"codeVerifier": 1},
        {"redirectURL": []},
    ],
)
def test_bad_forms(pair: Pair, body: Row) -> None:
    pair.same(sign_in("plain", **body))


@pytest.mark.parametrize("into", ["off", "_superusers", "_otps", "nothing"])
def test_other_collections(pair: Pair, into: str) -> None:
    pair.same(sign_in(into))


@pytest.mark.parametrize(
    "body",
    [
        {"redirectURL": ""},
        {"redirectUrl": "http://a/b"},
        {"codeVerifier": ""},
        {"createData": None},
    ],
)
def test_lenient_forms(pair: Pair, idp: Provider, body: Row) -> None:
    be(idp, "lenient")
    pair.same(sign_in("plain", **body), loose=LOOSE)


def test_what_the_provider_hears(pair: Pair, idp: Provider) -> None:
    be(idp, "hears")
    for name in ("oidc", "oidc2"):
        heard: list[list[Seen]] = []
        for side in pair.sides:  # one after the other, so that it is clear who said what
            idp.seen.clear()
            side.send(sign_in("plain", provider=name, code="a b&c", codeVerifier="v/+"))
            heard.append(list(idp.seen))
        theirs, ours = heard
        assert [(s.path, s.form) for s in ours] == [(s.path, s.form) for s in theirs]
        sent = [[s.headers.get("authorization") for s in seen] for seen in (theirs, ours)]
        assert sent[0] == sent[1]


# --- every provider ---------------------------------------------------------------------

ANSWERED = [name for name in shapes.ANSWERS if name not in ("apple", "gitee", "planningcenter")]


@pytest.mark.parametrize("name", ANSWERED)
@pytest.mark.parametrize("vouches", [True, False])
def test_users_of_providers(pair: Pair, idp: Provider, name: str, vouches: bool) -> None:
    answer = shapes.ANSWERS[name]
    idp.user.update(answer if vouches else shapes.without_yes(answer))
    idp.token.update(shapes.TOKEN_EXTRA.get(name, {}))
    idp.emails = shapes.EMAILS.get(name, shapes.LISTED_EMAILS)
    data = {"email": f"{name}@x.example"}
    pair.same(sign_in("all", provider=name, createData=data), loose=(*LOOSE, "meta.isNew"))


# --- who signs in -----------------------------------------------------------------------


def test_new_then_known(pair: Pair, idp: Provider) -> None:
    be(idp, "new", preferred_username="nick")
    pair.bind("plain", pair.same(sign_in("plain"), loose=LOOSE), "record.collectionId")
    pair.same(sign_in("plain"), loose=LOOSE)
    be(idp, "new", "other@x.example")
    pair.same(sign_in("plain"), loose=LOOSE)
    links(pair, "plain")


def test_second_user_of_one_address(pair: Pair, idp: Provider) -> None:
    be(idp, "first", "same@x.example")
    pair.bind("first", pair.same(sign_in("plain"), loose=LOOSE), "token")
    be(idp, "second", "same@x.example")
    pair.same(sign_in("plain"))
    pair.same(sign_in("plain", "first"))
    pair.same(sign_in("plain", "first", provider="oidc2"), loose=LOOSE)


def test_signed_in_as_someone_else(pair: Pair, idp: Provider) -> None:
    be(idp, "one")
    pair.same(sign_in("plain"), loose=LOOSE)
    be(idp, "two")
    pair.bind("two", pair.same(sign_in("plain"), loose=LOOSE), "token")
    be(idp, "one")
    pair.same(sign_in("plain", "two"), loose=LOOSE)
    pair.same(sign_in("plain", "root"), loose=LOOSE)


def register(pair: Pair, into: str, email: str, *, verified: bool = False) -> None:
    """An account with a password, `<id>`, and its token, `<token>`."""
    sent = {"email": email, "password": "12345678", "passwordConfirm": "12345678"}
    path = f"/api/collections/{into}/records"
    made = pair.same(Ask("POST", path, json=sent | {"verified": verified}, who="root"))
    pair.bind("id", made, "id")
    pair.bind("collection", made, "collectionId")
    both = pair.send(with_password(into, email))
    if both.ours.status == 200:
        pair.bind("token", both, "token")


def with_password(into: str, email: str, **more: Any) -> Ask:
    sent = {"identity": email, "password": "12345678"}
    return Ask("POST", f"/api/collections/{into}/auth-with-password", json=sent | more)


def what_is_left(pair: Pair, into: str, email: str) -> None:
    """The account, its links, and whether old password and token still open it."""
    pair.same(Ask("GET", f"/api/collections/{into}/records/<id>", who="root"))
    query = {"filter": 'recordRef = "<id>"', "sort": "provider"}
    pair.same(
        Ask("GET", "/api/collections/_externalAuths/records", query=query, who="root"),
        loose=("items.*.id",),
    )
    pair.same(with_password(into, email))
    path = f"/api/collections/{into}/auth-refresh"
    pair.same(Ask("POST", path, headers={"Authorization": "<token>"}))


def link(pair: Pair, provider: str, provider_id: str) -> None:
    sent = {
        "collectionRef": "<collection>",
        "recordRef": "<id>",
        "provider": provider,
        "providerId": provider_id,
    }
    pair.same(Ask("POST", "/api/collections/_externalAuths/records", json=sent, who="root"))


def test_unverified_account_is_reclaimed(pair: Pair, idp: Provider) -> None:
    register(pair, "plain", "squat@x.example")
    link(pair, "oidc2", "squatter")
    be(idp, "owner", "squat@x.example")
    pair.same(sign_in("plain"), loose=LOOSE)
    what_is_left(pair, "plain", "squat@x.example")


def test_verified_account_is_linked(pair: Pair, idp: Provider) -> None:
    register(pair, "plain", "good@x.example", verified=True)
    link(pair, "oidc2", "also good")
    be(idp, "good", "good@x.example")
    pair.same(sign_in("plain"), loose=LOOSE)
    what_is_left(pair, "plain", "good@x.example")


@pytest.mark.parametrize("address", ["own@x.example", "else@x.example"])
def test_own_unverified_account_is_linked(pair: Pair, idp: Provider, address: str) -> None:
    register(pair, "plain", f"own{address[:3]}@x.example")
    be(idp, f"own {address}", address.replace("own", "ownown"))
    pair.same(sign_in("plain", "token"), loose=LOOSE)
    what_is_left(pair, "plain", f"own{address[:3]}@x.example")


def test_linked_unverified_account_is_reclaimed(pair: Pair, idp: Provider) -> None:
    register(pair, "plain", "late@x.example")
    link(pair, "oidc", "late")
    link(pair, "oidc2", "other")
    be(idp, "late", "elsewhere@x.example")
    pair.same(sign_in("plain"), loose=LOOSE)
    what_is_left(pair, "plain", "late@x.example")
    be(idp, "late", "late@x.example")
    pair.same(sign_in("plain"), loose=LOOSE)


# --- rules and data of new accounts -----------------------------------------------------


@pytest.mark.parametrize("into", ["closed", "asked", "unasked", "barred"])
def test_rules(pair: Pair, idp: Provider, into: str) -> None:
    be(idp, "ruled")
    pair.same(sign_in(into), loose=LOOSE)
    pair.same(sign_in(into, "root"), loose=LOOSE)
    query = {"fields": "email,verified,name"}
    pair.same(Ask("GET", f"/api/collections/{into}/records", query=query, who="root"))


@pytest.mark.parametrize(
    "data",
    [
        {"email": "bad"},
        {"password": "12345678"},
        {"password": "12345678", "passwordConfirm": "12345678"},
        {"password": "123", "passwordConfirm": "123"},
        {"verified": True},
        {"email": "cd@x.example"},
        {"id": "abc"},
        {"tokenKey": "x" * 40},
        {"name": "mine", "nick": "NO"},
        {"name": ""},
        {"emailVisibility": True, "nothing": 1},
        {"avatar": "made_up.png"},
    ],
)
def test_create_data(pair: Pair, idp: Provider, data: Row) -> None:
    be(idp, f"data {sorted(data.items())}", f"data{abs(hash(str(data)))}@x.example")
    pair.same(sign_in("plain", createData=data), loose=LOOSE)


def test_mapped_fields_that_do_not_fit(pair: Pair, idp: Provider) -> None:
    be(idp, "unfit", preferred_username="N O")
    pair.same(sign_in("plain"), loose=LOOSE)


def test_avatar_at_a_private_address_is_not_fetched(pair: Pair, idp: Provider) -> None:
    be(idp, "pictured", picture=f"{idp.url}/avatar.png")
    pair.same(sign_in("plain"), loose=LOOSE)
    assert "/avatar.png" not in [seen.path for seen in idp.seen]


def test_chosen_fields(pair: Pair, idp: Provider) -> None:
    be(idp, "fields")
    pair.same(sign_in("plain", query="fields=token,record.email,meta.id,meta.isNew"))


# --- providers that misbehave -----------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        "<html>",
        "{}",
        "[]",
        "null",
        '{"error":"invalid_grant"}',
        '{"access_token":5}',
        '{"access_token":"a","expires_in":"x"}',
        '{"access_token":"a","expires_in":"60"}',
        '{"access_token":"a","expires_in":-5}',
        '{"access_token":"a"}',
        '{"access_token":"a","expires_in":99999999999}',
        '{"access_token":"a","refresh_token":"r","token_type":"MAC"}',
        "access_token=a",
        "",
    ],
)
def test_token_answers(pair: Pair, idp: Provider, body: str) -> None:
    be(idp, "tokens")
    idp.bodies["/token"] = body.encode()
    pair.same(sign_in("plain"), loose=(*LOOSE, "meta.isNew"))


@pytest.mark.parametrize("path", ["/token", "/userinfo"])
@pytest.mark.parametrize("status", [201, 204, 400, 401, 403, 500, 503])
def test_statuses(pair: Pair, idp: Provider, path: str, status: int) -> None:
    be(idp, "statuses")
    idp.statuses[path] = status
    pair.same(sign_in("plain"), loose=(*LOOSE, "meta.isNew"))


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": ""},
        {"sub": None},
        {"sub": {"a": 1}},
        {"name": 5},
        {"email": ["a"]},
        {"email_verified": "true"},
        {"email_verified": "1"},
        {"email_verified": 1},
        {"email_verified": "yes"},
        {"email_verified": None},
        {"email_verified": "false"},
        {"email_verified": ["yes"]},
    ],
)
def test_user_answers(pair: Pair, idp: Provider, claims: Row) -> None:
    be(idp, f"claims {claims}", f"claims{abs(hash(str(claims)))}@x.example")
    idp.user.update(claims)
    pair.same(sign_in("plain"), loose=LOOSE)


@pytest.mark.parametrize("body", ["[]", "null", '"x"', "<html>", "[" * 5000])
def test_user_is_no_object(pair: Pair, idp: Provider, body: str) -> None:
    idp.bodies["/userinfo"] = body.encode()
    both = pair.send(sign_in("plain"))
    assert (both.theirs.status, both.ours.status) == (400, 400)


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_status_of_emails(pair: Pair, idp: Provider, status: int) -> None:
    idp.user.update({"id": 77, "login": "L"})
    idp.statuses["/userinfo/emails"] = status
    if status == 500:
        idp.bodies["/userinfo/emails"] = b"oops"
    data = {"email": "unlisted@x.example"}
    ask = sign_in("all", provider="github", createData=data)
    pair.same(ask, loose=(*LOOSE, "meta.isNew"))


# --- id tokens --------------------------------------------------------------------------

NOW = int(time.time())
CLAIMS: Row = {
    "iss": ISSUER,
    "aud": "the client",
    "exp": NOW + 3600,
    "iat": NOW,
    "name": "N",
    "email_verified": True,
}


@pytest.mark.parametrize("into", ["unkeyed", "keyed"])
@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"iss": "zzz"},
        {"aud": "zzz"},
        {"aud": ["the client", "b"]},
        {"aud": None},
        {"exp": NOW - 1000},
        {"exp": "soon"},
        {"iat": NOW + 10_000},
        {"nbf": NOW + 10_000},
        {"iat": NOW - 100_000},
        {"email_verified": None},
    ],
)
def test_claims(pair: Pair, idp: Provider, into: str, claims: Row) -> None:
    person = f"{into}{abs(hash(str(claims)))}"
    said = CLAIMS | {"sub": person, "email": f"{person}@x.example"} | claims
    idp.token["id_token"] = idp.id_token({k: v for k, v in said.items() if v is not None})
    pair.same(sign_in(into), loose=LOOSE)


@pytest.mark.parametrize("into", ["unkeyed", "keyed"])
@pytest.mark.parametrize("fault", ["other key", "unknown key", "no key id", "junk", "absent"])
def test_signatures(pair: Pair, idp: Provider, into: str, fault: str) -> None:
    person = f"{into}-{fault.replace(' ', '-')}"
    said = CLAIMS | {"sub": person, "email": f"{person}@x.example"}
    other = RSAKey.generate_key(2048, {"kid": "k1"})
    tokens = {
        "other key": lambda: jwt.encode({"alg": "RS256", "kid": "k1"}, said, other),
        "unknown key": lambda: jwt.encode({"alg": "RS256", "kid": "k9"}, said, idp.key),
        "no key id": lambda: jwt.encode({"alg": "RS256"}, said, idp.key),
        "junk": lambda: "a.b.c",
    }
    if fault in tokens:
        idp.token["id_token"] = tokens[fault]()
    pair.same(sign_in(into), loose=LOOSE)


# --- the redirect page ------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    ["", "state=x", "state=x&code=c", "state=x&error=denied", "code=1", "state=" + "x" * 300],
)
def test_redirect_nobody_waits_for(pair: Pair, query: str) -> None:
    for method in ("GET", "POST"):
        pair.same(Ask(method, "/api/oauth2-redirect", query=query), headers=("location",))
    form = dict(part.split("=") for part in query.split("&") if part)
    pair.same(Ask("POST", "/api/oauth2-redirect", form=form), headers=("location",))


# --- one-time passwords -----------------------------------------------------------------


def ask_otp(pair: Pair, mails: Inbox, into: str, email: str) -> None:
    """Have one sent by both: `<otp>` and `<code>`."""
    path = f"/api/collections/{into}/request-otp"
    pair.bind("otp", pair.same(Ask("POST", path, json={"email": email})), "otpId")
    for side in pair.sides:
        side.names["code"] = mailed_code(mails, side.names["otp"])


def mailed_code(mails: Inbox, otp_id: str) -> str:
    for _ in range(200):
        for mail in mails.mails:
            body = mail.get_body(("plain",))
            found = re.search(rf"id={otp_id} code=(\d+)", str(body and body.get_content()))
            if found:
                return found[1]
        time.sleep(0.02)
    raise AssertionError(f"no mail with {otp_id}")


def with_otp(into: str, **body: Any) -> Ask:
    sent = {"otpId": "<otp>", "password": "<code>"}
    return Ask("POST", f"/api/collections/{into}/auth-with-otp", json=sent | body)


@pytest.mark.parametrize(
    "body",
    [{}, {"email": "bad"}, {"email": 5}, {"email": None}, {"email": "x" * 300 + "@x.example"}],
)
def test_otp_requests(pair: Pair, body: Row) -> None:
    for into in ("mailed", "plain", "_otps", "nothing"):
        pair.same(Ask("POST", f"/api/collections/{into}/request-otp", json=body))


def test_otp_for_nobody(pair: Pair) -> None:
    path = "/api/collections/mailed/request-otp"
    pair.same(Ask("POST", path, json={"email": "nobody@x.example"}))


@pytest.mark.parametrize(
    "body",
    [
        {"otpId": "", "password": ""},
        {"otpId": "x", "password": "y"},
        {"otpId": 5},
        {"otpId": "x", "password": 5},
        {"otpId": "x", "password": "y" * 72},
        {"otpId": "x" * 256, "password": "y"},
    ],
)
def test_otp_forms(pair: Pair, body: Row) -> None:
    for into in ("mailed", "plain", "_superusers"):
        pair.same(with_otp(into, **{"otpId": "x", "password": "y"} | body))


def test_otp_verifies_and_reclaims(pair: Pair, mails: Inbox) -> None:
    register(pair, "mailed", "mail@x.example")
    link(pair, "oidc2", "mail squatter")
    ask_otp(pair, mails, "mailed", "mail@x.example")
    rows = Ask("GET", "/api/collections/_otps/records", query={"sort": "-created"}, who="root")
    pair.same(rows)
    pair.same(with_otp("mailed", password="wrong"))
    pair.same(with_otp("plain"))
    pair.same(with_otp("mailed"))
    pair.same(with_otp("mailed"))
    pair.same(rows)
    what_is_left(pair, "mailed", "mail@x.example")


def test_otp_of_a_verified_account(pair: Pair, mails: Inbox) -> None:
    register(pair, "mailed", "sure@x.example", verified=True)
    ask_otp(pair, mails, "mailed", "sure@x.example")
    pair.same(with_otp("mailed"))
    what_is_left(pair, "mailed", "sure@x.example")


def test_otp_attempts(pair: Pair, mails: Inbox) -> None:
    register(pair, "mailed", "tries@x.example")
    ask_otp(pair, mails, "mailed", "tries@x.example")
    for _ in range(6):
        pair.same(with_otp("mailed", password="wrong"))
    ask_otp(pair, mails, "mailed", "tries@x.example")
    pair.same(with_otp("mailed"))


def test_otp_after_a_change_of_address(pair: Pair, mails: Inbox) -> None:
    register(pair, "mailed", "moves@x.example")
    ask_otp(pair, mails, "mailed", "moves@x.example")
    path = "/api/collections/mailed/records/<id>"
    pair.same(Ask("PATCH", path, json={"email": "moved@x.example"}, who="root"))
    pair.same(with_otp("mailed"))


@pytest.mark.parametrize("sent_to", ["", "own@x.example", "OWN2@x.example"])
def test_otp_made_by_hand(pair: Pair, sent_to: str) -> None:
    email = f"hand{len(sent_to)}@x.example"
    register(pair, "mailed", email)
    sent = {
        "collectionRef": "<collection>",
        "recordRef": "<id>",
        "password": "let me in",
        "sentTo": sent_to,
    }
    made = pair.same(Ask("POST", "/api/collections/_otps/records", json=sent, who="root"))
    pair.bind("otp", made, "id")
    pair.same(with_otp("mailed", password="let me in"))
    what_is_left(pair, "mailed", email)


def test_otp_and_auth_rule(pair: Pair, mails: Inbox) -> None:
    register(pair, "mailbarred", "barred@x.example")
    ask_otp(pair, mails, "mailbarred", "barred@x.example")
    pair.same(with_otp("mailbarred"))
    pair.same(Ask("GET", "/api/collections/mailbarred/records/<id>", who="root"))


# --- two steps --------------------------------------------------------------------------


def test_two_steps(pair: Pair, idp: Provider, mails: Inbox) -> None:
    be(idp, "steps")
    pair.bind("mfa", pair.same(sign_in("twostep")), "mfaId")
    pair.same(sign_in("twostep", mfaId="<mfa>"))
    pair.same(sign_in("twostep", mfaId="nothing"))
    ask_otp(pair, mails, "twostep", "steps@x.example")
    pair.same(with_otp("twostep", mfaId="<mfa>"))
    pair.same(with_otp("twostep", mfaId="<mfa>"))


def test_password_then_mail_keeps_the_password(pair: Pair, mails: Inbox) -> None:
    register(pair, "twostep", "steady@x.example")
    pair.bind("mfa", pair.same(with_password("twostep", "steady@x.example")), "mfaId")
    ask_otp(pair, mails, "twostep", "steady@x.example")
    pair.same(with_otp("twostep", mfaId="<mfa>"))
    pair.same(with_password("twostep", "steady@x.example"))
