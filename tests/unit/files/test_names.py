"""Stored names: the expected ones were given by PocketBase 0.40.6 for the same uploads."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.blobs import check_key
from tenfold.files.names import random_text, stored_name

RANDOM = "-RANDOM-"

EXPECTED = [
    ("Test File.txt", "test_file_-RANDOM-.txt"),
    ("ünïcödé ナメ.txt", "n_c_d_-RANDOM-.txt"),
    ("noext", "noext_-RANDOM-.det"),
    ("a.tar.gz", "a-RANDOM-_-RANDOM-.tar.gz"),
    ("../../etc/passwd", "passwd_-RANDOM-.det"),
    ("..\\..\\x.txt", "-RANDOM-_-RANDOM-.x.txt"),
    ("a" * 300 + ".txt", "a" * 100 + "_-RANDOM-.txt"),
    ("a." + "b" * 40, "a-RANDOM-_-RANDOM-." + "b" * 20),
    (".htaccess", "-RANDOM-_-RANDOM-.htaccess"),
    ("x.", "x-RANDOM-_-RANDOM-.det"),
    ("file.PNG", "file_-RANDOM-.PNG"),
    ("my file (1).JPeG", "my_file_1_-RANDOM-.JPeG"),
    ("a b-c_d.e.f.txt", "a_b_c_d_e_-RANDOM-.f.txt"),
    ("%2e%2e%2f.txt", "2e_2e_2f_-RANDOM-.txt"),
    ("<script>.html", "script_-RANDOM-.html"),
    ("x;y.txt", "x_y_-RANDOM-.txt"),
    ("a/b.txt", "b-RANDOM-_-RANDOM-.txt"),
    ("...", "-RANDOM-_-RANDOM-.det"),
    ("_", "-RANDOM-_-RANDOM-.det"),
    ("a__b--c.txt", "a_b_c_-RANDOM-.txt"),
    ("日本語.txt", "-RANDOM-_-RANDOM-.txt"),
    ("x.t xt", "x-RANDOM-_-RANDOM-.txt"),
    ("x.ünï", "x-RANDOM-_-RANDOM-.n"),
    ("a.tar.tar.gz.txt", "a_tar_tar_-RANDOM-.gz.txt"),
    ("CamelCaseHTTPServer.txt", "camel_case_httpserver_-RANDOM-.txt"),
    ("1A2B3c4D.txt", "1_a2_b3c4_d_-RANDOM-.txt"),
    ("__lead__.txt", "lead_-RANDOM-.txt"),
    ("a." + "c" * 15 + "." + "d" * 15, "a-RANDOM-_-RANDOM-.cccc." + "d" * 15),
    ("a.bcd." + "x" * 19, "a-RANDOM-_-RANDOM-." + "x" * 19),
    ("a.bcd." + "x" * 18, "a-RANDOM-_-RANDOM-.d." + "x" * 18),
    ("abc.a!b@c#d$e%f^g&h*i(j)k-l+m=n[o]p{q}r|s~t`u.xyz", "abc_-RANDOM-.ijk-l+m=nopqrstu.xyz"),
    ("abc.!#$%&()*+,-;=@[]^_{}~.t", "abc_-RANDOM-.#*+-=_.t"),
    ("abc..txt", "abc_-RANDOM-.txt"),
    ("abc.txt..", "abc_txt_-RANDOM-.det"),
    ("fooBar_Baz.txt", "foo_bar_baz_-RANDOM-.txt"),
    ("FbA9B.txt", "fb_a9_b_-RANDOM-.txt"),
    ("É.É", "-RANDOM-_-RANDOM-.det"),
    ("a\tb.txt", "a_b_-RANDOM-.txt"),
]


@pytest.mark.parametrize(("original", "expected"), EXPECTED)
def test_names_are_those_of_pocketbase(original: str, expected: str) -> None:
    assert stored_name(original, ".det", lambda: RANDOM) == expected


@given(st.text(max_size=400), st.sampled_from(["", ".png"]))
def test_any_name_becomes_a_harmless_one(original: str, extension: str) -> None:
    name = stored_name(original, extension)
    assert re.fullmatch(r"[a-z0-9_]{3,110}_[a-z0-9]{10}(\.[\w.*\-+=#]{1,20})?", name, re.ASCII)
    assert check_key(f"collection/record/{name}")
    assert len(name) <= 132


def test_random_texts_differ() -> None:
    assert len({random_text() for _ in range(1000)}) == 1000
