"""Documents <-> the chunks that a search finds."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from docarray import DocList

from audio_search.documents import AudioClip, Match, fail
from audio_search.places import Spread
from audio_search.rarity import PAIRS, of_direction
from audio_search.store import ClipStore, Neighbour
from executors.clip_events import compared
from executors.clip_examples import FittedQuery
from executors.clip_hubness import Hubness
from executors.clip_places import match_places, own_clip
from executors.clip_records import match_of
from executors.clip_samples import Samples
from executors.match_args import CSLS, DOUBTFUL, MatchArgs, parse_limit, parse_match


@dataclass(frozen=True)
class Query:
    """A document that is searched with, its embeddings, int8 [chunks, dimensions], and where these
    were fitted to examples, what was."""

    doc: AudioClip
    vectors: np.ndarray
    fitted: FittedQuery | None = None

    @property
    def own_clips(self) -> frozenset[str]:
        return self.fitted.own_clips if self.fitted else frozenset()


def match(
    store: ClipStore,
    samples: Samples,
    hubness: Hubness,
    queries: Sequence[Query],
    parameters: dict[str, Any],
    defaults: MatchArgs,
) -> None:
    """Give each chunk of the queries its `matches`, see ClipIndexer.search. Raises ValueError and
    StorageError."""
    limit = parameters.get('limit')
    limit = defaults.limit if limit is None else parse_limit(limit)
    wanted = parameters.get('match') and parse_match(parameters['match'])
    by_example = wanted == 'example'
    if wanted:
        for query in queries:
            query.doc.compared = compared(store.configuration, wanted)
    if parameters.get('order') == DOUBTFUL:
        for query in queries:
            try:
                _match_doubtful(store, query, parameters, limit)
            except ValueError as error:
                fail(query.doc, error)
    elif parameters.get('hubness') == CSLS:
        for query in queries:
            left_out = _own_clips(store, query) if parameters.get('exclude_self') else frozenset()
            hubness.match(query.doc, query.vectors, limit, parameters.get('filter'), left_out)
    elif spread := Spread.parse(parameters, limit, store.configuration.window_s):
        for query in queries:
            chosen = parameters
            if parameters.get('exclude_self'):
                chosen = parameters | {'filter': _without(parameters, query.own_clips)}
            match_places(store, query.doc, query.vectors, spread, chosen, by_example)
    else:
        _match_clips(store, queries, parameters, limit, defaults.distinct, by_example)
    include = parameters.get('include') or ()
    for query in queries:
        if 'score' in include:
            _fill_scores(query)
        if 'rarity' in include:
            _fill_rarities(
                samples, query, store.configuration.examples_per_chunk if by_example else 1
            )


def _match_clips(
    store: ClipStore,
    queries: Sequence[Query],
    parameters: dict[str, Any],
    limit: int,
    is_distinct: bool,
    by_example: bool,
) -> None:
    distinct = parameters.get('distinct')
    distinct = is_distinct if distinct is None else bool(distinct)
    for together in _searched_together(queries, bool(parameters.get('exclude_self'))):
        excluded, out, chosen = None, frozenset[str](), parameters.get('filter')
        if parameters.get('exclude_self'):
            excluded = [own_clip(query.doc) for query in together for _ in query.doc.chunks]
            out = together[0].own_clips
        if not distinct:
            chosen, out = _without(parameters, out), frozenset()
        found = iter(
            store.search(
                np.concatenate([query.vectors for query in together]),
                limit + len(out),
                distinct=distinct,
                filter=chosen,
                excluded=excluded,
                by_example=by_example,
            )
        )
        for query in together:
            for chunk in query.doc.chunks:
                chunk.matches = _matches(next(found), out, limit)


def _own_clips(store: ClipStore, query: Query) -> frozenset[str]:
    own = own_clip(query.doc)
    entry = store.find(own.id, own.uri)
    return query.own_clips | ({entry.id} if entry else frozenset())


def _match_doubtful(store: ClipStore, query: Query, parameters: dict[str, Any], limit: int) -> None:
    """The windows nearest to where a fitted query is undecided, each of another clip."""
    boundary = query.fitted.fitted.boundary if query.fitted else None
    if boundary is None:
        raise ValueError(
            'the order doubtful is for a query of several examples (like, unlike) among other '
            'clips: no other says what is right and what is wrong; add some, or leave order out'
        )
    out = query.own_clips if parameters.get('exclude_self') else frozenset[str]()
    found = store.search_around(
        query.vectors[0], boundary, limit + len(out), filter=parameters.get('filter')
    )
    query.doc.chunks[0].matches = _matches(found, out, limit)


def _searched_together(queries: Sequence[Query], exclude_self: bool) -> list[Sequence[Query]]:
    """In one pass; but each by itself that leaves out clips of its own, which are several."""
    if not exclude_self:
        return [queries]
    alone = [[query] for query in queries if query.own_clips]
    others = [query for query in queries if not query.own_clips]
    return [others, *alone] if others else list(alone)


def _matches(neighbours: Sequence[Neighbour], out: Collection[str], limit: int) -> DocList[Match]:
    """The nearest `limit` that are not of the clips `out`. Of n clips more than these, `limit` are
    left at least: the search gives each clip once."""
    left = [one for one in neighbours if one.clip_id not in out]
    return DocList[Match](match_of(one) for one in left[:limit])


def _without(parameters: dict[str, Any], clips: Collection[str]) -> Any:
    """The filter, without these clips."""
    filter = parameters.get('filter')
    if not clips:
        return filter
    return {'$and': [filter or {}, {'$not': {'$id': {'$in': sorted(clips)}}}]}


def _fill_scores(query: Query) -> None:
    if query.fitted is None:
        return
    for chunk in query.doc.chunks:
        for one in chunk.matches:
            probability = query.fitted.fitted.probability(one.scores['cosine'])
            one.score = None if probability is None else round(probability, 4)


def _fill_rarities(samples: Samples, query: Query, parts: int) -> None:
    """A sound is compared with pairs of sounds. Words, and what was fitted, are no sound: of these
    it is told how many windows are nearer."""
    if query.fitted or query.doc.words is not None:
        rarity = of_direction(query.vectors[0], samples.windows(PAIRS), parts)
    else:
        rarity = samples.pairs(parts)
    for chunk in query.doc.chunks:
        for one in chunk.matches:
            share = rarity.of(one.scores['cosine'])
            one.rarity = None if share is None else round(share, 4)
