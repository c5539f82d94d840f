"""The `tenfold` command."""

from tenfold.cli.program import main

__all__ = ["main"]
