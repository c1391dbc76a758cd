"""The rules of docs/architecture.md that import-linter does not check."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import ROOT

MAX_LINES = 350
MODULES = sorted(
    str(path.relative_to(ROOT))
    for folder in ('audio_search', 'executors')
    for path in (ROOT / folder).rglob('*.py')
)
CHANGING = ('update', 'setdefault', 'pop', 'clear', 'popitem', '__setitem__')


def changes(source: str) -> Iterator[int]:
    """The lines that change os.environ or sys.modules."""
    for node in ast.walk(ast.parse(source)):
        changed: ast.AST | None = None
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            changed = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if ast.unparse(node.func) == 'os.putenv':
                yield node.lineno
            if node.func.attr in CHANGING:
                changed = node.func.value
        if changed is not None and ast.unparse(changed) in ('os.environ', 'sys.modules'):
            yield node.lineno


def test_changes_are_seen() -> None:
    source = 'os.environ["A"] = "b"\ndel sys.modules["c"]\nos.environ.update({})\nos.environ["A"]\n'
    assert list(changes(source)) == [1, 2, 3]


@pytest.mark.parametrize('module', MODULES)
def test_only_process_changes_the_environment_and_the_modules(module: str) -> None:
    found = list(changes((ROOT / module).read_text()))
    assert bool(found) == (module == 'audio_search/process.py')


@pytest.mark.parametrize('module', MODULES)
def test_no_module_is_too_long_to_read(module: str) -> None:
    assert len((ROOT / module).read_text().splitlines()) <= MAX_LINES


def test_executors_are_what_flow_yml_names_and_what_these_share() -> None:
    flow = (ROOT / 'flow.yml').read_text()
    for name in ('segmenter', 'encoder', 'indexer', 'ranker'):
        assert f'py_modules: executors/{name}.py' in flow
    assert Path(ROOT / 'executors' / 'gateway.yml').is_file()
