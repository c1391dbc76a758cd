"""The vocabulary of the repository."""

import pytest

from audio_search.vggish.weights import COMPACT_SHA256
from audio_search.words import Vocabulary, load
from tests.running import ROOT


@pytest.fixture(scope='session')
def vocabulary() -> Vocabulary:
    return load(ROOT / 'models', COMPACT_SHA256)
