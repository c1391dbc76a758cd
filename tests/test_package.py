"""What `import audio_search` gives, and what it costs."""

import subprocess
import sys

import audio_search
from audio_search.documents import AudioClip, from_files
from audio_search.flow.loading import load_flow
from tests.running import ROOT

HEAVY = ('docarray', 'jina', 'numpy', 'tensorflow', 'gradio')


def imported_by(*statements: str) -> list[str]:
    """Which of HEAVY a fresh process has imported after these statements."""
    script = '; '.join(
        [*statements, 'import sys', f'print(*[n for n in {HEAVY} if n in sys.modules])']
    )
    run = subprocess.run(
        [sys.executable, '-c', script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return run.stdout.split()


def test_the_package_and_the_command_line_are_imported_without_what_is_heavy() -> None:
    assert imported_by('import audio_search', 'audio_search.__version__') == []
    assert imported_by('import audio_search.cli.main') == []


def test_no_order_of_imports_brings_tensorflow() -> None:
    for statement in (
        'from audio_search import AudioClip, from_files, load_flow',
        'import audio_search.cli.serve',
        'import audio_search.flow.preflight',
    ):
        assert 'tensorflow' not in imported_by(statement)


def test_the_names_for_users_are_there() -> None:
    assert audio_search.AudioClip is AudioClip
    assert audio_search.from_files is from_files
    assert audio_search.load_flow is load_flow
    assert set(audio_search.__all__) <= set(dir(audio_search))
    assert not hasattr(audio_search, 'AudioClips')
