"""How the commands speak: results on stdout, everything else on stderr."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from tenfold.errors import FieldError, FieldErrors, OperatorError, RequestError, TenfoldError

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

FAILED = 1
MISUSED = 2
INTERRUPTED = 130


def tell_error(error: TenfoldError) -> None:
    """Print what went wrong, and what to try."""
    message = str(error)
    if isinstance(error, RequestError) and error.errors:
        message = "\n".join(_lines(error.errors))
    err.print(f"[bold red]error:[/] {escape(message)}")
    if isinstance(error, OperatorError) and error.hint:
        err.print(f"[bold]hint:[/]  {escape(error.hint)}")


def _lines(errors: FieldErrors, prefix: str = "") -> list[str]:
    lines: list[str] = []
    for key, problem in errors.items():
        if isinstance(problem, FieldError):
            lines.append(f"{prefix}{key}: {problem.message}")
        else:
            lines += _lines(problem, f"{prefix}{key}.")
    return lines
