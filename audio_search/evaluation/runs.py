"""One run: clips encoded by some choices, ranked, and their queries made harder."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from audio_search.audio.decoding import AudioError
from audio_search.evaluation import metrics, ranking
from audio_search.evaluation.choices import Choices
from audio_search.evaluation.encoding import Encoder, Unusable, load
from audio_search.evaluation.errors import EvaluationError
from audio_search.evaluation.labels import Clip
from audio_search.evaluation.metrics import Truth
from audio_search.evaluation.ranking import Windows
from audio_search.evaluation.stress import Variant, partners

# Hands on clips one by one, and shows how far it is under a title.
Track = Callable[[Sequence[Clip], str], Iterable[Clip]]
Values = Mapping[str, np.ndarray]  # each of metrics.NAMES for each judged query


@dataclass(frozen=True)
class Vectors:
    """The windows of all clips, and those of the queries made of them by the name of a variant."""

    library: Windows
    stressed: Mapping[str, Windows]


@dataclass(frozen=True)
class Run:
    """How well the clips found each other."""

    choices: Choices
    distances: np.ndarray  # float64 [clips, clips]
    values: Values
    stressed: Mapping[str, Values]

    def as_dict(self, units: np.ndarray) -> dict[str, Any]:
        """The means with their intervals, and below `stress` those of each variant."""
        stress = {name: metrics.summary(values, units) for name, values in self.stressed.items()}
        return {**metrics.summary(self.values, units), 'stress': stress}

    def less(self, base: 'Run') -> 'Run':
        """The paired differences, query by query, from `base` to this."""
        return Run(
            self.choices,
            self.distances,
            _less(self.values, base.values),
            {name: _less(self.stressed[name], base.stressed[name]) for name in self.stressed},
        )


def _less(values: Values, base: Values) -> Values:
    return {name: values[name] - base[name] for name in values}


def untracked(clips: Sequence[Clip], title: str) -> Iterable[Clip]:
    """Shows nothing."""
    return clips


def encode_library(
    encoder: Encoder, clips: Sequence[Clip], track: Track = untracked
) -> tuple[list[Clip], Windows, list[str]]:
    """The clips that can be used, their windows, and of each other why it cannot be.

    Raises EvaluationError where none can be.
    """
    loaded: list[Clip] = []
    failures: list[str] = []

    def sounds() -> Iterator[np.ndarray]:
        for clip in track(clips, 'clips'):
            try:
                sound = load(clip)
            except AudioError as error:
                failures.append(str(error))
                continue
            loaded.append(clip)
            yield sound

    kept, parts = [], []
    for number, part in enumerate(encoder.encode(sounds())):
        if isinstance(part, Unusable):
            failures.append(f'{loaded[number].name}: {part.reason}')
        else:
            kept.append(loaded[number])
            parts.append(part)
    if not kept:
        raise EvaluationError(f'None of the {len(clips)} clips can be used: {failures[0]}')
    return kept, ranking.stack(parts), [f'left out: {failure}' for failure in failures]


def encode_queries(
    encoder: Encoder,
    clips: Sequence[Clip],
    variants: Sequence[Variant],
    dimensions: int,
    track: Track = untracked,
) -> dict[str, Windows]:
    """The windows of the queries that each variant makes of the clips, by its name."""

    def sounds(variant: Variant) -> Iterator[np.ndarray]:
        others = partners([clip.label for clip in clips])
        for clip, other in zip(track(clips, variant.title), others, strict=True):
            mixed = [load(clips[other])] if variant.mixes else []
            yield variant.change(load(clip), *mixed)

    return {
        variant.name: ranking.stack(
            [
                # What the service refuses finds nothing, as if nobody could hear it.
                np.zeros((1, dimensions), np.int8) if isinstance(part, Unusable) else part
                for part in encoder.encode(sounds(variant))
            ]
        )
        for variant in variants
    }


def run(choices: Choices, vectors: Vectors, truth: Truth, variants: Sequence[Variant]) -> Run:
    """Rank the clips, each by each, and judge the rankings. Raises EvaluationError where nothing
    can be heard in any of them."""
    distances = found(vectors.library, vectors.library, truth, choices)
    if not np.isfinite(distances[truth.allowed]).any():
        raise EvaluationError('Nothing can be heard in any of the clips; give some with sound')
    stressed = {}
    for variant in variants:
        queries = vectors.stressed[variant.name]
        # The clip behind a query is no answer: to find it would be neither right nor wrong.
        asked = truth.without(partners(truth.labels.tolist())) if variant.mixes else truth
        stressed[variant.name] = metrics.by_query(
            found(queries, vectors.library, asked, choices), asked
        )
    return Run(choices, distances, metrics.by_query(distances, truth), stressed)


def found(queries: Windows, library: Windows, truth: Truth, choices: Choices) -> np.ndarray:
    """The distances of the clips that the search finds: float64 [queries, clips], else infinity."""
    compare = ranking.damped if choices.hubness == 'csls' else ranking.distances
    distances = compare(queries, library)
    if choices.search == 'ann':
        distances[~ranking.suggested(queries, library, truth.allowed)] = np.inf
    return distances
