"""The file of the words: whole, readable, and only used with the weights it belongs to."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from audio_search.vggish.weights import COMPACT_SHA256, OFFICIAL
from audio_search.words import Vocabulary, WordsError, load
from audio_search.words.vocabulary import FILE
from tests.running import ROOT


def test_every_name_has_a_direction_of_length_1(vocabulary: Vocabulary) -> None:
    assert len(vocabulary.names) == len(set(vocabulary.names)) == 521
    assert {'Dog', 'Church bell', 'Baby cry, infant cry'} <= set(vocabulary.names)
    assert vocabulary.directions.shape == (521, 128)
    np.testing.assert_allclose(np.linalg.norm(vocabulary.directions, axis=1), 1, atol=1e-6)
    assert (vocabulary.support == 0).sum() == 166


def test_words_are_refused_with_other_weights() -> None:
    official = OFFICIAL['vggish_model.ckpt'].sha256
    with pytest.raises(WordsError, match='belong to the compact weights') as refused:
        load(ROOT / 'models', official)
    assert official[:8] in str(refused.value)
    assert 'AUDIO_SEARCH_WEIGHTS=compact' in str(refused.value)


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(WordsError, match=r'vggish_compact_words\.npz are missing; restore it'):
        load(tmp_path, COMPACT_SHA256)


@pytest.mark.parametrize('change', ['cut', 'flipped'])
def test_a_file_that_is_damaged(tmp_path: Path, change: str) -> None:
    shutil.copy(ROOT / 'models' / FILE, tmp_path)
    content = bytearray((tmp_path / FILE).read_bytes())
    if change == 'cut':
        content = content[:1000]
    else:
        content[5000] ^= 1
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(WordsError, match='is damaged or another file; restore it'):
        load(tmp_path, COMPACT_SHA256)
