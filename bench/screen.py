"""Where all parts of the benchmark print."""

from __future__ import annotations

import sys

from rich.console import Console

console = Console(width=None if sys.stdout.isatty() else 132)
"""As wide as the terminal; elsewhere wide enough for the tables."""
