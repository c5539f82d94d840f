from pathlib import Path

import pytest

from tenfold.errors import OperatorError
from tenfold.hooks import hooks

HOOK = """
from tenfold.hooks import hooks
@hooks.route("GET", "/{name}")
def answer(event):
    return "{name}"
"""


@pytest.fixture(autouse=True)
def forget() -> None:
    hooks.clear()


def test_files_are_loaded_by_name(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        (tmp_path / f"{name}.py").write_text(HOOK.replace("{name}", name))
    (tmp_path / "notes.txt").write_text("no Python")
    assert hooks.load(tmp_path) == 3
    assert [r.pattern for r in hooks.routes] == ["/a", "/b", "/c"]


def test_loading_again_replaces(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(HOOK.replace("{name}", "a"))
    hooks.load(tmp_path)
    hooks.load(tmp_path)
    assert len(hooks.routes) == 1


def test_no_folder_is_no_hooks(tmp_path: Path) -> None:
    assert hooks.load(tmp_path / "hooks") == 0


def test_underscored_files_may_be_imported(tmp_path: Path) -> None:
    (tmp_path / "_loading_shared.py").write_text("WORD = 'shared'")
    text = HOOK.replace("{name}", "a") + "\nfrom _loading_shared import WORD\nassert WORD\n"
    (tmp_path / "a.py").write_text(text)
    assert hooks.load(tmp_path) == 1


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("x = 1\n\ny = 1 / 0\n", 3, "ZeroDivisionError"),
        ("x = 1\ndef f(:\n", 2, "invalid syntax"),
        ("import no_such_module_anywhere\n", 1, "ModuleNotFoundError"),
        ("from tenfold.hooks import hooks\n@hooks.view\ndef f(e): ...\n", 2, "brackets"),
    ],
)
def test_failure_names_file_and_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    (tmp_path / "bad.py").write_text(text)
    with pytest.raises(OperatorError) as failure:
        hooks.load(tmp_path)
    assert str(failure.value).startswith(f"{tmp_path}/bad.py:{line}: ")
    assert words in str(failure.value)
