"""The house holds: import contracts, size limits, a docstring on every module, and nothing heavy before it is used."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "pipeline").rglob("*.py"))
FILE_LINES = 400
FUNCTION_LINES = 60
ARGUMENTS = 5


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a module, nested ones too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Its length without the docstring."""
    length = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function):
        length -= (first.end_lineno or first.lineno) - first.lineno + 1
    return length


def arguments_of(function: ast.FunctionDef | ast.AsyncFunctionDef, *, is_command: bool) -> int:
    """How many arguments a caller has to think of; a command's flags are its public interface and not counted."""
    if is_command:
        return 0
    given = function.args.posonlyargs + function.args.args + function.args.kwonlyargs
    return len([argument for argument in given if argument.arg not in {"self", "cls"}])


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_small_and_says_what_it_is(path: Path) -> None:
    """400 lines a file, 60 a function, 5 arguments, a docstring."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree)
    assert text.count("\n") <= FILE_LINES
    for function in functions(tree):
        assert lines_of(function) <= FUNCTION_LINES, function.name
        assert arguments_of(function, is_command=path.parent.name == "cli") <= ARGUMENTS, function.name


def test_the_logger_of_a_module_has_one_name() -> None:
    """Who looks for what is told looks for one word."""
    names = {line.split("=")[0] for path in FILES for line in path.read_text().splitlines() if "getLogger(__" in line}
    assert names == {"logger "}


def test_the_import_contracts_hold() -> None:
    """The contracts of pyproject.toml, checked by import-linter."""
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_help_loads_nothing_heavy() -> None:
    """`tlm --help` is quick because no stage is imported before its command runs."""
    code = (
        "import sys; from pipeline.cli import run; assert run(['--help']) == 0\n"
        "heavy = {'duckdb', 'polars', 'weasyprint', 'httpx2', 'jinja2', 'rich', 'msgspec', 'asyncio', 'cryptography'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_weasyprint_is_not_loaded_for_html() -> None:
    """Half a second and a system library that a host without PDFs need not have."""
    code = "import sys, pipeline.report.write; sys.exit('weasyprint' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
