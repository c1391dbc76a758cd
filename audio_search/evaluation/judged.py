"""How well the index finds what people judged right: each right clip is searched for the others.

The judged clips are a sample of what is relevant, so most metrics are defined for what is left when
all others are dropped from the ranking: *condensed lists* (T. Sakai, "Alternatives to Bpref", SIGIR
2007, doi 10.1145/1277741.1277756). Where clips that nobody judged count as wrong instead, as in
pooled test collections, an index with many of them seems worse than it is.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from audio_search.evaluation import metrics
from audio_search.evaluation.errors import EvaluationError
from audio_search.evaluation.metrics import Truth

RIGHT, WRONG, UNSURE = 'right', 'wrong', 'unsure'
DEPTH = 1000  # of a ranking in which clips that nobody judged count as wrong
WORST = 8  # queries that are named
SHOWN = 3  # of the clips that one found first

Judgement = Mapping[str, Any]  # as GET /judgements has them
# (query, parameters of /search) -> its matches
Search = Callable[[dict[str, Any], dict[str, Any]], Sequence[Mapping[str, Any]]]


class Query(NamedTuple):
    """A clip that is right for a label, or the part of it that is; `part` is in seconds."""

    label: str
    id: str
    uri: str
    part: tuple[float, float] | None

    @property
    def as_sent(self) -> dict[str, str]:
        return {'id': self.id if self.part is None else f'{self.id}#t={_part(self.part)}'}

    @property
    def name(self) -> str:
        return self.uri if self.part is None else f'{self.uri} ({_part(self.part)} s)'


@dataclass(frozen=True)
class Ranking:
    """What one query found: clips, how far they are (infinitely where they were not found), and
    which of them are right."""

    query: Query
    names: list[str]
    distances: np.ndarray  # float64 [clips]
    right: np.ndarray  # bool [clips]


@dataclass(frozen=True)
class JudgedEvaluation:
    """What came out. `as_dict` has all figures, JSON-ready."""

    rankings: list[Ranking]
    values: dict[str, np.ndarray]  # each of metrics.NAMES for each ranking
    judgements: int
    unjudged_count_as_wrong: bool
    warnings: list[str]
    seconds: dict[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """A metric NAME stands beside its 95 % interval, NAME_interval."""
        labels = np.array([one.query.label for one in self.rankings])
        numbers: dict[tuple[str, str], int] = {}
        # Parts of one clip are no independent questions.
        asked = [(one.query.label, one.query.id) for one in self.rankings]
        units = [numbers.setdefault(one, len(numbers)) for one in asked]
        return {
            'judgements': self.judgements,
            'unjudged': 'wrong' if self.unjudged_count_as_wrong else 'left out',
            'labels': len(set(labels.tolist())),
            'queries': len(self.rankings),
            **metrics.summary(self.values, np.array(units)),
            'per_label': metrics.per_label(self.values, labels),
            'threshold': metrics.best_threshold(*_pairs(self.rankings)),
            'worst': [
                _as_dict(self.rankings[number], float(self.values['map'][number]))
                for number in np.argsort(self.values['map'], kind='stable')[:WORST].tolist()
                if self.values['map'][number] < 1
            ],
            'warnings': self.warnings,
            'seconds': self.seconds,
        }


def evaluate_judgements(
    judgements: Sequence[Judgement],
    search: Search,
    *,
    unjudged_count_as_wrong: bool = False,
    track: Callable[[Sequence[Query], str], Iterable[Query]] = lambda queries, title: queries,
) -> JudgedEvaluation:
    """Search each clip that is right for a label, and see where the others are that are.

    Of several judgements of one part the last counts, whoever made it. A clip is right for a label
    if it or one of its parts is, and wrong if they are only wrong. Labels with fewer than two right
    clips, or where there is nothing that may be found but right ones, are left out and named in the
    warnings; so is a query that fails. Raises EvaluationError where nothing is left.
    """
    begun = time.monotonic()
    verdicts = verdicts_of(judgements)
    queries, warnings = _queries_of(judgements, verdicts, unjudged_count_as_wrong)
    rankings = []
    for query in track(queries, 'judged clips'):
        asked = verdicts[query.label]
        parameters: dict[str, Any] = {'exclude_self': True, 'limit': DEPTH}
        if not unjudged_count_as_wrong:
            parameters |= {'filter': {'$id': {'$in': list(asked)}}, 'limit': len(asked)}
        try:
            matches = search(query.as_sent, parameters)
        except EvaluationError as error:
            warnings.append(f'left out: {query.name}: {error}')
            continue
        rankings.append(_ranked(query, matches, asked))
    if not rankings:
        reason = f' ({warnings[0]})' if warnings else ''
        raise EvaluationError(
            'Nothing can be evaluated: a label needs two clips that are judged right, and one that '
            f'is judged wrong, unless what nobody judged counts as wrong{reason}'
        )
    each = [metrics.by_query(one.distances[np.newaxis], _truth(one)) for one in rankings]
    return JudgedEvaluation(
        rankings,
        {name: np.concatenate([values[name] for values in each]) for name in metrics.NAMES},
        len(judgements),
        unjudged_count_as_wrong,
        warnings,
        {'all': time.monotonic() - begun},
    )


def verdicts_of(judgements: Iterable[Judgement]) -> dict[str, dict[str, bool]]:
    """For each label the clips that are right (true) or wrong, by their ids; see
    `evaluate_judgements`."""
    found: dict[str, dict[str, bool]] = {}
    for one in _last(judgements):
        if one['judgement'] != UNSURE:
            clips = found.setdefault(one['label'], {})
            clips[one['id']] = clips.get(one['id'], False) or one['judgement'] == RIGHT
    return found


def _last(judgements: Iterable[Judgement]) -> list[Judgement]:
    """Of each part and label, whoever judged, what was said last."""
    ordered = sorted(judgements, key=lambda one: str(one['time']))
    return list({(one['label'], one['id'], _key(one)): one for one in ordered}.values())


def _key(one: Judgement) -> tuple[float, float] | None:
    return one['part'] and (one['part'][0], one['part'][1])


def _queries_of(
    judgements: Iterable[Judgement],
    verdicts: Mapping[str, Mapping[str, bool]],
    unjudged_count_as_wrong: bool,
) -> tuple[list[Query], list[str]]:
    """What is searched for, and which labels are left out."""
    usable, warnings = set(), []
    for label, clips in sorted(verdicts.items()):
        right = sum(clips.values())
        if right < 2:
            warnings.append(f'left out: {label} has {right} right clips, and two are needed')
        elif right == len(clips) and not unjudged_count_as_wrong:
            warnings.append(
                f'left out: no clip is judged wrong for {label}, so that every ranking is perfect'
            )
        else:
            usable.add(label)
    queries = [
        Query(one['label'], one['id'], one.get('uri') or one['id'], _key(one))
        for one in _last(judgements)
        if one['label'] in usable and one['judgement'] == RIGHT
    ]
    return queries, warnings


def _ranked(
    query: Query, matches: Sequence[Mapping[str, Any]], verdicts: Mapping[str, bool]
) -> Ranking:
    found = {match['id']: float(match['scores']['cosine']) for match in matches}
    names = {match['id']: match['uri'] or match['id'] for match in matches}
    found.pop(query.id, None)
    missing = [id_ for id_, right in verdicts.items() if right and id_ not in found]
    ids = [*found, *(id_ for id_ in missing if id_ != query.id)]
    return Ranking(
        query,
        [names.get(id_, id_) for id_ in ids],
        np.array([found.get(id_, np.inf) for id_ in ids]),
        np.array([verdicts.get(id_, False) for id_ in ids]),
    )


def _truth(ranking: Ranking) -> Truth:
    """Of a single query."""
    same = ranking.right[np.newaxis]
    return Truth(np.array([ranking.query.label]), same, np.ones_like(same), np.zeros(1, int))


def _pairs(rankings: Iterable[Ranking]) -> tuple[np.ndarray, np.ndarray]:
    """The distance of each query from each clip that it found, and whether that is right."""
    found = [(one, np.isfinite(one.distances)) for one in rankings]
    return (
        np.concatenate([one.distances[is_found] for one, is_found in found]),
        np.concatenate([one.right[is_found] for one, is_found in found]),
    )


def _as_dict(ranking: Ranking, average_precision: float) -> dict[str, Any]:
    nearest = np.argsort(ranking.distances, kind='stable')
    first = [i for i in nearest.tolist() if np.isfinite(ranking.distances[i])]
    return {
        'clip': ranking.query.name,
        'label': ranking.query.label,
        'average_precision': average_precision,
        'matches': [
            {
                'clip': ranking.names[i],
                'right': bool(ranking.right[i]),
                'distance': float(ranking.distances[i]),
            }
            for i in first[:SHOWN]
        ],
    }


def _part(part: tuple[float, float]) -> str:
    return f'{part[0]:.15g},{part[1]:.15g}'
