"""The words of clips: kept beside their tags, never among them."""

from dataclasses import replace

import pytest

from audio_search.store import ClipRef, ClipStore, FilterError
from tests.store.clips import clip, found_ids, put, stored_ids

BARK = (('Bark', 0.81), ('Dog', 0.7))
BELL = (('Church bell', 0.5), ('Bark, hoarse', 0.1))


@pytest.fixture
def stocked(store: ClipStore) -> ClipStore:
    tagged = clip('tagged', tags={'words': 'Bark', 'label': 'none'})
    put(
        store,
        replace(clip('dog'), words=BARK),
        replace(clip('bell'), words=BELL),
        replace(clip('silent'), words=()),
        tagged,
    )
    return store


def test_they_are_read_wherever_the_clip_is(stocked: ClipStore) -> None:
    assert [entry.words for entry in stocked.page(0, 9)[0]] == [BARK, BELL, (), None]
    assert stocked.find('dog').words == BARK
    assert stocked.find_many([ClipRef('bell', None)])[0].words == BELL
    assert stocked.clip('dog').words == BARK
    (found,) = stocked.search(clip('dog').embeddings[:1], 1)
    assert found[0].words == BARK


def test_they_can_be_replaced_and_stay_where_tags_change(stocked: ClipStore) -> None:
    with stocked.transaction() as transaction:
        assert transaction.replace_words('tagged', BELL)
        assert transaction.replace_tags('dog', {'a': 1})
        assert not transaction.replace_words('nowhere', BELL)
    assert stocked.find('tagged').words == BELL
    assert stocked.find('dog').words == BARK


@pytest.mark.parametrize(
    ('filter_', 'expected'),
    [
        ({'words': {'$contains': 'Bark'}}, ['dog']),
        ({'words': {'$contains': 'Bar'}}, []),
        ({'words': {'$contains': 'Bark", "'}}, []),
        ({'words': {'$not': {'$contains': 'Bark'}}}, ['bell', 'silent', 'tagged']),
        ({'$or': [{'words': {'$contains': w}} for w in ('Bark', 'Church bell')]}, ['dog', 'bell']),
        ({'words': 'Bark'}, ['tagged']),
        ({'words': {'$contains': 'Bark'}, 'name': {'$ne': 'dog'}}, []),
    ],
    ids=str,
)
def test_a_filter_looks_into_them_by_one_operator_alone(
    stocked: ClipStore, filter_: dict, expected: list[str]
) -> None:
    assert [entry.id for entry in stocked.page(0, 9, filter=filter_)[0]] == expected
    assert sorted(found_ids(stocked, clip('q').embeddings[0], limit=9, filter=filter_)) == sorted(
        expected
    )


@pytest.mark.parametrize(
    'filter_',
    [
        {'label': {'$contains': 'Bark'}},
        {'words': {'$contains': 3}},
        {'a': {'words': {'$contains': 'Bark'}}},
    ],
    ids=str,
)
def test_other_uses_of_the_operator_are_refused(store: ClipStore, filter_: dict) -> None:
    with pytest.raises(FilterError, match=r'\$contains'):
        store.page(0, 9, filter=filter_)


def test_they_go_with_their_clip(stocked: ClipStore) -> None:
    put(stocked, clip('dog'))
    assert stocked.find('dog').words is None
    assert stored_ids(stocked) == ['bell', 'silent', 'tagged', 'dog']
