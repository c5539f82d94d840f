"""The URL of the setting `blobs`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenfold.blobs.s3_location import S3Location


def test_a_url_in_full(tmp_path: Path) -> None:
    ca = tmp_path / "ca.crt"
    ca.write_text("x")
    url = f"s3://me:a%2Fb%3Fc@127.0.0.1:8333/pages?region=eu-west-1&ca={ca}&encrypt=AES256"
    assert S3Location.parse(url) == S3Location(
        bucket="pages",
        region="eu-west-1",
        endpoint="https://127.0.0.1:8333",
        access_key="me",
        secret="a/b?c",
        force_path_style=True,
        ca=str(ca),
        encryption="AES256",
    )


def test_style_and_tls() -> None:
    location = S3Location.parse("s3://me:x@s3.example.com/pages?style=host&tls=off")
    assert location.url == "http://pages.s3.example.com"
    assert S3Location.parse("s3://me:x@s3.example.com/pages").url == "https://s3.example.com"


def test_a_secret_in_a_file_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("from-a-file\n")
    path.chmod(0o600)
    assert S3Location.parse(f"s3://me@h/pages?secret_file={path}").secret == "from-a-file"
    path.chmod(0o640)
    with pytest.raises(ValueError, match="mode 600"):
        S3Location.parse(f"s3://me@h/pages?secret_file={path}")


@pytest.mark.parametrize(
    "url",
    [
        "http://me:hidden@h/pages",
        "s3://h/pages?secret=hidden",
        "s3://me:hidden@h",
        "s3://me:hidden@h/pages/more",
        "s3://me:hidden@h:99999/pages",
        "s3://me@h/pages",
        "s3://me:hidden@h/pages?ca=/nowhere",
        "s3://me:hidden@h/pages?encrypt=rot13",
        "s3://me:hidden@h/pages?tls=maybe",
        "s3://me:hidden@h/pages?colour=blue",
        "s3://me@h/pages?secret_file=/nowhere",
    ],
)
def test_bad_urls_are_named_without_their_secret(url: str) -> None:
    with pytest.raises(ValueError) as caught:
        S3Location.parse(url)
    assert "hidden" not in str(caught.value)
    assert str(caught.value).startswith("a URL")
