"""What holds for all of the code: imports go down the floors, modules stay short, and no test waits for a real clock."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).parents[1]
LONGEST = 400
"""Lines of a module."""

CLOCKS = {"datetime.now", "datetime.utcnow", "date.today", "time.time", "time.sleep"}
MODULES = sorted(path for folder in ("bot", "tests", "migrations", "bench") for path in (ROOT / folder).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def calls(path: Path) -> Iterator[tuple[int, str, list[ast.expr]]]:
    """Every call of something with a dot in its name: its line, its last two names, and its arguments."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
            yield node.lineno, f"{name}.{node.func.attr}", node.args


def test_imports_only_go_down_the_floors(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    result = lint_imports(no_cache=True)
    assert result == EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_no_module_is_longer_than_a_sitting() -> None:
    lengths = {named(path): len(path.read_text().splitlines()) for path in MODULES}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        named(path)
        for path in MODULES
        if path.stat().st_size and not (ast.get_docstring(ast.parse(path.read_bytes())) or "").strip()
    ]
    assert silent == []


def test_no_test_reads_a_real_clock_or_sleeps() -> None:
    found = [
        f"{named(path)}:{line}: {name}"
        for path in TESTS
        for line, name, arguments in calls(path)
        if name in CLOCKS or (name == "asyncio.sleep" and not _gives_way(arguments))
    ]
    assert found == []


def _gives_way(arguments: list[ast.expr]) -> bool:
    """Whether a sleep lasts no time: it only lets others run."""
    return len(arguments) == 1 and isinstance(arguments[0], ast.Constant) and arguments[0].value == 0
