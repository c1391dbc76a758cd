"""Filters over what is stored, against what they mean in Python."""

from contextlib import closing

from hypothesis import HealthCheck, example, given, settings

from tests.store.clips import clip, put
from tests.store.filter_cases import EXAMPLES, filters, holds, tag_sets


@given(tag_sets, filters)
@example(*EXAMPLES[0])
@example(*EXAMPLES[1])
@example(*EXAMPLES[2])
@example(*EXAMPLES[3])
@example(*EXAMPLES[4])
@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_filters_select_what_they_mean(make_store, tags, filter_):
    expected = [str(i) for i, one in enumerate(tags) if holds(filter_, one)]
    with closing(make_store()) as store:
        with store.transaction() as transaction:
            transaction.clear()
        put(store, *(clip(str(i), 1, tags=one) for i, one in enumerate(tags)))
        assert [entry.id for entry in store.page(0, 99, filter=filter_)[0]] == expected
        (found,) = store.search(clip('q', 1).embeddings, 99, filter=filter_)
        assert sorted(one.clip_id for one in found) == expected
        with store.transaction() as transaction:
            removed = transaction.delete_selected(filter=filter_)
        assert [entry.id for entry in removed] == expected
