"""Which place for files the settings name: stored ones win, then the boot setting, then disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenfold.adapters import check_places, files_in
from tenfold.administration import S3
from tenfold.blobs.disk import DiskBlobs
from tenfold.blobs.s3 import S3Blobs
from tenfold.settings import Settings, SettingsError, load

URL = "s3://me:hidden@127.0.0.1:8333/at-boot"
STORED = S3(enabled=True, bucket="stored", endpoint="https://127.0.0.1:1", access_key="me")


def place(blobs: str, stored: S3) -> object:
    found = files_in(stored, Settings(dir=Path("/nowhere"), blobs=blobs))
    return found.bucket if isinstance(found, S3Blobs) else type(found)


def test_who_wins() -> None:
    assert place("", S3()) is DiskBlobs
    assert place(URL, S3()) == "at-boot"
    assert place(URL, STORED) == place("", STORED) == "stored"


def test_a_bad_url_is_told_of_before_the_start(tmp_path: Path) -> None:
    for url in (URL + "/too/deep", URL + "?colour=blue", URL + "?ca=/nowhere"):
        settings = load({"dir": tmp_path / "data"}, {"TENFOLD_BLOBS": url})
        assert "hidden" not in repr(settings)
        with pytest.raises(SettingsError) as caught:
            check_places(settings)
        assert "hidden" not in str(caught.value)
    with pytest.raises(SettingsError) as caught:
        load({"dir": tmp_path / "data"}, {"TENFOLD_BLOBS": "https://me:hidden@host/pages"})
    assert "hidden" not in str(caught.value)
