"""Run the files of the hooks folder, so that their decorators register what they hold."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from pathlib import Path

from tenfold.errors import OperatorError

PACKAGE = "tenfold_user_hooks"


def load_folder(folder: Path) -> int:
    """Run every `*.py` of the folder in the order of their names; return how many.

    Files whose name starts with "_" are not run by themselves: other files may import them
    (the folder is on the import path). Raises: OperatorError naming file and line.
    """
    paths = sorted(p for p in folder.glob("*.py") if not p.name.startswith("_"))
    if paths and str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    for path in paths:
        _load(path)
    return len(paths)


def _load(path: Path) -> None:
    name = f"{PACKAGE}.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise OperatorError(f"{path} is no Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise OperatorError(_explain(path, error), "Mend the file and start again.") from error


def _explain(path: Path, error: BaseException) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}: {error.msg}"
    frames = traceback.extract_tb(error.__traceback__)
    inside = [f for f in frames if Path(f.filename).parent == path.parent]
    line = inside[-1].lineno if inside else 1
    file = inside[-1].filename if inside else str(path)
    return f"{file}:{line}: {type(error).__name__}: {error}"
