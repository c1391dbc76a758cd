"""The exact search against a brute force in float64."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_search.store.vectors.blocks import BLOCK_ROWS, Block, changed
from audio_search.store.vectors.scan import Scanner

DIMENSIONS = 16
EXAMPLE = 128


@pytest.fixture(scope='module', params=[1, 3], ids='{} threads'.format)
def scanner(request):
    scanner = Scanner(request.param)
    yield scanner
    scanner.close()


def blocks_of(clips: list[np.ndarray], removed: tuple[int, ...] = ()) -> tuple[Block, ...]:
    """Clips numbered from 1 on."""
    return changed(changed((), [], enumerate(clips, start=1)), removed, [])


def distances(query: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """1 - cos, and infinite where a vector is zero."""
    a, b = query.astype(np.float64), vectors.astype(np.float64)
    norms = np.linalg.norm(a) * np.linalg.norm(b, axis=1)
    return 1 - np.divide(b @ a, norms, out=np.full(len(b), -np.inf), where=norms > 0)


def brute_force(
    clips: list[np.ndarray], numbers: list[int], query: np.ndarray, *, distinct: bool
) -> list[tuple[float, int, int]]:
    """(distance, number, chunk), ascending: of each clip's nearest chunk, or of all chunks."""
    found = []
    for number in numbers:
        chunk_distances = distances(query, clips[number - 1])
        if distinct:
            nearest = int(chunk_distances.argmin())
            found.append((float(chunk_distances[nearest]), number, nearest))
        else:
            found += [(float(d), number, chunk) for chunk, d in enumerate(chunk_distances)]
    return sorted(one for one in found if np.isfinite(one[0]))


def windows(rng: np.random.Generator, size: int) -> np.ndarray:
    """Overlapping windows: the halves of each are shared with its neighbours."""
    frames = rng.integers(-128, 128, (size + 1, DIMENSIONS // 2))
    return np.concatenate([frames[:-1], frames[1:]], axis=1).astype(np.int8)


def collection(seed: int, sizes: list[int], kind: str) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    if kind == 'overlapping':
        return [windows(rng, size) for size in sizes]
    if kind == 'anything':
        return [rng.integers(-128, 128, (size, DIMENSIONS)).astype(np.int8) for size in sizes]
    # Few different vectors, so that most are equal to many others; some are zero.
    vectors = rng.integers(-3, 4, (6, DIMENSIONS)).astype(np.int8)
    vectors[0] = 0
    return [vectors[rng.integers(0, len(vectors), size)] for size in sizes]


collections = st.builds(
    collection,
    st.integers(0, 2**32 - 1),
    # One-chunk clips, clips of a few chunks, and one that is larger than the rest together.
    st.lists(st.sampled_from([1, 1, 2, 4, 9, 500, BLOCK_ROWS + 900]), min_size=1, max_size=30),
    st.sampled_from(['overlapping', 'anything', 'equal']),
)


@given(
    clips=collections,
    seed=st.integers(0, 2**32 - 1),
    limit=st.sampled_from([1, 2, 5, 40]),
    distinct=st.booleans(),
    filtered=st.booleans(),
    removing=st.booleans(),
    excluding=st.booleans(),
)
@settings(max_examples=120, deadline=None)
def test_the_search_equals_a_brute_force(
    scanner, clips, seed, limit, distinct, filtered, removing, excluding
):
    rng = np.random.default_rng(seed)
    numbers = list(range(1, len(clips) + 1))
    removed = tuple(n for n in numbers if removing and rng.random() < 0.3)
    selected = [n for n in numbers if not filtered or rng.random() < 0.5]
    stored = np.concatenate(clips)
    queries = np.concatenate(
        [
            stored[rng.integers(0, len(stored), 2)],
            rng.integers(-128, 128, (2, DIMENSIONS)).astype(np.int8),
            np.zeros((1, DIMENSIONS), np.int8),
        ]
    )
    excluded = [int(rng.choice(numbers)) if excluding else None for _ in queries]

    results = scanner.search(
        blocks_of(clips, removed),
        queries,
        limit,
        distinct=distinct,
        selected=np.array(selected, np.int32) if filtered else None,
        excluded=excluded,
    )

    assert len(results) == len(queries)
    for query, result, own in zip(queries, results, excluded, strict=True):
        searched = [n for n in selected if n not in removed and n != own]
        expected = brute_force(clips, searched, query, distinct=distinct)[:limit]
        np.testing.assert_allclose(result.distances, [d for d, _, _ in expected], atol=1e-6)
        found = list(zip(result.clips.tolist(), result.ordinals.tolist(), strict=True))
        assert len(set(found)) == len(found)
        assert not distinct or len({number for number, _ in found}) == len(found)
        # Neighbours are the same, ties aside: each is where it says it is.
        for (number, chunk), distance in zip(found, result.distances, strict=True):
            assert number in searched
            np.testing.assert_allclose(
                distances(query, clips[number - 1][chunk : chunk + 1])[0], distance, atol=1e-6
            )
        # Ties: the clip that was stored first, and its first chunk.
        assert sorted(zip(result.distances.tolist(), found, strict=True)) == list(
            zip(result.distances.tolist(), found, strict=True)
        )


def test_of_equal_vectors_the_first_are_found(scanner):
    """Behind others, and enough for many blocks in each thread, all as near as each other."""
    same = np.full((4, DIMENSIONS), 7, np.int8)
    others = BLOCK_ROWS // 4 + 1
    blocks = blocks_of([-same] * others + [same] * (12 * BLOCK_ROWS // 4))
    for _ in range(5):
        (result,) = scanner.search(blocks, same[:1], 3)
        assert result.clips.tolist() == [others + 1, others + 2, others + 3]
        assert result.ordinals.tolist() == [0, 0, 0]
        assert result.distances.tolist() == [0.0, 0.0, 0.0]


def test_identical_is_exactly_0_opposite_2(scanner):
    vector = np.arange(1, DIMENSIONS + 1, dtype=np.int8)
    clips = [vector[np.newaxis] * sign for sign in (-1, 1, 3)]
    (result,) = scanner.search(blocks_of(clips), vector[np.newaxis], 4)
    assert result.clips.tolist() == [2, 3, 1]
    assert result.distances.tolist() == [0.0, 0.0, 2.0]


def test_zero_vectors_find_nothing_and_are_not_found(scanner):
    """Also where all others point away, so that a product of 0 is the largest."""
    vector = np.arange(1, DIMENSIONS + 1, dtype=np.int8)
    silence = [np.zeros((3, DIMENSIONS), np.int8)] * BLOCK_ROWS
    clips = [*silence, -vector[np.newaxis], np.stack([0 * vector, -vector, 0 * vector]), *silence]
    queries = np.stack([vector, 0 * vector])
    for distinct in (True, False):
        away, nothing = scanner.search(blocks_of(clips), queries, 4, distinct=distinct)
        assert away.clips.tolist() == [BLOCK_ROWS + 1, BLOCK_ROWS + 2]
        assert away.ordinals.tolist() == [0, 1]
        assert away.distances.tolist() == [2.0, 2.0]
        assert len(nothing.clips) == 0


def test_extreme_values_do_not_overflow(scanner):
    """512 times -128 * -128 is the largest sum there is."""
    low = np.full((1, 512), -128, np.int8)
    high = np.full((1, 512), 127, np.int8)
    (result,) = scanner.search(blocks_of([high, low]), low, 2)
    assert result.clips.tolist() == [2, 1]
    np.testing.assert_allclose(result.distances, [0, 2], atol=1e-12)


def test_an_empty_index_and_no_queries(scanner):
    query = np.ones((2, DIMENSIONS), np.int8)
    assert [len(one.clips) for one in scanner.search((), query, 5)] == [0, 0]
    assert scanner.search(blocks_of([query]), query[:0], 5) == []


def test_more_queries_than_are_compared_at_once(scanner):
    rng = np.random.default_rng(0)
    clips = [rng.integers(-128, 128, (1, DIMENSIONS)).astype(np.int8) for _ in range(150)]
    results = scanner.search(blocks_of(clips), np.concatenate(clips), 1)
    assert [result.clips.tolist() for result in results] == [[n] for n in range(1, 151)]


def by_examples(seed: int, count: int, parts: int, unrest: float) -> np.ndarray:
    """Vectors of several examples that are more or less alike; some are silent, some are faint."""
    rng = np.random.default_rng(seed)
    sounds = rng.normal(0, 40, (count // 20 + 1, 1, EXAMPLE))[
        rng.integers(0, count // 20 + 1, count)
    ]
    examples = sounds + unrest * rng.normal(0, 40, (count, parts, EXAMPLE))
    examples *= rng.choice([0, 0.02, 1, 1, 1, 4], (count, 1, 1))
    return np.clip(np.rint(examples), -128, 127).astype(np.int8).reshape(count, -1)


@given(
    seed=st.integers(0, 2**32 - 1),
    parts=st.sampled_from([2, 3, 4]),
    unrest=st.sampled_from([0, 0.2, 1, 5]),
    limit=st.sampled_from([1, 5, 40]),
    distinct=st.booleans(),
    removing=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_no_bound_leaves_out_one_of_the_nearest(
    scanner, seed, parts, unrest, limit, distinct, removing
):
    """Vectors of examples, in blocks enough for the bound to be used."""
    rng = np.random.default_rng(seed)
    stored = by_examples(seed, 2 * BLOCK_ROWS + 300, parts, unrest)
    clips = [stored[start : start + 4] for start in range(0, len(stored), 4)]
    numbers = list(range(1, len(clips) + 1))
    removed = tuple(rng.choice(numbers, 400, replace=False).tolist()) if removing else ()
    queries = np.concatenate([stored[rng.integers(0, len(stored), 5)], by_examples(1, 1, parts, 1)])
    limits = [limit] * 5 + [limit + 2]

    results = scanner.search(blocks_of(clips, removed), queries, limits, distinct=distinct)

    alive = np.isin(np.arange(len(stored)) // 4 + 1, removed, invert=True)
    for query, result, own_limit in zip(queries, results, limits, strict=True):
        all_distances = np.where(alive, distances(query, stored), np.inf)
        if distinct:
            all_distances = all_distances.reshape(-1, 4).min(axis=1)
        expected = np.sort(all_distances)[:own_limit]
        np.testing.assert_allclose(result.distances, expected[np.isfinite(expected)], atol=1e-9)


def test_the_bound_spares_most_rows_where_sounds_are_steady():
    """What is not read cannot be found: the vectors of all rows far from the query are changed
    behind the scanner's back, and it does not notice."""
    scanner = Scanner(1)
    steady = np.repeat(by_examples(3, 4 * BLOCK_ROWS, 1, 0), 4, axis=1)
    steady = steady[np.linalg.norm(steady.astype(float), axis=1) > 200]
    blocks = blocks_of(list(steady[:, np.newaxis]))
    query = steady[-1:]
    (before,) = scanner.search(blocks, query, 3)
    for block in blocks[1:]:
        far = distances(query[0], block.vectors[: block.count]) > 0.9
        assert far.mean() > 0.3
        block.vectors[: block.count][far] = query[0]
    (after,) = scanner.search(blocks, query, 3)
    scanner.close()
    assert after.clips.tolist() == before.clips.tolist()
