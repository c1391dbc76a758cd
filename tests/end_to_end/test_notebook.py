"""The notebook, from its first cell to its last, in a kernel of its own."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.running import ROOT, free_port

NOTEBOOK = ROOT / 'notebooks/search_by_sound.ipynb'
IMPORTS = """from audio_search import AudioClip, from_files, load_flow
from docarray import DocList"""


def test_every_cell_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('AUDIO_SEARCH_WORKSPACE', str(tmp_path / 'workspace'))
    monkeypatch.setenv('AUDIO_SEARCH_PORT', str(free_port()))
    monkeypatch.setenv('PYTHONPATH', str(ROOT))  # this checkout, also where another is installed
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(
        notebook, timeout=300, resources={'metadata': {'path': str(NOTEBOOK.parent)}}
    ).execute()
    text = '\n'.join(
        output.get('text', '') + output.get('data', {}).get('text/plain', '')
        for cell in notebook.cells
        for output in cell.get('outputs', ())
    )
    assert '(24, {None})' in text
    assert 'P@1' in text
    assert 'Warning' not in text


def test_it_opens_with_the_imports_of_readme_and_shows_what_they_lead_to() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == 'code']
    assert code[0].source == IMPORTS
    assert IMPORTS in (ROOT / 'README.md').read_text()
    kinds = {kind for cell in code for output in cell.outputs for kind in output.get('data', {})}
    assert {'image/png', 'image/svg+xml', 'text/html'} <= kinds
    assert not any(output.output_type == 'error' for cell in code for output in cell.outputs)
    text = NOTEBOOK.read_text()
    assert len(text) < 500_000
    assert 'site-packages' not in text  # nothing of the machine it was run on
