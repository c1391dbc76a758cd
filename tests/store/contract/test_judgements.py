"""What people said of clips: kept by the ids of clips, and never longer than they are."""

from contextlib import closing
from dataclasses import replace

import pytest

from audio_search.store import ClipStore
from audio_search.store.judgements import Chosen, Judgement
from audio_search.store.milvus import state
from tests.store.clips import clip, put, stored_ids


def said(clip_id: str, label: str = 'bell', verdict: str = 'right', **fields) -> Judgement:
    fields = {'time': '2026-11-29T09:00:00.000Z', **fields}
    return Judgement(clip_id, label, verdict, **fields)


FIRST = said('a', time='2026-11-29T08:00:00.000Z')
PART = said('a', part=(4.0, 8.125), by='Ann "Ö" O\'Hara\\')
OTHER = said('b', 'dog', 'wrong', by='Bob')
UNSURE = said('b', 'bell', 'unsure', time='2026-11-29T10:00:00.000Z')
ALL = [FIRST, PART, OTHER, UNSURE]


def judge(store: ClipStore, *judgements: Judgement) -> list[bool]:
    with store.transaction() as transaction:
        return [transaction.put_judgement(one) for one in judgements]


def kept(store: ClipStore, **chosen: str) -> list[Judgement]:
    return store.judgements(0, 1000, Chosen(**chosen))[0]


@pytest.fixture
def judged(store: ClipStore) -> ClipStore:
    put(store, clip('a'), clip('b'))
    assert judge(store, UNSURE, PART, OTHER, FIRST) == [True] * 4
    return store


def test_they_come_back_in_the_order_of_time_after_reopening(make_store):
    with closing(make_store()) as store:
        put(store, clip('a'), clip('b'))
        assert store.judgements(0, 10) == ([], 0)
        judge(store, UNSURE, PART, OTHER, FIRST)
    with closing(make_store()) as store:
        assert store.judgements(0, 10) == (ALL, 4)


def test_they_are_chosen_by_what_they_have(judged):
    for chosen, expected in [
        (Chosen(label='bell'), [FIRST, PART, UNSURE]),
        (Chosen(label='Bell'), []),
        (Chosen(clip_id='b'), [OTHER, UNSURE]),
        (Chosen(by=PART.by), [PART]),
        (Chosen(by=''), [FIRST, UNSURE]),
        (Chosen(verdict='right'), [FIRST, PART]),
        (Chosen(label='bell', verdict='right', clip_id='b'), []),
    ]:
        assert judged.judgements(0, 9, chosen) == (expected, len(expected)), chosen
        assert judged.judgements(1, 1, chosen) == (expected[1:2], len(expected)), chosen


def test_pages_follow_one_another(judged):
    assert judged.judgements(1, 2) == (ALL[1:3], 4)
    assert judged.judgements(3, 9) == (ALL[3:], 4)
    assert judged.judgements(4, 9) == ([], 4)
    assert judged.judgements(0, 0) == ([], 4)


def test_many_are_read_in_pieces(store, monkeypatch):
    monkeypatch.setattr(state, 'ROWS', 7)
    put(store, clip('a'))
    many = [said('a', f'label {number:02}') for number in range(30)]
    judge(store, *many)
    assert store.judgements(0, 100) == (many, 30)


def test_the_same_again_replaces_the_earlier_one(judged):
    changed = replace(PART, verdict='wrong', time='2026-11-29T11:00:00.000Z')
    judge(judged, changed)
    assert kept(judged) == [FIRST, OTHER, UNSURE, changed]


def test_parts_people_and_labels_have_judgements_of_their_own(judged):
    others = [
        replace(PART, part=(4.0, 8.126)),
        replace(PART, by='ann'),
        replace(PART, label='Bell'),
        replace(PART, part=None),
    ]
    judge(judged, *others)
    assert len(kept(judged)) == 8
    judge(judged, replace(PART, part=(4.0001, 8.1251)))  # to the millisecond the same
    assert len(kept(judged)) == 8


def test_one_is_taken_back(judged):
    with judged.transaction() as transaction:
        assert transaction.take_back(PART.key)
        assert not transaction.take_back(PART.key)
        assert not transaction.take_back(said('x').key)
    assert kept(judged) == [FIRST, OTHER, UNSURE]


def test_a_clip_that_is_not_stored_cannot_be_judged(judged):
    known = clip('mine')
    known.source = {'sound': 'the sound'}
    put(judged, known)
    assert judge(judged, said('x'), said('the sound'), said('mine')) == [False, False, True]
    assert {one.clip_id for one in kept(judged)} == {'a', 'b', 'mine'}


def test_they_are_made_and_undone_with_the_rest_of_a_transaction(judged):
    with judged.transaction() as transaction:
        transaction.put(clip('c'))
        assert transaction.put_judgement(said('c'))
        assert transaction.take_back(said('c').key)
        assert transaction.put_judgement(said('c', 'dog'))
    assert kept(judged, clip_id='c') == [said('c', 'dog')]

    def fail() -> None:
        with judged.transaction() as transaction:
            transaction.put_judgement(said('a', 'cat'))
            transaction.take_back(PART.key)
            transaction.delete('b')
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert len(kept(judged)) == 5


def test_they_go_with_their_clip(make_store):
    with closing(make_store()) as store:
        put(store, clip('a'), clip('b'), clip('c', tags={'n': 1}))
        judge(store, *ALL, said('c'))
        with store.transaction() as transaction:
            transaction.delete('b')
            transaction.delete_selected(filter={'n': 1})
            assert not transaction.put_judgement(OTHER)
            assert not transaction.take_back(OTHER.key)
        assert kept(store) == [FIRST, PART]
        put(store, clip('b'))
        assert kept(store, clip_id='b') == []
    with closing(make_store()) as store:
        assert kept(store) == [FIRST, PART]


def test_one_that_is_stored_anew_behind_its_deletion_has_none(judged):
    with judged.transaction() as transaction:
        transaction.delete('a')
        transaction.put(clip('a'))
        transaction.put_judgement(said('a', 'new'))
    assert kept(judged, clip_id='a') == [said('a', 'new')]


def test_clear_removes_them_all(judged):
    with judged.transaction() as transaction:
        transaction.clear()
        transaction.put(clip('a'))
        assert not transaction.put_judgement(OTHER)
        assert not transaction.take_back(FIRST.key)
        assert transaction.put_judgement(PART)
    assert kept(judged) == [PART]
    judged.clear()
    assert judged.judgements(0, 10) == ([], 0)


def test_a_clip_that_is_stored_again_keeps_them(judged):
    put(judged, clip('a', 2, seed=1, uri='elsewhere.wav'), clip('b'))
    assert kept(judged) == ALL
    with judged.transaction() as transaction:
        transaction.replace_tags('a', {'n': 1})
    assert kept(judged) == ALL


def test_a_clip_that_takes_the_place_of_another_id_gets_them(judged):
    """As it gets its tags: it is the same file. What was judged of itself goes first."""
    put(judged, clip('c'))
    own = said('c', verdict='wrong', time='2026-11-29T07:00:00.000Z')
    judge(judged, own)
    put(judged, clip('c', uri='a.wav'))
    assert stored_ids(judged) == ['b', 'c']
    assert kept(judged) == [own, OTHER, replace(PART, clip_id='c'), UNSURE]


@pytest.mark.parametrize('order', ['bx', 'xb'])
def test_of_two_in_one_transaction_the_first_takes_the_place(judged, order):
    clips = {'b': clip('b', uri='moved.wav'), 'x': clip('x', uri='b.wav')}
    put(judged, *(clips[name] for name in order))
    assert {one.clip_id for one in kept(judged)} == {'a', order[0]}
    assert len(kept(judged)) == 4


def test_what_was_judged_within_a_transaction_is_handed_over_too(store):
    with store.transaction() as transaction:
        transaction.put(clip('a'))
        transaction.put_judgement(PART)
        transaction.put(clip('b', uri='a.wav'))
        transaction.put_judgement(OTHER)
    assert kept(store) == [replace(PART, clip_id='b'), OTHER]
