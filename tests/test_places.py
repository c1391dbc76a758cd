"""Places in clips and in groups of them, against doing it the long way over the whole store."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audio_search import places
from audio_search.places import Spread, find, group_of, places_in
from audio_search.store import Clip, ClipRef
from audio_search.store.records import UNKNOWN
from audio_search.store.sqlite import SqliteStore
from tests.store.clips import CONFIGURATION, DIMENSIONS, clip, put

Found = list[tuple[str, int, int, float]]  # clip, its window, the query's window, distance


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with SqliteStore(tmp_path / 'index.sqlite', CONFIGURATION) as store:
        yield store


def queries(count: int = 2, seed: int = 7) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(-128, 128, (count, DIMENSIONS)).astype(np.int8)


def near(query: np.ndarray, *changes: int) -> np.ndarray:
    """Windows that are the farther from the query the more of its values are changed."""
    windows = np.repeat(query[np.newaxis], len(changes), axis=0)
    for row, changed in enumerate(changes):
        windows[row, :changed] = -windows[row, :changed] // 2
    return windows


def spread(limit: int = 5, per_clip: int = 1, gap_s: float = 4, by: str | None = None) -> Spread:
    return Spread(limit, per_clip, gap_s, by)


def found(store: SqliteStore, asked: np.ndarray, wanted: Spread, **options: Any) -> Found:
    return [
        (
            place.neighbour.clip_id,
            place.neighbour.location[0],
            place.query,
            round(place.neighbour.distance, 9),
        )
        for place, _ in find(store, asked, wanted, **options)
    ]


def left_out(store: SqliteStore, asked: np.ndarray, wanted: Spread) -> dict[str, int | None]:
    return {place.neighbour.clip_id: left for place, left in find(store, asked, wanted)}


def the_long_way(clips: list[Clip], asked: np.ndarray, wanted: Spread) -> Found:
    """Every window with every query's window, sorted."""
    by_group: dict[Any, Found] = {}
    for number, one in enumerate(clips):
        windows = one.embeddings.astype(float)
        rows: Found = []
        for row, window in enumerate(windows):
            cosines = [
                float(window @ query) / np.sqrt(float(window @ window) * float(query @ query))
                for query in asked.astype(float)
            ]
            best = int(np.argmax(cosines))
            rows.append((one.id, row, best, round(1 - cosines[best], 9)))
        kept: Found = []
        for place in sorted(rows, key=lambda place: (place[3], place[2], place[1])):
            apart = all(abs(2 * place[1] - 2 * other[1]) >= wanted.min_gap_s for other in kept)
            if apart and len(kept) < wanted.per_clip:
                kept.append(place)
        key = one.tags.get('label', number) if wanted.group_by else number
        by_group.setdefault(key, []).extend(kept)
    groups = [sorted(group, key=lambda place: place[3]) for group in by_group.values()]
    groups.sort(key=lambda group: group[0][3])
    return [place for group in groups[: wanted.limit] for place in group[: wanted.per_clip]]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    labels=st.lists(st.sampled_from(['bell', 'bird', 7, None]), min_size=1, max_size=12),
    asked=st.integers(1, 3),
    limit=st.integers(1, 5),
    per_clip=st.integers(1, 4),
    gap_s=st.sampled_from([0.0, 2.0, 4.0, 7.0]),
    by=st.sampled_from([None, 'label']),
    counted=st.sampled_from([1, 3, 1000]),
)
def test_agrees_with_the_long_way(
    store: SqliteStore,
    monkeypatch: pytest.MonkeyPatch,
    labels: list[Any],
    asked: int,
    limit: int,
    per_clip: int,
    gap_s: float,
    by: str | None,
    counted: int,
) -> None:
    monkeypatch.setattr(places, 'COUNTED_CLIPS', counted)  # few, so that they have to be found
    clips = [
        clip(f'c{number}', 1 + number % 5, tags={} if label is None else {'label': label})
        for number, label in enumerate(labels)
    ]
    store.clear()
    put(store, *clips)
    wanted = spread(limit, per_clip, gap_s, by)
    assert found(store, queries(asked), wanted) == the_long_way(clips, queries(asked), wanted)


def test_places_of_a_clip_are_together_and_do_not_overlap(store: SqliteStore) -> None:
    (query,) = queries(1)
    put(
        store,
        clip('long', embeddings=near(query, 8, 0, 1, 9, 3, 9)),
        clip('short', embeddings=near(query, 2)),
    )
    assert [place[:2] for place in found(store, query[None], spread(per_clip=3))] == [
        ('long', 1), ('long', 4), ('short', 0)
    ]  # fmt: skip
    close = found(store, query[None], spread(per_clip=3, gap_s=0))
    assert [place[:2] for place in close] == [('long', 1), ('long', 2), ('long', 4), ('short', 0)]
    assert [place[:2] for place in found(store, query[None], spread(1, per_clip=9, gap_s=7))] == [
        ('long', 1), ('long', 5)
    ]  # fmt: skip


def test_one_of_each_value_comes_with_how_many_more_there_are(store: SqliteStore) -> None:
    (query,) = queries(1)
    bells = [clip(f'bell{n}', embeddings=near(query, n), tags={'label': 'bell'}) for n in range(3)]
    put(
        store,
        *bells,
        clip('bird', embeddings=near(query, 4), tags={'label': 'bird'}),
        clip('no label', embeddings=near(query, 5), tags={}),
        clip('null', embeddings=near(query, 6), tags={'label': None}),
    )
    grouped = spread(by='label')
    assert left_out(store, query[None], grouped) == {
        'bell0': 2, 'bird': 0, 'no label': 0, 'null': 0
    }  # fmt: skip
    two = left_out(store, query[None], spread(limit=2, per_clip=2, by='label'))
    assert two == {'bell0': 1, 'bell1': 1, 'bird': 0}
    assert set(left_out(store, query[None], spread(2)).values()) == {None}


@pytest.mark.parametrize('tag', ['label', 'folder', 'recording'])
def test_values_far_behind_many_of_another_are_found(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch, tag: str
) -> None:
    monkeypatch.setattr(places, 'COUNTED_CLIPS', 5)
    monkeypatch.setattr(places, 'MAX_CLIPS', 50)
    (query,) = queries(1)
    names = ['a'] * 30 + ['b'] * 8 + ['c']
    uri = '{}.wav#t={},99' if tag == 'recording' else '{}/{}.wav'
    put(
        store,
        *(
            clip(
                f'{n}',
                embeddings=near(query, n // 4),
                uri=uri.format(name, n),
                tags={'label': name},
            )
            for n, name in enumerate(names)
        ),
    )
    assert [one[0] for one in found(store, query[None], spread(by=tag))] == ['0', '30', '38']
    assert left_out(store, query[None], spread(by=tag))['0'] == 4  # of the nearest five


@pytest.mark.parametrize('value', [['x'], {'x': 1}, 2**60, True, 1.5, 'x', 0])
def test_tags_of_every_kind_make_groups(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch, value: Any
) -> None:
    monkeypatch.setattr(places, 'COUNTED_CLIPS', 2)
    (query,) = queries(1)
    put(
        store,
        *(clip(f'{n}', embeddings=near(query, n), tags={'t': value}) for n in range(4)),
        clip('other', embeddings=near(query, 6), tags={'t': 'other'}),
        clip('one', embeddings=near(query, 7), tags={'t': 1}),
    )
    assert [one[0] for one in found(store, query[None], spread(by='t'))] == ['0', 'other', 'one']


def test_places_are_compared_as_the_search_compared_clips(store: SqliteStore) -> None:
    put(store, *(clip(f'{n}', 6) for n in range(6)))
    asked = queries(2)
    for by_example in (False, True):
        (first, _) = find(store, asked, spread(1, per_clip=2), by_example=by_example)
        best = min(
            (one for near in store.search(asked, 1, by_example=by_example) for one in near),
            key=lambda one: one.distance,
        )
        assert first[0].neighbour == best


def test_filters_and_the_clip_itself_are_left_out(store: SqliteStore) -> None:
    (query,) = queries(1)
    put(
        store,
        *(
            clip(f'{n}', embeddings=near(query, n, n), tags={'label': label, 'year': n})
            for n, label in enumerate(['bell', 'bell', 'bird', 'bird'])
        ),
    )
    for wanted, expected in (
        (spread(per_clip=2, gap_s=0), ['2', '2', '3', '3']),
        (spread(by='label'), ['2']),
    ):
        later = found(store, query[None], wanted, filter={'year': {'$gt': 1}})
        assert [place[0] for place in later] == expected
    excluded = ClipRef('0', None)
    assert [one[0] for one in found(store, query[None], spread(by='label'), excluded=excluded)] == [
        '1', '2'
    ]  # fmt: skip


def test_parts_of_one_file_and_files_of_one_folder_are_in_one_folder() -> None:
    def folder(uri: str | None) -> Any:
        return group_of('id', uri, {}, 'folder')

    assert folder('a/b.wav#t=0,9') == folder('a/c.wav')
    assert folder('a/b/c.wav') != folder('a/c.wav')
    assert folder('b.wav') == folder('c.wav#t=1,2')
    assert folder(None) == group_of('id', 'a/b.wav', {}, None)


def test_clips_that_were_cut_from_one_file_are_of_one_recording() -> None:
    def recording(uri: str | None) -> Any:
        return group_of('id', uri, {'recording': 'tape'}, 'recording')

    assert recording('a/b.wav#t=0,9') == recording('a/b.wav#t=9,18') == recording('a/b.wav')
    assert recording('a/b.wav#t=0,9') != recording('a/c.wav#t=0,9')
    assert recording('a/take#2.wav') != recording('a/take#3.wav')
    assert recording(None) == group_of('id', 'a/b.wav', {}, None)


def test_silence_is_no_place_and_windows_without_times_are_told_apart() -> None:
    (query,) = queries(1)
    one = clip('a', embeddings=near(query, 0, 1, 2, 3))
    one.embeddings[0] = 0
    one.locations[:, 1:] = UNKNOWN
    assert [place.neighbour.location[0] for place in places_in(one, query[None], 9, 2)] == [1, 3]
    assert places_in(one, np.zeros((1, DIMENSIONS), np.int8), 9, 2) == []


@pytest.mark.parametrize(
    ('parameters', 'reason'),
    [
        ({'per_clip': 0}, 'per_clip is 0; set it to a whole number'),
        ({'per_clip': 1.5}, 'per_clip is 1.5'),
        ({'per_clip': True}, 'per_clip is True'),
        ({'per_clip': 'x'}, "per_clip is 'x'"),
        ({'per_clip': 2, 'min_gap_s': -1}, 'min_gap_s is -1; set it to seconds'),
        ({'per_clip': 2, 'min_gap_s': float('nan')}, 'min_gap_s is nan'),
        ({'group_by': ''}, "group_by is ''; set it to the name of a tag, to folder, or to"),
        ({'group_by': 3}, 'group_by is 3'),
    ],
)
def test_what_cannot_be_asked_for_is_named(parameters: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Spread.parse(parameters, 5, 4.0)


def test_a_search_for_one_place_of_each_clip_is_an_ordinary_one() -> None:
    for parameters in ({}, {'per_clip': 1.0}, {'min_gap_s': 3.0}):
        assert Spread.parse(parameters, 5, 4.0) is None
    assert Spread.parse({'per_clip': 2.0}, 5, 4.0) == Spread(5, 2, 4.0, None)
    assert Spread.parse({'group_by': 'label'}, 5, 4.0) == Spread(5, 1, 4.0, 'label')
