"""The words of clips, as the indexer finds them."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from docarray import DocList

from audio_search.documents import AudioClip
from audio_search.flow.configuration import configuration
from audio_search.store.sqlite import SqliteStore
from executors.indexer import SimpleIndexer
from tests.executors.test_indexer import clip
from tests.running import ROOT
from tests.store.clips import clip as stored_clip

MODELS = str(ROOT / 'models')


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / 'index.sqlite')


def words(indexer: SimpleIndexer) -> dict[str, tuple | None]:
    return {entry.id: entry.words for entry in indexer.store.page(0, 9)[0]}


def test_a_clip_gets_its_words_when_it_is_stored(path: str) -> None:
    with closing(SimpleIndexer(path=path, model_path=MODELS, weights='compact')) as indexer:
        indexer.index(DocList[AudioClip]([clip('a'), clip('b')]))
        found = words(indexer)
        assert [len(found[name]) for name in 'ab'] == [5, 5]
        assert found['a'] != found['b']
        (listed,) = indexer.search(DocList[AudioClip]([clip('a')]), {'limit': 1})
        named = [(word['name'], word['probability']) for word in listed.chunks[0].matches[0].words]
        assert tuple(named) == found['a']


def test_clips_that_were_stored_before_get_theirs_at_start(path: str) -> None:
    made = configuration(MODELS, 'compact', 'concat', 4, 2, 'repeat', -12, 'zero')
    rng = np.random.default_rng(0)
    rows = rng.integers(-128, 128, (2, 512)).astype(np.int8)
    with closing(SqliteStore(Path(path), made)) as store, store.transaction() as transaction:
        for number in range(3):
            transaction.put(stored_clip(f'{number}', embeddings=rows + np.int8(number)))
        transaction.put(replace(stored_clip('known', embeddings=rows), words=(('Dog', 1.0),)))
        transaction.put(stored_clip('silent', embeddings=0 * rows))
    with closing(SimpleIndexer(path=path, model_path=MODELS, weights='compact')) as indexer:
        found = words(indexer)
    assert [len(found[f'{number}']) for number in range(3)] == [5, 5, 5]
    assert found['known'] == (('Dog', 1.0),)
    assert found['silent'] == ()


def test_other_weights_have_none(path: str, tmp_path: Path) -> None:
    own = tmp_path / 'own.npz'
    own.write_bytes(b'any')
    with closing(SimpleIndexer(path=path, model_path=MODELS, weights=str(own))) as indexer:
        indexer.index(DocList[AudioClip]([clip('a')]))
        assert words(indexer) == {'a': None}
        (found,) = indexer.search(DocList[AudioClip]([clip('a')]), {'limit': 1})
        assert found.chunks[0].matches[0].words is None
