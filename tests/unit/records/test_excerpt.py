"""Plain text out of HTML, soon, whatever it is."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.records.excerpt import MAX_READ_CHARS, plain_text

PIECES = st.sampled_from(
    (
        "< > </ <b <p> </p> <script> </script> <!-- --> \" ' a <svg> </svg> &lt; &#x <br/> \0 é <!x"
        " <? = /"
    ).split(" ")
)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=80))
def test_any_text(text: str) -> None:
    shown = plain_text(text)
    assert "\0" not in shown
    assert shown == shown.strip(" ")
    assert len(shown) <= len(text)


HUGE = MAX_READ_CHARS


@pytest.mark.parametrize(
    "piece",
    ["<", "<a", "<a ", "<a '", "<p>", "</p>", "<!--", "<svg>", "<script>", "&", "&lt", '<a=">'],
)
def test_hostile_text_takes_little_time(piece: str) -> None:
    before = time.process_time()
    plain_text(piece * (HUGE // len(piece)) + ">")
    assert time.process_time() - before < 2
