"""What judging answers gains on toy-data, and what a judged search costs among a million chunks.

Each toy clip is a query. A person listens to its first ten answers, and marks the two first right
ones and the first wrong one: the clip and these two are `like`, the third is `unlike`. Hard are the
queries that do not find all clips of their label among the first ten. P@10 is over all clips but
the query; "unjudged" leaves the three that were judged out of both rankings, where fewer than ten
right ones are left, so that neither can reach more than `best_unjudged`.
"""

import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from docarray import DocList

from audio_search.documents import AudioClip, Rows
from audio_search.evaluation import LabelSource
from audio_search.evaluation.choices import Choices
from audio_search.evaluation.encoding import LocalEncoder
from audio_search.evaluation.labels import read
from audio_search.evaluation.ranking import Windows, distances
from audio_search.evaluation.runs import encode_library
from audio_search.fitting import BACKGROUND_WINDOWS, Example, fit, load
from audio_search.fitting.fit import C
from audio_search.vggish.parameters import POOLINGS
from executors.indexer import SimpleIndexer
from scripts.benchmarks import report
from scripts.benchmarks._chunks import CHUNKS_A_CLIP
from scripts.benchmarks.index import clip_id, filled

TOYS = report.FOLDER.parent / 'toy-data'
STRENGTHS = (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
FIRST = 10  # answers that are looked at
RIGHT, WRONG = 2, 1  # of them that are judged
BINS = 5  # of probabilities
CHUNKS = 1_000_000
TURNS = 30
LIMIT = 5


def run() -> dict[str, Any]:
    load()
    return {'quality': {pooling: _quality(pooling) for pooling in POOLINGS}, 'speed': _speed()}


class Toys:
    """The toy clips, and each as a query that a person judged."""

    def __init__(self, pooling: str) -> None:
        encoder = LocalEncoder(Choices(pooling=pooling), report.FOLDER.parent / 'models')
        clips, self.library, _ = encode_library(encoder, read(TOYS, LabelSource(), None).clips)
        self.labels = np.array([clip.label for clip in clips])
        self.single = distances(self.library, self.library)
        np.fill_diagonal(self.single, np.inf)
        self.judged: dict[int, tuple[list[int], list[int]]] = {}
        for query in range(len(clips)):
            first = np.argsort(self.single[query], kind='stable')[:FIRST]
            is_right = self.labels[first] == self.labels[query]
            right, wrong = first[is_right][:RIGHT].tolist(), first[~is_right][:WRONG].tolist()
            if len(right) == RIGHT and len(wrong) == WRONG:
                self.judged[query] = right, wrong
        others = np.array([(self.labels == label).sum() - 1 for label in self.labels])
        found = [self.precision(row, n) for n, row in enumerate(self.single)]
        is_hard = np.array(found) * FIRST < np.minimum(others, FIRST)
        self.hard = [query for query in self.judged if is_hard[query]]
        self.hard_count = int(is_hard.sum())

    def windows(self, clip: int) -> np.ndarray:
        return self.library.vectors[self.library.starts[clip] : self.library.starts[clip + 1]]

    def examples(self, query: int) -> list[Example]:
        right, wrong = self.judged[query]
        return [
            *(Example(self.windows(clip)) for clip in (query, *right)),
            *(Example(self.windows(clip), is_wanted=False) for clip in wrong),
        ]

    def precision(self, far: np.ndarray, query: int) -> float:
        """P@10 of the distances of all clips."""
        first = np.argsort(far, kind='stable')[:FIRST]
        return (
            float((self.labels[first[np.isfinite(far[first])]] == self.labels[query]).sum()) / FIRST
        )

    def unjudged(self, far: np.ndarray, query: int) -> np.ndarray:
        """The distances without the clips that were judged."""
        left = far.copy()
        left[[*self.judged[query][0], *self.judged[query][1]]] = np.inf
        return left


def _quality(pooling: str) -> dict[str, Any]:
    toys = Toys(pooling)
    found: dict[str, Any] = {'clips': len(toys.labels), 'hard': toys.hard_count}
    for name, queries in (('hard', toys.hard), ('all', list(toys.judged))):
        found[name] = _gain(toys, queries) | {'queries': len(queries)}
    found['by_c'] = {f'{c:g}': _gain(toys, toys.hard, c) for c in STRENGTHS}
    found['reliability'] = _reliability(toys)
    return found


def _gain(toys: Toys, queries: Sequence[int], c: float = C) -> dict[str, float]:
    """Means over labels of P@10 and average precision, of the single example and judged."""
    values: dict[str, list[float]] = {}
    for query in queries:
        fitted = fit(toys.examples(query), _background(toys), c=c).vector
        judged = _distances(toys, fitted)
        judged[query] = np.inf
        for name, far in (('single', toys.single[query]), ('judged', judged)):
            left = toys.unjudged(far, query)
            values.setdefault(f'{name}_p_at_10', []).append(toys.precision(far, query))
            values.setdefault(f'{name}_unjudged_p_at_10', []).append(toys.precision(left, query))
            values.setdefault(f'{name}_unjudged_ap', []).append(_average(toys, left, query))
        same = (toys.labels == toys.labels[query]).sum() - 1 - RIGHT
        values.setdefault('best_unjudged_p_at_10', []).append(min(same, FIRST) / FIRST)
    labels = toys.labels[list(queries)]
    return {
        name: float(np.mean([np.array(each)[labels == label].mean() for label in set(labels)]))
        for name, each in values.items()
    }


def _average(toys: Toys, far: np.ndarray, query: int) -> float:
    order = np.argsort(far, kind='stable')
    is_right = (toys.labels[order] == toys.labels[query])[np.isfinite(far[order])]
    return float((np.cumsum(is_right)[is_right] / (np.flatnonzero(is_right) + 1)).mean())


def _distances(toys: Toys, vector: np.ndarray) -> np.ndarray:
    return distances(Windows(vector[np.newaxis], np.array([0, 1])), toys.library)[0]


def _background(toys: Toys) -> np.ndarray:
    vectors = toys.library.vectors
    places = np.linspace(0, len(vectors) - 1, min(BACKGROUND_WINDOWS, len(vectors)))
    return vectors[places.round().astype(int)]


def _reliability(toys: Toys) -> dict[str, Any]:
    """Of the first ten answers to each judged query that were not judged: how probable they were
    said to be right, and how many were."""
    said, right = [], []
    for query in toys.judged:
        fitted = fit(toys.examples(query), _background(toys), calibrate=True)
        far = toys.unjudged(_distances(toys, fitted.vector), query)
        far[query] = np.inf
        for clip in np.argsort(far, kind='stable')[:FIRST]:
            said.append(fitted.probability(float(far[clip])) or 0.0)
            right.append(bool(toys.labels[clip] == toys.labels[query]))
    probability, is_right = np.array(said), np.array(right, float)
    place = np.minimum((probability * BINS).astype(int), BINS - 1)
    bins = [
        {
            'answers': int((place == one).sum()),
            'said': float(probability[place == one].mean()),
            'right': float(is_right[place == one].mean()),
        }
        for one in np.unique(place)
    ]
    share = float(is_right.mean())
    return {
        'brier': float(((probability - is_right) ** 2).mean()),
        'brier_of_share': share * (1 - share),
        'calibration_error': sum(one['answers'] * abs(one['said'] - one['right']) for one in bins)
        / len(said),
        'bins': bins,
    }


def _speed() -> dict[str, float]:
    """Medians, in ms, through the endpoint of the indexer: documents in and out."""
    with tempfile.TemporaryDirectory() as folder:
        report.console.print(f'storing {CHUNKS:,} chunks …')
        indexer = filled(Path(folder) / 'index.sqlite', CHUNKS)
        begun = time.perf_counter()
        indexer.samples.get()
        found = {'chunks': float(CHUNKS), 'sample_ms': 1e3 * (time.perf_counter() - begun)}
        ways: dict[str, tuple[bool, dict[str, Any]]] = {
            'plain_ms': (False, {}),
            'plain_exclude_self_ms': (False, {'exclude_self': True}),
            'judged_ms': (True, {}),
            'judged_exclude_self_ms': (True, {'exclude_self': True}),
            'judged_score_ms': (True, {'include': ['score']}),
            'judged_doubtful_ms': (True, {'order': 'doubtful'}),
            'plain_csls_ms': (False, {'hubness': 'csls'}),
        }
        times: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(TURNS):
            for name, (is_judged, parameters) in ways.items():
                times[name].append(_searched(indexer, turn, is_judged, parameters))
        indexer.close()
    return found | {name: statistics.median(each) for name, each in times.items()}


def _searched(
    indexer: SimpleIndexer, turn: int, is_judged: bool, parameters: Mapping[str, Any]
) -> float:
    """The ms that a search by stored clips takes; a plain one is by a clip of four windows."""
    rng = np.random.default_rng(turn)
    ids = [clip_id(int(n)) for n in rng.integers(CHUNKS // CHUNKS_A_CLIP, size=4)]
    query = AudioClip(id=ids[0])
    if is_judged:
        rows = ({'is_wanted': number < 3, 'id': id_, 'uri': None} for number, id_ in enumerate(ids))
        query = AudioClip(examples=Rows(rows))
    begun = time.perf_counter()
    (found,) = indexer.search(DocList[AudioClip]([query]), {'limit': LIMIT, **parameters})
    spent_ms = 1e3 * (time.perf_counter() - begun)
    assert found.error is None, found.error
    return spent_ms


def show(figures: dict[str, Any]) -> None:
    for pooling, found in figures['quality'].items():
        report.table(
            f'toy clips, {pooling}: two right and one wrong answer judged',
            ('queries', 'P@10', 'judged', 'unjudged P@10', 'judged', 'AP', 'judged'),
            (_row(f'{found[name]["queries"]} {name}', found[name]) for name in ('hard', 'all')),
        )
        report.table(
            'hard ones, by the strength C',
            ('C', 'P@10', 'judged', 'unjudged P@10', 'judged', 'AP', 'judged'),
            (_row(c, one) for c, one in found['by_c'].items()),
        )
        reliability = found['reliability']
        report.table(
            f'probabilities: Brier score {reliability["brier"]:.3f} (of the share of right ones '
            f'{reliability["brier_of_share"]:.3f}), error {reliability["calibration_error"]:.3f}',
            ('said', 'right', 'answers'),
            (
                (f'{one["said"]:.2f}', f'{one["right"]:.2f}', one['answers'])
                for one in reliability['bins']
            ),
        )
    speed = dict(figures['speed'])
    report.table(
        f'searches among {speed.pop("chunks"):,.0f} chunks, for {LIMIT} clips, ms',
        ('', 'median'),
        ((name.removesuffix('_ms').replace('_', ' '), f'{ms:.0f}') for name, ms in speed.items()),
    )


def _row(name: str, one: Mapping[str, float]) -> list[str]:
    return [name] + [
        f'{one[f"{way}_{measure}"]:.3f}'
        for measure in ('p_at_10', 'unjudged_p_at_10', 'unjudged_ap')
        for way in ('single', 'judged')
    ]
