"""SimpleIndexer by itself, on documents as they travel."""

import base64
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from docarray import DocList
from docarray.typing import ID

from audio_search.documents import SILENT, AudioChunk, AudioClip, Embedding, Integers, Tags
from audio_search.errors import Kind
from audio_search.flow.configuration import configuration
from audio_search.store import IndexFileError
from executors.indexer import SimpleIndexer
from executors.match_args import MatchArgs
from executors.ranker import MyRanker
from tests.store.sqlite.files import file_size_limit

NOTHING = DocList[AudioClip]()


@pytest.fixture
def weights(tmp_path: Path) -> str:
    """Weights of one's own, as far as the indexer looks at them."""
    path = tmp_path / 'own.npz'
    path.write_bytes(b'any')
    return str(path)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / 'workspace' / 'index.sqlite')


@pytest.fixture
def indexer(path: str, weights: str) -> Iterator[SimpleIndexer]:
    indexer = SimpleIndexer(path=path, weights=weights)
    yield indexer
    indexer.close()


def vectors(id_: str, count: int = 4) -> np.ndarray:
    rng = np.random.default_rng(list(id_.encode()))
    return rng.integers(-128, 128, (count, 512)).astype(np.int8)


def clip(id_: str | None, uri: str | None = None, tags: dict[str, Any] | None = None) -> AudioClip:
    """As the encoder hands it on; the vectors follow from the id."""
    tags = {'label': 'bell'} if tags is None else tags
    return AudioClip(
        id=id_,
        uri=uri or f'{id_}.wav',
        tags=tags,
        source={'size': 2**40, 'sha256': 'ab'},
        chunks=DocList[AudioChunk](
            AudioChunk(
                parent_id=id_,
                uri=uri or f'{id_}.wav',
                offset=row,
                location=[32000 * row, 32000 * row + 64000],
                beg_in_ms=2000 * row,
                end_in_ms=2000 * row + 4000,
                tags=Tags(sample_rate=16000),
                embedding=Embedding.from_int8(values),
            )
            for row, values in enumerate(vectors(str(id_)))
        ),
    )


def docs(*clips: AudioClip) -> DocList[AudioClip]:
    """What arrives when these are sent."""
    sent = DocList[AudioClip](clips)
    return DocList[AudioClip].from_protobuf(sent.to_protobuf())


def index(indexer: SimpleIndexer, *clips: AudioClip, **parameters: Any) -> list[AudioClip]:
    return list(indexer.index(docs(*clips), parameters=parameters))


def search(indexer: SimpleIndexer, *clips: AudioClip, **parameters: Any) -> list[AudioClip]:
    return list(indexer.search(docs(*clips), parameters=parameters))


def parents(clip: AudioClip) -> list[list[str]]:
    """The ids of the clips that each chunk of a query matched."""
    return [[str(match.parent_id) for match in chunk.matches] for chunk in clip.chunks]


def stored_ids(indexer: SimpleIndexer) -> list[str]:
    return [one['id'] for one in json.loads(indexer.clips(NOTHING, parameters={})['clips'])]


def test_index_answers_how_many_chunks_were_stored(indexer):
    (answer,) = index(indexer, clip('a'))
    assert (answer.id, answer.uri, answer.chunk_count, answer.error) == ('a', 'a.wav', 4, None)
    assert len(answer.chunks) == 0
    (answer,) = index(indexer, clip('a'), include=['embedding'])
    np.testing.assert_array_equal(answer.chunks[2].embedding.to_int8(), vectors('a')[2])


def test_several_places_of_a_clip_and_one_of_each_value(indexer):
    index(indexer, *(clip(name, tags={'label': name in 'ab'}) for name in 'abcdef'))
    ranker = MyRanker()

    def ranked(*queries: AudioClip, **parameters: Any) -> list[AudioClip]:
        found = docs(*search(indexer, *queries, **parameters))
        return list(ranker.rank(found, parameters=parameters))

    first, second = ranked(clip('a'), clip('c'), limit=2.0, per_clip=2.0)
    for answer, own in ((first, 'a'), (second, 'c')):
        assert [match.id for match in answer.matches[:2]] == [own, own]
        assert len({match.id for match in answer.matches}) == 2
        assert len(answer.matches) == 4
        begins = [match.beg_in_ms for match in answer.matches[:2]]
        assert abs(begins[0] - begins[1]) >= 4000
        assert [match.query_beg_in_ms for match in answer.matches[:2]] == begins
        assert {match.more_from_same for match in answer.matches} == {None}
    (answer,) = ranked(clip('a'), exclude_self=True, group_by='label')
    assert {match.tags['label']: match.more_from_same for match in answer.matches} == {
        True: 0, False: 3
    }  # fmt: skip
    assert answer.matches[0].scores['cosine'] < answer.matches[1].scores['cosine']
    (answer,) = ranked(clip('a'), per_clip=0.5)
    assert 'per_clip is 0.5' in answer.error


def test_search_finds_the_best_chunk_of_each_of_the_nearest_clips(indexer):
    index(indexer, *(clip(name, tags={'label': name}) for name in 'abcdefgh'))
    (answer,) = search(indexer, clip('c'), limit=3.0)
    assert answer.error is None
    for row, chunk in enumerate(answer.chunks):
        first = chunk.matches[0]
        assert (first.id, first.parent_id, first.uri) == (f'c.{row}', 'c', 'c.wav')
        assert first.scores == {'cosine': 0.0}
        assert first.clip_tags == {'label': 'c'}
        assert first.tags == {'sample_rate': 16000}
        assert (first.beg_in_ms, first.end_in_ms) == (2000 * row, 2000 * row + 4000)
        distances = [match.scores['cosine'] for match in chunk.matches]
        assert distances == sorted(distances)
        assert len({match.parent_id for match in chunk.matches}) == 3
        assert chunk.embedding is None
    assert answer.chunks[1].beg_in_ms == 2000


def test_a_small_answer(indexer):
    """Matches travel; the vectors of the query do not."""
    index(indexer, *(clip(name) for name in 'abcdefgh'))
    answer = indexer.search(docs(clip('c')), parameters={})
    assert [len(chunk.matches) for chunk in answer[0].chunks] == [5] * 4
    assert len(answer.to_protobuf().SerializeToString()) < 20_000
    (answer,) = search(indexer, clip('c'), include=['embedding'])
    np.testing.assert_array_equal(answer.chunks[3].embedding.to_int8(), vectors('c')[3])


def test_search_on_an_empty_index(indexer):
    (answer,) = search(indexer, clip('c'))
    assert answer.error is None
    assert parents(answer) == [[], [], [], []]


def test_limits(indexer):
    index(indexer, *(clip(name) for name in 'abcdefgh'))
    assert [len(found) for found in parents(search(indexer, clip('q'), limit=1)[0])] == [1] * 4
    assert [len(found) for found in parents(search(indexer, clip('q'), limit=1e9)[0])] == [8] * 4
    for limit in (0, -1, 2.5, True, 'x', float('nan')):
        (answer,) = search(indexer, clip('q'), limit=limit)
        assert answer.error.startswith('limit is ')


def test_defaults_of_the_yaml(path, weights):
    indexer = SimpleIndexer(
        path=path,
        weights=weights,
        match_args={'limit': 2, 'distinct': False, 'traversal_rdarray': ['c']},
        traversal_left=['c'],
        traversal_right='c',
    )
    same = clip('a')
    for chunk in same.chunks:
        chunk.embedding = same.chunks[0].embedding
    index(indexer, same, clip('b'))
    assert parents(search(indexer, same)[0]) == [['a', 'a']] * 4
    assert parents(search(indexer, same, distinct=True)[0]) == [['a', 'b']] * 4
    assert parents(search(indexer, same, limit=5)[0]) == [['a', 'a', 'a', 'a', 'b']] * 4
    indexer.close()


@pytest.mark.parametrize(
    ('args', 'named'),
    [
        ({'limit': 0}, 'limit'),
        ({'limit': 'many'}, 'limit'),
        ({'distinct': 'yes'}, 'distinct'),
        ({'metric': 'cosine'}, 'metric'),
        ({'traversal_rdarray': ['r']}, 'traversal_rdarray'),
        ({'traversal_ldarray': ['c', 'r']}, 'traversal_ldarray'),
    ],
)
def test_match_args_are_refused_by_name(args, named):
    with pytest.raises(ValueError, match=named):
        MatchArgs.parse(args)


@pytest.mark.parametrize('name', ['traversal_left', 'traversal_right'])
def test_other_traversals_are_refused_by_name(path, weights, name):
    with pytest.raises(ValueError, match=name):
        SimpleIndexer(path=path, weights=weights, **{name: 'r'})
    assert not Path(path).exists()


def test_filters(indexer):
    index(
        indexer,
        clip('a', tags={'label': 'bell', 'year': 2**60}),
        clip('b', tags={'label': 'bird', 'year': 1999}),
        clip('c', tags={'label': 'bird', 'year': None}),
    )
    (answer,) = search(indexer, clip('a'), filter={'label': 'bird', 'year': {'$gte': 1999.0}})
    assert parents(answer) == [['b']] * 4
    answers = search(indexer, clip('a'), clip('b'), filter={'label': {'$like': 'b'}})
    assert all('$like' in answer.error for answer in answers)
    assert all(len(answer.chunks[0].matches) == 0 for answer in answers)


def test_exclude_self(indexer):
    index(indexer, clip('a'), clip('b'))
    assert parents(search(indexer, clip('a'), exclude_self=True)[0]) == [['b']] * 4
    by_uri = clip(None, uri='a.wav')
    assert parents(search(indexer, by_uri, exclude_self=True)[0]) == [['b']] * 4
    assert parents(search(indexer, clip('a'), clip('b'), exclude_self=True)[1]) == [['a']] * 4


def test_exclude_self_knows_a_sound_by_any_of_its_names(indexer):
    mine = clip('mine', uri='a.wav')
    mine.source = {'sound': 'hash of a'}
    index(indexer, mine, clip('b'))
    for id_ in ('hash of a', None):
        query = clip('mine', uri='../sounds/a.wav')
        query.id, query.source = id_, {'sound': 'hash of a'}
        assert parents(search(indexer, query, exclude_self=True)[0]) == [['b']] * 4
    assert indexer.lookup(docs(AudioClip(id='hash of a')))[0].id == 'mine'
    assert indexer.delete(docs(AudioClip(id='b')))[0].error is None
    assert stored_ids(indexer) == ['mine']


def test_search_by_the_id_of_a_stored_clip(indexer):
    index(indexer, clip('a', tags={'label': 'a'}), clip('b'))
    (answer,) = search(indexer, AudioClip(id='a'))
    assert (answer.error, answer.uri, answer.tags) == (None, 'a.wav', {'label': 'a'})
    assert [found[0] for found in parents(answer)] == ['a'] * 4
    assert [chunk.beg_in_ms for chunk in answer.chunks] == [0, 2000, 4000, 6000]
    assert answer.chunks[1].location == [32000, 96000]
    assert answer.chunks[1].embedding is None
    assert parents(search(indexer, AudioClip(id='a'), exclude_self=True)[0]) == [['b']] * 4
    unknown, known = search(indexer, AudioClip(id='x'), AudioClip(id='b'))
    assert "no clip 'x'" in unknown.error
    assert known.error is None


def test_a_search_with_a_uri_is_not_one_by_id(indexer):
    index(indexer, clip('a'))
    (answer,) = search(indexer, AudioClip(id='a', uri='elsewhere.wav'))
    assert 'elsewhere.wav' in answer.error


def test_what_failed_before_passes_untouched(indexer):
    bad = AudioClip(id='x', uri='x.wav', error='It is broken')
    good, failed = index(indexer, clip('a'), bad)
    assert (good.error, failed.error, failed.chunk_count) == (None, 'It is broken', None)
    assert stored_ids(indexer) == ['a']
    found, failed = search(indexer, clip('a'), bad)
    assert (found.error, failed.error) == (None, 'It is broken')
    assert parents(found) == [['a']] * 4


def test_one_bad_clip_does_not_fail_the_others(indexer):
    without = clip('without')
    without.chunks[2].embedding = None
    short = clip('short')
    short.chunks = DocList[AudioChunk]([AudioChunk(embedding=Embedding.from_int8(np.ones(128)))])
    nameless = clip('n')
    nameless.id = nameless.uri = None
    no_json = clip('nan', tags={'x': float('nan')})
    no_text = clip('half', tags={'x': '\ud800'})
    deep = clip('deep', tags={'x': json.loads('[' * 200 + ']' * 200)})
    nothing = AudioClip(id='nothing', uri='nothing.wav')
    timeless = []
    for value in (2**54, -5):
        timeless.append(clip(f'time {value}'))
        timeless[-1].chunks[1].beg_in_ms = value
    clips = [clip('a'), without, short, nameless, no_json, no_text, deep, nothing, *timeless]
    clips.append(clip('b'))
    answers = list(indexer.index(DocList[AudioClip](clips), parameters={}))
    assert [bool(answer.error) for answer in answers] == [False] + [True] * 9 + [False]
    assert all('\n' not in (answer.error or '') for answer in answers)
    assert 'without.wav' in answers[1].error
    assert '128' in answers[2].error
    assert 'nested' in answers[6].error
    assert all('beg_in_ms of chunk 1' in answer.error for answer in answers[8:10])
    assert stored_ids(indexer) == ['a', 'b']
    answers = search(indexer, clip('a'), short, nothing)
    assert [bool(answer.error) for answer in answers] == [False, True, True]


def test_indexing_again_replaces(indexer):
    index(indexer, clip('a'), clip('b', uri='shared.wav'))
    index(indexer, clip('c', uri='shared.wav'), clip('a', tags={'new': 1}))
    assert stored_ids(indexer) == ['c', 'a']
    assert indexer.status(NOTHING)['chunks'] == 8


def test_the_same_id_twice_in_a_request(indexer):
    answers = index(indexer, clip('a', tags={'n': 1}), clip('b'), clip('a', tags={'n': 2}))
    assert [answer.chunk_count for answer in answers] == [4, 4, 4]
    (match, *_) = search(indexer, AudioClip(id='a'))[0].chunks[0].matches
    assert match.clip_tags['n'] == 2


def test_a_clip_without_an_id_gets_one_that_stays(indexer):
    (first,) = index(indexer, clip(None, uri='some/where.wav'))
    (again,) = index(indexer, clip(None, uri='some/where.wav'))
    assert len(first.id) == 32
    assert first.id == again.id
    assert stored_ids(indexer) == [first.id]


def test_a_clip_that_is_stored_already_gets_its_tags(indexer):
    index(indexer, clip('a'))
    known = AudioClip(id='a', uri='a.wav', tags={'new': [1]}, chunk_count=4)
    gone = AudioClip(id='gone', uri='gone.wav', chunk_count=4)
    answer, lost = index(indexer, known, gone)
    assert (answer.chunk_count, answer.error) == (4, None)
    assert 'gone.wav' in lost.error
    (found,) = indexer.lookup(docs(AudioClip(id='a')))
    assert found.tags == {'new': [1]}
    assert found.source == {'size': 2**40, 'sha256': 'ab'}


def test_a_clip_that_came_earlier_in_the_same_request_gets_its_tags(indexer):
    known = AudioClip(id='a', uri='a.wav', tags={'late': 1}, chunk_count=4)
    index(indexer, clip('a'), known)
    assert indexer.lookup(docs(AudioClip(id='a')))[0].tags == {'late': 1}


def test_lookup(indexer):
    index(indexer, clip('a'))
    by_id, by_uri, user_id, unknown = indexer.lookup(
        docs(
            AudioClip(id='a'),
            AudioClip(uri='a.wav'),
            AudioClip(id='other', uri='a.wav'),
            AudioClip(id='x', uri='x.wav', tags={'mine': 1}),
        )
    )
    for found in (by_id, by_uri, user_id):
        assert (found.id, found.uri, found.chunk_count) == ('a', 'a.wav', 4)
        assert found.source == {'size': 2**40, 'sha256': 'ab'}
        assert found.tags == {'label': 'bell'}
    assert (unknown.id, unknown.uri, unknown.chunk_count) == ('x', 'x.wav', None)
    assert (unknown.source, unknown.error, unknown.tags) == (None, None, {'mine': 1})


def test_update(indexer):
    index(indexer, clip('a'), clip('b'))
    answers = indexer.update(
        docs(AudioClip(id='a', tags={'x': 1}), AudioClip(uri='b.wav', tags={}), AudioClip(id='c'))
    )
    assert [answer.id for answer in answers] == ['a', 'b', 'c']
    assert [bool(answer.error) for answer in answers] == [False, False, True]
    found = indexer.lookup(docs(AudioClip(id='a'), AudioClip(id='b')))
    assert [one.tags for one in found] == [{'x': 1}, {}]
    (bad,) = indexer.update(DocList[AudioClip]([AudioClip(id='a', tags={'x': float('inf')})]))
    assert bad.error
    assert indexer.lookup(docs(AudioClip(id='a')))[0].tags == {'x': 1}


def test_delete(indexer):
    index(indexer, *(clip(name) for name in 'abcd'))
    answers = indexer.delete(
        docs(AudioClip(uri='b.wav'), AudioClip(id='x')), parameters={'ids': ['c', 'b', 'y']}
    )
    assert [answer.id for answer in answers] == ['b', 'x', 'c', 'b', 'y']
    assert [answer.uri for answer in answers] == ['b.wav', None, 'c.wav', None, None]
    assert [bool(answer.error) for answer in answers] == [False, True, False, True, True]
    assert stored_ids(indexer) == ['a', 'd']


def test_names_that_no_file_can_hold(indexer):
    half = DocList[AudioClip]([AudioClip(id='\ud800')])
    for endpoint in (indexer.lookup, indexer.chunks, indexer.update, indexer.delete):
        half[0].error = None
        assert endpoint(half)[0].error
    assert indexer.search(DocList[AudioClip]([AudioClip(id='\ud800')]))[0].error


def test_clear_and_status(indexer, path):
    index(indexer, clip('a'), clip('b'))
    status = indexer.status(NOTHING)
    assert (status['clips'], status['chunks']) == (2, 8)
    assert status['model']['name'] == 'own'
    assert len(status['model']['sha256']) == 64
    assert status['index']['path'] == path
    assert status['index']['bytes'] > 8 * 512
    assert (status['window_s'], status['stride_s'], status['pooling']) == (4.0, 2.0, 'concat')
    indexer.clear(NOTHING)
    assert indexer.status(NOTHING)['clips'] == 0


def test_chunks_for_a_heat_map(indexer):
    padded = clip('a')
    padded.chunks[3].tags['padded'] = True
    index(indexer, padded)
    found, unknown = indexer.chunks(docs(AudioClip(id='a'), AudioClip(id='x')))
    assert [chunk.beg_in_ms for chunk in found.chunks] == [0, 2000, 4000, 6000]
    assert [chunk.tags.get('padded') for chunk in found.chunks] == [None, None, None, True]
    for row, chunk in enumerate(found.chunks):
        assert chunk.id == f'a.{row}'
        np.testing.assert_array_equal(chunk.embedding.to_int8(), vectors('a')[row])
    assert unknown.error


def test_a_part_of_the_chunks_of_a_long_clip(indexer):
    index(indexer, clip('a'))
    for parameters, rows in (
        ({'start': 1.0, 'end': 3.0}, [1, 2]),
        ({'start': 2.0, 'end': None}, [2, 3]),
        ({'start': 3.0, 'end': 99.0}, [3]),
        ({'start': -5.0, 'end': 1.0}, [0]),
        ({'start': 9.0}, []),
    ):
        (found,) = indexer.chunks(docs(AudioClip(id='a')), parameters=parameters)
        assert [chunk.offset for chunk in found.chunks] == rows
        for chunk in found.chunks:
            assert chunk.id == f'a.{chunk.offset}'
            np.testing.assert_array_equal(chunk.embedding.to_int8(), vectors('a')[chunk.offset])


def test_how_near_a_clip_is_to_a_sound_from_its_beginning_to_its_end(indexer):
    index(indexer, clip('a'))
    asked = AudioClip(id='a', chunks=[AudioChunk(embedding=Embedding.from_int8(vectors('a')[2]))])
    (found,) = indexer.distances(docs(asked), parameters={'count': 2.0})
    assert len(found.chunks) == 0
    first, second = found.stretches
    assert (first['start'], first['end'], first['beg_in_ms'], first['end_in_ms']) == (0, 2, 0, 6000)
    assert (second['start'], second['end'], second['nearest']) == (2, 4, 2)
    assert second['distance'] == 0 < first['distance']
    gone = AudioClip(id='x', chunks=asked.chunks)
    silent = AudioClip(id='a')
    for one, reason in ((gone, "there is no clip 'x'"), (silent, 'came without embeddings')):
        (failed,) = indexer.distances(docs(one), parameters={'count': 2.0})
        assert reason in failed.error


def test_pages_of_clips(indexer):
    index(indexer, *(clip(name, tags={'n': 2**60}) for name in 'abc'))
    page = indexer.clips(NOTHING, parameters={'offset': 1.0, 'limit': 1.0})
    assert page['total'] == 3
    assert json.loads(page['clips']) == [
        {'id': 'b', 'uri': 'b.wav', 'tags': {'n': 2**60}, 'chunk_count': 4, 'has_file': True}
    ]
    newest = indexer.clips(NOTHING, parameters={'order': 'newest', 'filter': {'$text': 'wav'}})
    assert [one['id'] for one in json.loads(newest['clips'])] == ['c', 'b', 'a']


def test_what_the_map_asks_for(indexer):
    index(indexer, *(clip(name, tags={'n': 1}) for name in 'abc'))
    page = indexer.clips(NOTHING, parameters={'map': True, 'offset': 1.0, 'limit': 1.0})
    ((id_, uri, tags, print_),) = json.loads(page['clips'])
    assert (id_, uri, tags, page['total']) == ('b', 'b.wav', {'n': 1}, 3)
    index(indexer, clip('b', tags={'n': 2}))
    again = indexer.clips(NOTHING, parameters={'map': True, 'offset': 2.0, 'limit': 1.0})
    assert json.loads(again['clips']) == [['b', 'b.wav', {'n': 2}, print_]]
    assert again['version'] != page['version']
    answer = indexer.clips(NOTHING, parameters={'vectors': '["b", "none"]'})
    found = np.frombuffer(base64.b64decode(answer['vectors']), np.float16).reshape(2, -1)
    np.testing.assert_allclose(np.linalg.norm(found.astype(float), axis=1), [1, 0], atol=1e-3)


def test_other_endpoints_pass_documents_on(indexer):
    passed = docs(clip('a'))
    assert indexer.pass_on(passed) is passed


def test_results_survive_a_restart(path, weights):
    first = SimpleIndexer(path=path, weights=weights)
    index(first, *(clip(name) for name in 'abcdefgh'))
    before = [
        (match.id, match.scores, match.clip_tags)
        for chunk in search(first, clip('c'))[0].chunks
        for match in chunk.matches
    ]
    first.close()
    second = SimpleIndexer(path=path, weights=weights)
    after = [
        (match.id, match.scores, match.clip_tags)
        for chunk in search(second, clip('c'))[0].chunks
        for match in chunk.matches
    ]
    second.close()
    assert before == after


def test_an_index_of_another_model_is_refused(path, weights, tmp_path):
    SimpleIndexer(path=path, weights=weights).close()
    other = tmp_path / 'other.npz'
    other.write_bytes(b'other')
    with pytest.raises(IndexFileError, match=r'own.*other'):
        SimpleIndexer(path=path, weights=str(other))
    with pytest.raises(IndexFileError, match='window'):
        SimpleIndexer(path=path, weights=weights, window_size=3.9)
    with pytest.raises(IndexFileError, match='pooling'):
        SimpleIndexer(path=path, weights=weights, pooling='mean')


@pytest.mark.parametrize(
    ('window_size', 'pooling', 'dimensions'),
    [(4, 'concat', 512), (2, 'concat', 256), (4, 'mean', 128), (0.975, 'concat', 128)],
)
def test_dimensions_follow_from_window_and_pooling(weights, window_size, pooling, dimensions):
    assert configuration('models', weights, pooling, window_size, 1).dimensions == dimensions


def test_a_window_that_is_too_short(weights):
    with pytest.raises(ValueError, match='window_size'):
        configuration('models', weights, 'concat', 0.9, 0.5)


def test_a_full_disk_is_that_clips_error(indexer):
    index(indexer, clip('a'))
    large = clip('large')
    large.chunks = DocList[AudioChunk](
        AudioChunk(offset=row, embedding=Embedding.from_int8(values))
        for row, values in enumerate(vectors('large', 1000))
    )
    with file_size_limit(400_000):
        (answer,) = indexer.index(DocList[AudioClip]([large]), parameters={})
        assert 'cannot be written' in answer.error
        assert answer.chunk_count is None
        assert parents(search(indexer, clip('a'))[0]) == [['a']] * 4
    (answer,) = index(indexer, clip('b'))
    assert answer.error is None


def test_searches_run_while_clips_are_stored(indexer):
    index(indexer, clip('a'))
    stop = threading.Event()
    errors: list[str] = []

    def store() -> None:
        count = 0
        while not stop.is_set():
            answers = index(indexer, *(clip(f'{count} {n}') for n in range(16)))
            errors.extend(answer.error for answer in answers if answer.error)
            count += 1

    thread = threading.Thread(target=store)
    thread.start()
    for _ in range(30):
        (answer,) = search(indexer, clip('a'))
        assert answer.error is None
        assert [found[0] for found in parents(answer)] == ['a'] * 4
    stop.set()
    thread.join()
    assert errors == []


def test_ids_stay_ids(indexer):
    index(indexer, clip('a'))
    (answer,) = search(indexer, AudioClip(id='a'))
    assert isinstance(answer.chunks[0].matches[0].parent_id, ID)


def test_a_clip_without_tags_keeps_those_it_has(indexer):
    index(indexer, clip('a', tags={'kept': 1}))
    again = clip('a')
    again.tags = None
    (answer,) = index(indexer, again)
    assert answer.tags == {'kept': 1}
    known = AudioClip(id='a', chunk_count=4)
    assert next(iter(indexer.index(docs(known)))).tags == {'kept': 1}
    assert next(iter(indexer.update(docs(AudioClip(id='a'))))).tags == {'kept': 1}
    moved = clip('b', uri='a.wav')
    moved.tags = None
    index(indexer, moved)
    assert indexer.lookup(docs(AudioClip(id='b')))[0].tags == {'kept': 1}
    index(indexer, clip('b', uri='a.wav', tags={}))
    assert indexer.lookup(docs(AudioClip(id='b')))[0].tags == {}


def test_errors_say_their_kind(indexer, path):
    index(indexer, clip('a'))
    (unknown,) = indexer.delete(docs(AudioClip(id='x')))
    assert unknown.error_kind == Kind.MISSING
    (bad,) = indexer.index(docs(AudioClip(id='n', uri='n.wav')))
    assert bad.error_kind == Kind.UNUSABLE
    with file_size_limit(1):
        answers = [
            *indexer.index(docs(clip('b'))),
            *indexer.update(docs(AudioClip(id='a', tags={'new': 1}))),
            *indexer.delete(docs(AudioClip(id='a'))),
        ]
    assert [answer.error_kind for answer in answers] == [Kind.STORAGE] * 3


def test_a_recording_is_stored_with_its_last_part(indexer):
    parts = [clip('a') for _ in range(3)]
    for number, one in enumerate(parts):
        one.part = Integers([number, 3])
        for row, chunk in enumerate(one.chunks):
            chunk.offset = 4 * number + row
    for one in parts[:2]:
        (answer,) = index(indexer, one)
        assert (answer.error, answer.chunk_count) == (None, None)
    (known,) = indexer.lookup(docs(AudioClip(id='a')))
    assert known.chunk_count is None
    kept = known.kept_parts | {'numbers': list(known.kept_parts['numbers'])}
    assert kept == {
        'numbers': [0, 1], 'count': 3, 'source': {'size': 2**40},
    }  # fmt: skip
    assert indexer.clips(NOTHING)['total'] == 0
    (answer,) = index(indexer, parts[2])
    assert (answer.error, answer.chunk_count) == (None, 12)
    (known,) = indexer.lookup(docs(AudioClip(id='a')))
    assert (known.chunk_count, known.kept_parts) == (12, None)


def test_a_new_version_of_a_recording_keeps_its_tags(indexer):
    index(indexer, clip('a', tags={'place': 'pond'}))
    parts = in_parts(2)
    for one in parts:
        one.source, one.tags = {'size': 7}, None
    index(indexer, parts[0])
    (answer,) = index(indexer, parts[1])
    assert (answer.chunk_count, answer.tags) == (8, {'place': 'pond'})


def test_a_stored_recording_of_hours_is_no_query(indexer):
    one = clip('a')
    row = one.chunks[0]
    one.chunks = DocList[AudioChunk](
        AudioChunk(parent_id='a', uri='a.wav', offset=n, embedding=row.embedding)
        for n in range(1900)
    )
    index(indexer, one)
    (answer,) = search(indexer, AudioClip(id='a'))
    assert answer.error == (
        'a.wav lasts 1.1 hours, and a query one at most; search with a part of it, as in '
        'rec.wav#t=600,604'
    )


def in_parts(count: int) -> list[AudioClip]:
    parts = [clip('a') for _ in range(count)]
    for number, one in enumerate(parts):
        one.part = Integers([number, count])
    return parts


def test_two_requests_for_one_recording_both_find_it_stored(indexer):
    """Whichever makes it whole, the parts that the other still sends leave nothing behind."""
    first, second = in_parts(3), in_parts(3)
    for one in (first[0], second[0], first[1], second[1]):
        (answer,) = index(indexer, one)
        assert answer.chunk_count is None
    for one in (first[2], second[2]):
        (answer,) = index(indexer, one)
        assert (answer.error, answer.chunk_count) == (None, 12)
    (known,) = indexer.lookup(docs(AudioClip(id='a')))
    assert (known.chunk_count, known.kept_parts) == (12, None)


def test_a_recording_is_silent_only_if_all_of_it_is(indexer):
    """The encoder knows one part at a time."""
    for is_silent in (False, True):
        parts = in_parts(2)
        for one in parts if is_silent else parts[1:]:
            one.note = SILENT
            for chunk in one.chunks:
                chunk.embedding = Embedding.from_int8(np.zeros(512, np.int8))
        for one in parts:
            one.source = {'size': 7 + is_silent}
        index(indexer, parts[0])
        (answer,) = index(indexer, parts[1])
        assert answer.chunk_count == 8
        assert answer.note == (SILENT if is_silent else None)
