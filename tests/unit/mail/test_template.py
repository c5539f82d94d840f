from hypothesis import given
from hypothesis import strategies as st

from tenfold.mail import render
from tenfold.mail.plain_text import plain_text
from tenfold.schema.auth_options import MailTemplate

TEMPLATE = MailTemplate("For {RECORD:name} of {APP_NAME}", "<p>{RECORD:name}, {NOPE} {TOKEN}</p>")


def test_values_are_text_in_html_and_subject() -> None:
    subject, page = render(TEMPLATE, {"RECORD:name": "<b>&\r\nBcc: x", "APP_NAME": "A<B>"})
    assert subject == "For <b>& Bcc: x of A<B>"
    assert "<p>&lt;b&gt;&amp;\r\nBcc: x, {NOPE} {TOKEN}</p>" in page


def test_filled_in_text_is_not_filled_in_again() -> None:
    _, page = render(TEMPLATE, {"RECORD:name": "{TOKEN}", "TOKEN": "secret"})
    assert "<p>{TOKEN}, {NOPE} secret</p>" in page


@given(st.text())
def test_any_value_is_safe(value: str) -> None:
    subject, page = render(TEMPLATE, {"RECORD:name": value, "APP_NAME": "x"})
    assert not set(subject) & set("\r\n\x00")
    inside = page.partition("<p>")[2].partition("</p>")[0]
    assert "<" not in inside and ">" not in inside


@given(st.text())
def test_text_alternative_never_fails(html: str) -> None:
    plain_text(html)


def test_text_alternative_keeps_links_and_lists() -> None:
    html = "<style>p {}</style><p>One<br/>two</p><ul><li>a</li><li>b</li></ul><a href='x'>y</a>"
    assert plain_text(html) == "One\ntwo\n\n- a\n- b\n\n[y](x)"
