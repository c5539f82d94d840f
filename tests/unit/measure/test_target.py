"""Only this machine is loaded unless it is said otherwise; what isn't an address is refused."""

from __future__ import annotations

import pytest

from tenfold.errors import OperatorError
from tenfold.measure.target import Credentials, find_address, find_target
from tests.measure.servers import StubServer, answer_rightly

WHO = Credentials("a@example.com", "password")


@pytest.mark.parametrize("url", ["http://192.0.2.1:80", "http://10.0.0.1", "[2001:db8::1]:80"])
def test_other_machines_only_when_allowed(url: str) -> None:
    with pytest.raises(OperatorError, match="not this machine") as caught:
        find_address(url, may_be_remote=False)
    assert "--allow-remote" in caught.value.hint
    assert find_address(url, may_be_remote=True).port == 80


@pytest.mark.parametrize(
    "url",
    [
        *["", "http://", "ftp://127.0.0.1", "http://127.0.0.1:0x", "http://127.0.0.1:99999"],
        *["http://127.0.0.1/app", "http://127.0.0.1?x", "http://a:b@127.0.0.1", "http://[::1"],
        *["http://no such host", "http://\x00"],
    ],
)
def test_no_address(url: str) -> None:
    with pytest.raises(OperatorError):
        find_address(url, may_be_remote=True)


def test_addresses() -> None:
    address = find_address("127.0.0.1:8090/", may_be_remote=False)
    assert (address.url, address.authority) == ("http://127.0.0.1:8090", "127.0.0.1:8090")
    address = find_address("https://[::1]", may_be_remote=False)
    assert (address.url, address.is_tls) == ("https://[::1]:443", True)


def test_servers_of_another_kind() -> None:
    with StubServer(answer_rightly) as server:
        url = server.site().address.url
        with pytest.raises(OperatorError, match="does not speak"):
            find_target(url, WHO, may_be_remote=False)
    with pytest.raises(OperatorError, match="nothing answers"):
        find_target(url, WHO, may_be_remote=False)
