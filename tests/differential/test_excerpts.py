"""Records: plain text out of HTML (`fields=x:excerpt(n)`)."""

from __future__ import annotations

import pytest

from tests.differential.pair import Ask, Pair
from tests.differential.seed import record_id

TAGS = (
    "a abbr acronym address applet article aside audio b base bdi bdo big blockquote br button"
    " canvas center cite code data dd del details dfn dialog div dl dt em embed fieldset figure"
    " font footer form h1 h6 header hr i iframe img input ins kbd label legend li link main map"
    " mark menu meter nav noscript object ol optgroup option p param picture pre q rp rt ruby s"
    " samp script section select slot small source span strike strong style sub summary sup svg"
    " template textarea time title tt u ul unknown var video wbr"
).split()
TEXTS = [
    "he<b>ll</b>o",
    "<ul><li>a</li><li>b</li></ul>",
    "a<table><tr><td>x</td><td>y</td></tr></table>b",
    "<p> a </p>\n <p> b </p>",
    "a < b > c &amp;amp; &notit; &#x41; &lt",
    "a&nbsp;b\u2003c\u200bd",
    "<a title='x>y' b=\">\">b",
    'a<b c="',
    "<p",
    "a</x>b</ >c<!doctype x>d<?php x>e<!-- f -->g<!-- h",
    "<svg><svg>x</svg>y</svg>z<BUTTON>x</BUTTON>y",
    "<script>a<b</script >c<style><!-- </style>x -->",
    "<select><option>a</option></select>b<scriptx>c",
    "漢字" * 10,
    "word1 word2 word3",
    "<" * 200,
    "<a" * 200 + ">",
]


@pytest.mark.parametrize("start", range(0, len(TAGS), 10))
def test_tags(pair: Pair, start: int) -> None:
    for tag in TAGS[start : start + 10]:
        _excerpts(pair, f"x<{tag}>y</{tag}>z", "100")


@pytest.mark.parametrize("text", TEXTS)
def test_texts(pair: Pair, text: str) -> None:
    _excerpts(pair, text, "100", "5", "5,true", "1,true", "7 , true", "6,1", "6,yes", "2,")


def _excerpts(pair: Pair, text: str, *limits: str) -> None:
    path = f"/api/collections/everything/records/{record_id('full')}"
    pair.send(Ask("PATCH", path, json={"text": text}, who="root"))
    pair.all_same(Ask("GET", path, {"fields": f"text:excerpt({limit})"}) for limit in limits)
