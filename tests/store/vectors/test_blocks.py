import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_search.store.vectors.blocks import BLOCK_ROWS, Block, changed


def live(blocks: tuple[Block, ...], name: str) -> np.ndarray:
    """One of the arrays of all blocks, of the rows that were not removed."""
    empty = np.empty((0, 8), np.int8) if name == 'vectors' else np.empty(0, np.int32)
    return np.concatenate([empty] + [getattr(block, name)[block.live_rows()] for block in blocks])


def clip(number: int, size: int) -> np.ndarray:
    rng = np.random.default_rng(number)
    return rng.integers(-128, 128, (size, 8)).astype(np.int8) * (number % 7 > 0)


steps = st.lists(
    st.tuples(
        st.lists(st.integers(0, 100), max_size=6),  # which of the clips there are to remove
        st.lists(st.sampled_from([1, 2, 5, 700, 3000, 9000]), max_size=5),  # chunks of new ones
    ),
    max_size=8,
)


@given(steps)
@settings(max_examples=150, deadline=None)
def test_blocks_hold_what_was_added_and_not_removed_and_no_snapshot_ever_changes(steps):
    blocks: tuple[Block, ...] = ()
    number = 0
    sizes: dict[int, int] = {}
    earlier = []
    for picks, added in steps:
        removed = {sorted(sizes)[pick % len(sizes)] for pick in picks if sizes}
        new = {number + i: size for i, size in enumerate(added, start=1)}
        number += len(added)
        blocks = changed(blocks, removed, [(n, clip(n, size)) for n, size in new.items()])
        sizes = {n: size for n, size in (sizes | new).items() if n not in removed}
        earlier.append((blocks, dict(sizes)))
    for snapshot, expected in earlier:
        vectors = np.concatenate(
            [np.empty((0, 8), np.int8)] + [clip(n, size) for n, size in expected.items()]
        )
        norms = np.linalg.norm(vectors.astype(float), axis=1)
        counts = list(expected.values())
        ordinals = [chunk for count in counts for chunk in range(count)]
        inverse = np.divide(1, norms, out=np.zeros(len(norms)), where=norms > 0)
        assert np.array_equal(live(snapshot, 'clips'), np.repeat(list(expected), counts))
        assert np.array_equal(live(snapshot, 'ordinals'), ordinals)
        assert np.array_equal(live(snapshot, 'vectors'), vectors)
        assert np.array_equal(live(snapshot, 'square_norms'), np.rint(norms**2))
        np.testing.assert_allclose(live(snapshot, 'inverse_norms'), inverse, rtol=1e-6)


def test_a_change_without_effect_keeps_the_blocks():
    blocks = changed((), [], [(1, clip(1, 3))])
    assert changed(blocks, [], []) is blocks


def test_removals_give_memory_back():
    count = 6 * BLOCK_ROWS // 4
    blocks = changed((), [], [(n, clip(n, 4)) for n in range(count)])
    assert len(blocks) == 6
    blocks = changed(blocks, [n for n in range(count) if n % 10], [])
    assert len(blocks) == 1
    assert np.unique(live(blocks, 'clips')).tolist() == list(range(0, count, 10))


def test_a_removal_copies_little():
    """Taking one clip of many leaves all blocks but its own as they are."""
    blocks = changed((), [], [(n, clip(n, 4)) for n in range(4 * BLOCK_ROWS // 4)])
    after = changed(blocks, [BLOCK_ROWS // 4 + 1], [])
    assert [new is old for new, old in zip(after, blocks, strict=True)] == [True, False, True, True]
    assert after[1].vectors is blocks[1].vectors
    assert after[1].live_count == blocks[1].live_count - 4
