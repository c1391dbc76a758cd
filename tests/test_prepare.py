"""What the process preparation does for docarray and jina."""

import subprocess
import sys

from tests.running import ROOT


def test_jina_can_be_imported_in_a_process_of_its_own() -> None:
    # On Python 3.12 and later `import jina` fails without what prepare changes in docarray.
    code = 'import audio_search.prepare, jina; print(jina.__version__)'
    ended = subprocess.run(
        [sys.executable, '-c', code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (ended.returncode, ended.stderr) == (0, '')
