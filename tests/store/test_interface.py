"""What the parts of the store do not know of one another."""

import subprocess
import sys

import pytest

ENGINES = ('sqlite3', 'numkong', 'usearch', 'pymilvus', 'audio_search.store.sqlite')
# Module -> what is not loaded with it.
IGNORANT = {
    'audio_search.store': (*ENGINES, 'audio_search.store.vectors'),
    'audio_search.store.interface': (*ENGINES, 'audio_search.store.vectors'),
    'audio_search.store.filters': (*ENGINES, 'audio_search.store.vectors'),
    'audio_search.store.vectors.approximate': ('sqlite3', 'audio_search.store.sqlite'),
}


@pytest.mark.parametrize(('module', 'others'), IGNORANT.items(), ids=IGNORANT)
def test_a_module_loads_without_what_it_does_not_know(module, others):
    program = f'import sys, {module};print(*[one for one in {others!r} if one in sys.modules])'
    shown = subprocess.run(
        [sys.executable, '-c', program], capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == ''
