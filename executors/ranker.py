"""Chunk matches -> clip matches."""

from typing import Any

from docarray import DocList
from jina import requests

from audio_search.documents import AudioChunk, AudioClip, Match
from audio_search.places import Group, group_of
from executors.base import FlowExecutor
from executors.match_args import CSLS, DOUBTFUL, MatchArgs, parse_limit


class MyRanker(FlowExecutor):
    """Gives each query clip its nearest clips, each by the best of its chunks, nearest first; or
    what `per_clip` and `group_by` asked the indexer for.

    `match_args` are those of the indexer: with `distinct` (its default) every query chunk comes
    with the `limit` nearest clips, and only the first `limit` of them all are sure to be nearest.
    """

    def __init__(self, match_args: dict[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        args = MatchArgs.parse(match_args)
        self.limit = args.limit if args.distinct else None

    @requests(on='/search')
    def rank(
        self, docs: DocList[AudioClip], parameters: dict[str, Any] | None = None, **kwargs: Any
    ) -> DocList[AudioClip]:
        parameters = parameters or {}
        limit = parse_limit(parameters['limit']) if parameters.get('limit') else self.limit
        is_spread = bool(parameters.get('group_by')) or (parameters.get('per_clip') or 1) != 1
        for clip in docs:
            if parameters.get('order') == DOUBTFUL:  # of one window, in their order
                matches = [
                    _clip_match(one, chunk) for chunk in clip.chunks for one in chunk.matches
                ]
            elif is_spread:  # the indexer chose them, and knows how many there may be
                matches = in_groups(clip.chunks, parameters.get('group_by'))
            else:
                matches = best_by_clip(clip.chunks)[:limit]
            clip.matches = DocList[Match](matches)
            if 'embedding' not in (parameters.get('include') or ()):
                clip.chunks = DocList[AudioChunk]()
        return docs


def best_by_clip(chunks: DocList[AudioChunk]) -> list[Match]:
    """One match per clip, nearest first; ties go to the earlier query chunk."""
    best: dict[str | None, Match] = {}
    for match, chunk in _nearest_first(chunks):
        if match.parent_id not in best:
            best[match.parent_id] = _clip_match(match, chunk)
    return list(best.values())


def in_groups(chunks: DocList[AudioChunk], group_by: str | None) -> list[Match]:
    """Every match; those of one clip, or of one group (places.group_of), one after the other. The
    groups come in the order of their nearest match."""
    groups: dict[Group, list[Match]] = {}
    for match, chunk in _nearest_first(chunks):
        group = group_of(str(match.parent_id), match.uri, match.clip_tags, group_by)
        groups.setdefault(group, []).append(_clip_match(match, chunk))
    return [match for group in groups.values() for match in group]


def _nearest_first(chunks: DocList[AudioChunk]) -> list[tuple[Match, AudioChunk]]:
    return sorted(
        ((match, chunk) for chunk in chunks for match in chunk.matches),
        key=lambda pair: _rank(pair[0].scores),
    )


def _rank(scores: dict[str, float]) -> float:
    return -scores[CSLS] if CSLS in scores else scores['cosine']


def _clip_match(match: Match, chunk: AudioChunk) -> Match:
    return Match(
        id=match.parent_id,
        parent_id=match.parent_id,
        uri=match.uri,
        tags=match.clip_tags,
        scores=match.scores,
        beg_in_ms=match.beg_in_ms,
        end_in_ms=match.end_in_ms,
        query_beg_in_ms=chunk.beg_in_ms,
        query_end_in_ms=chunk.end_in_ms,
        has_file=match.has_file,
        more_from_same=match.more_from_same,
        score=match.score,
        rarity=match.rarity,
        words=match.words,
    )
