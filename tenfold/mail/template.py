"""Fill a mail template's {PLACEHOLDERS}: values go in as text, never as HTML or as headers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

from tenfold.schema.auth_options import MailTemplate

_PLACEHOLDER = re.compile(r"\{([A-Z_]{1,40}(?::[A-Za-z0-9_]{1,100})?)\}")
_BREAKS = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+")
_MAX_SUBJECT = 500

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<style>
body {{ margin: 0; padding: 24px; background: #ffffff; color: #1c1d21;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; }}
p {{ margin: 0 0 12px; }}
a {{ color: inherit; }}
hr {{ border: 0; border-top: 1px solid #dfe2e8; margin: 16px 0; }}
.hidden {{ display: none !important; }}
.btn {{ display: inline-block; padding: 10px 22px; border-radius: 6px; font-weight: 600;
  background: #1c1d21 !important; color: #ffffff !important; text-decoration: none !important; }}
</style>
</head>
<body>
{content}
</body>
</html>
"""


def render(template: MailTemplate, values: Mapping[str, str]) -> tuple[str, str]:
    """The subject, and the body as a whole HTML page.

    `values` maps a placeholder, without its braces, to plain text. Unknown placeholders stay
    as they are; what is filled in is not looked at again.
    """
    subject = _PLACEHOLDER.sub(lambda m: values.get(m[1], m[0]), template.subject)
    body = _PLACEHOLDER.sub(lambda m: _escaped(values, m), template.body)
    return one_line(subject)[:_MAX_SUBJECT], _PAGE.format(content=body)


def one_line(text: str) -> str:
    """A text without control characters and line breaks, fit for a header."""
    return _BREAKS.sub(" ", text).strip()


def _escaped(values: Mapping[str, str], match: re.Match[str]) -> str:
    value = values.get(match[1])
    return match[0] if value is None else escape(value)
