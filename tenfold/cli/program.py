"""The `tenfold` command: finds the verb, runs it, turns errors into messages and exit codes."""

from __future__ import annotations

import importlib.metadata
import os
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError
from rich.markup import escape

from tenfold.cli.console import FAILED, INTERRUPTED, MISUSED, err, tell_error
from tenfold.errors import TenfoldError
from tenfold.settings import SettingsError

HELP = """The backend that starts as one file and grows tenfold, and tenfold again.

It speaks PocketBase's HTTP API: your apps and the official SDKs work unchanged.

First steps:

    tenfold serve                                start on 127.0.0.1:8090
    tenfold superuser upsert you@example.com PW  make the first superuser
    tenfold import ../pb_data                    bring your PocketBase along
    tenfold backup create                        keep all data in one file

`tenfold COMMAND --help` explains a command and shows examples. Exit codes: 0 done, 1 failed,
2 wrong usage or settings, 130 interrupted.
"""


def version() -> str:
    return f"tenfold {importlib.metadata.version('tenfold')}"


COMMANDS = {
    "serve": "serve:serve",
    "superuser": "superuser:program",
    "import": "import_pocketbase:import_pocketbase",
    "backup": "backup:program",
    "jobs": "jobs:program",
    "migrate": "migrate:migrate",
    "bench": "bench:bench",
    "knee": "knee:knee",
    "profile": "profile:profile",
    "advise": "advise:advise",
    "plan": "plan:plan",
    "report": "report:report",
    "loop": "loop:loop",
    "up": "up:up",
    "down": "up:down",
    "status": "status:status",
    "certs": "certs:certs",
    "keys": "keys:program",
    "network": "network:network",
    "grow": "grow:grow",
}
"""Each verb and where it is."""


def make_program(verb: str = "") -> App:
    """The command with all its verbs; the code of `verb` only is loaded, when there is one."""
    program = App(name="tenfold", help=HELP, version=version, help_format="markdown")
    for name, place in COMMANDS.items():
        program.command(f"tenfold.cli.{place}", name=name)
        if verb not in COMMANDS and verb != "--version":
            program[name]  # loads it, so that the help can say what it does
    return program


def run(arguments: Sequence[str]) -> int:
    """Run a command line; the exit code."""
    try:
        result = make_program(arguments[0] if arguments else "")(
            list(arguments), exit_on_error=False, print_error=False, result_action="return_value"
        )
    except CycloptsError as error:
        err.print(f"[bold red]error:[/] {escape(str(error))}")
        command = " ".join(["tenfold", *(error.command_chain or ())])
        err.print(f"[bold]hint:[/]  {escape(command)} --help shows what it takes")
        return MISUSED
    except SettingsError as error:
        tell_error(error)
        return MISUSED
    except TenfoldError as error:
        tell_error(error)
        return FAILED
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        err.print(f"[bold red]error:[/] {escape(place)}{escape(error.strerror or str(error))}")
        return FAILED
    except KeyboardInterrupt:
        err.print("interrupted")
        return INTERRUPTED
    return result if isinstance(result, int) else 0


def main() -> None:
    """The entry point of the installed command."""
    code = run(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code) if code == INTERRUPTED else sys.exit(code)
