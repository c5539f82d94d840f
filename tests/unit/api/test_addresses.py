"""The client's address, with and without trusted proxies."""

import pytest

from tenfold.api.addresses import TrustedProxy, client_address, peer_address


@pytest.mark.parametrize(
    ("client", "address"),
    [
        ("1.2.3.4:567", "1.2.3.4"),
        ("[::1]:567", "0000:0000:0000:0000:0000:0000:0000:0001"),
        ("[::ffff:1.2.3.4]:5", "1.2.3.4"),
        ("", ""),
    ],
)
def test_peers(client: str, address: str) -> None:
    assert peer_address(client) == address


@pytest.mark.parametrize(
    ("proxy", "headers", "address"),
    [
        (TrustedProxy(), [("x-forwarded-for", "1.1.1.1")], "9.9.9.9"),
        (TrustedProxy(["X-Forwarded-For"]), [("x-forwarded-for", "1.1.1.1, 2.2.2.2")], "2.2.2.2"),
        (
            TrustedProxy(["x-forwarded-for"], True),
            [("x-forwarded-for", "1.1.1.1, 2.2.2.2")],
            "1.1.1.1",
        ),
        (TrustedProxy(["x-forwarded-for"]), [("x-forwarded-for", "1.1.1.1, junk")], "1.1.1.1"),
        (TrustedProxy(["x-forwarded-for"]), [("x-forwarded-for", "junk")], "9.9.9.9"),
        (TrustedProxy(["a", "b"]), [("b", "1.1.1.1"), ("a", "junk")], "1.1.1.1"),
        (TrustedProxy(["a"]), [("a", "1.1.1.1"), ("a", "2.2.2.2")], "2.2.2.2"),
    ],
)
def test_proxies(proxy: TrustedProxy, headers: list[tuple[str, str]], address: str) -> None:
    assert client_address(proxy, lambda: headers, "9.9.9.9") == address
