"""The dashboard at /_/: plain files that talk to the API like any client; no build step."""

from pathlib import Path

FOLDER = Path(__file__).parent / "static"
"""What is served at /_/."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

HEADERS = (
    ("content-security-policy", _POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-cache"),
)
"""Sent with each of the files."""
