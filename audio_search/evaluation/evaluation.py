"""The evaluation of a folder: its labels, the runs over it, what they are compared with."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from audio_search.evaluation import baselines, labels, metrics, ranking, stress
from audio_search.evaluation.choices import READERS, Choices, parse
from audio_search.evaluation.encoding import Encoder, LocalEncoder, load
from audio_search.evaluation.errors import EvaluationError
from audio_search.evaluation.labels import Clip, LabelSource
from audio_search.evaluation.metrics import Truth
from audio_search.evaluation.runs import (
    Run,
    Track,
    Values,
    Vectors,
    encode_library,
    encode_queries,
    run,
    untracked,
)
from audio_search.evaluation.through_service import TOLD, ServiceEncoder
from audio_search.settings import DEFAULTS, models_folder

WORST = 8  # queries that are named
SHOWN_MATCHES = 3  # of each of them


@dataclass(frozen=True)
class Evaluation:
    """What came out. `as_dict` has all figures, JSON-ready; the arrays are for whoever wants more.

    `base` is the run by `base.choices`; `comparisons` are those that change something, each with
    what it changes. `truth` says which answer was right.
    """

    folder: Path
    source: str  # of the labels, in words
    encoder: str  # in words
    options: dict[str, str | float | None]  # of the base run, as far as they are known
    clips: list[Clip]
    truth: Truth
    base: Run
    variants: list[stress.Variant]
    baselines: dict[str, Values]
    comparisons: list[tuple[str, Run]]
    warnings: list[str]
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def units(self) -> np.ndarray:
        return self.truth.units[self.truth.judged]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready. A metric NAME stands beside its 95 % interval, NAME_interval."""
        distances, truth, units = self.base.distances, self.truth, self.units
        return {
            'folder': str(self.folder),
            'labels_from': self.source,
            'encoder': self.encoder,
            'options': self.options,
            'clips': len(self.clips),
            'labels': len(np.unique(truth.labels)),
            'queries': int(truth.judged.sum()),
            **self.base.as_dict(units),
            'per_label': metrics.per_label(self.base.values, truth.labels[truth.judged]),
            'confusion': metrics.confusion(distances, truth),
            'threshold': metrics.threshold(distances, truth),
            'histogram': metrics.histogram(distances, truth),
            'baselines': {
                name: metrics.summary(values, units) for name, values in self.baselines.items()
            },
            'compare': [
                {
                    'changes': changes,
                    'options': other.choices.as_dict(),
                    **other.as_dict(units),
                    'difference': other.less(self.base).as_dict(units),
                }
                for changes, other in self.comparisons
            ],
            'worst': [self._query(*found) for found in self.worst()],
            'warnings': self.warnings,
            'seconds': self.seconds,
        }

    def worst(self) -> Iterator[tuple[int, float]]:
        """The numbers of the queries that were answered worst, with their average precision."""
        return metrics.worst(self.base.values['map'], self.truth, WORST)

    def matches(self, query: int, count: int = SHOWN_MATCHES) -> list[int]:
        """The numbers of the first clips that answer a query, at most so many."""
        first = metrics.order(self.base.distances, self.truth)[query, :count]
        far = self.base.distances[query, first]
        return [int(i) for i in first[self.truth.allowed[query, first] & np.isfinite(far)]]

    def _query(self, query: int, average_precision: float) -> dict[str, Any]:
        return {
            'clip': self.clips[query].name,
            'label': self.clips[query].label,
            'average_precision': average_precision,
            'matches': [
                {
                    'clip': self.clips[match].name,
                    'label': self.clips[match].label,
                    'distance': float(self.base.distances[query, match]),
                }
                for match in self.matches(query)
            ],
        }


def evaluate(
    folder: Path | str,
    *,
    labels_from: LabelSource = LabelSource(),  # noqa: B008  frozen
    group_by: str | None = None,
    choices: Choices = Choices(),  # noqa: B008  frozen
    models: Path | str | None = None,
    device: str = 'auto',
    url: str | None = None,
    token: str = '',
    with_stress: bool = False,
    with_baselines: bool = True,
    compare: Sequence[str] = (),
    track: Track = untracked,
    say: Callable[[str], None] = lambda sentence: None,
) -> Evaluation:
    """Search each labelled sound below `folder` among the others, and say how well that went.

    `labels_from` says where labels are, `group_by` which clips must not answer each other
    (`labels.read`). Sounds are encoded here, as `choices` say, with the weights in `models` (None:
    those of the checkout), or by the running service at `url`, as that is configured. With stress,
    queries are also made harder in nine ways (`stress.variants`). Each of `compare` is a run of its
    own with other choices ("padding=silence,window=2").

    Raises EvaluationError, TableError, WeightsError or RuntimeSettingError, each with a sentence
    that says what to do. Clips that cannot be decoded are left out, and named in the warnings.
    `say` is told where a service has to be waited for.
    """
    begun = time.monotonic()
    changed = [(changes, choices.changed(parse(changes))) for changes in compare]
    if url and (changed or _encoding(choices) != Choices()):
        raise EvaluationError(
            'A service encodes as it is configured; leave out the url to evaluate other choices'
        )
    labelled = labels.read(Path(folder), labels_from, group_by)
    labels.check(labelled.clips)
    models = Path(models) if models else models_folder(DEFAULTS['AUDIO_SEARCH_MODELS'])

    encoder: Encoder
    if url:
        encoder = ServiceEncoder(url, token, choices.search, choices.hubness, say)
        words, told = f'the service {url}', set(TOLD)
    else:
        encoder = local = LocalEncoder(choices, models, device)
        words = f'here, weights {local.model.weights.name}, {local.model.precision}'
        told = set(READERS)
    clips, library, failures = encode_library(encoder, labelled.clips, track)
    labels.check(clips)
    groups = [clip.group for clip in clips]
    truth = metrics.truth([clip.label for clip in clips], groups, ranking.allowed(groups))
    variants = stress.variants(encoder.choices.stride) if with_stress else []

    dimensions = library.vectors.shape[1]
    vectors = Vectors(library, encode_queries(encoder, clips, variants, dimensions, track))
    encoded = time.monotonic()
    base = run(encoder.choices, vectors, truth, variants)
    known = {_encoding(choices): vectors}
    comparisons = []
    for changes, other in changed:
        key = _encoding(other)
        if key not in known:
            known[key] = _vectors(LocalEncoder(other, models, device), clips, variants, track)
        comparisons.append((changes, run(other, known[key], truth, variants)))
    return Evaluation(
        folder=Path(folder),
        source=labelled.source,
        encoder=words,
        options={name: value for name, value in encoder.choices.as_dict().items() if name in told},
        clips=clips,
        truth=truth,
        base=base,
        variants=variants,
        baselines=_baselines(clips, truth, encoder.choices, device, track)
        if with_baselines
        else {},
        comparisons=comparisons,
        warnings=labelled.warnings + failures + _unjudged(truth),
        seconds={'encoding': encoded - begun, 'all': time.monotonic() - begun},
    )


def _encoding(choices: Choices) -> Choices:
    """The choices as far as they change vectors."""
    return replace(choices, search='exact', hubness='none')


def _vectors(
    encoder: Encoder, clips: Sequence[Clip], variants: Sequence[stress.Variant], track: Track
) -> Vectors:
    # Whether a sound can be decoded depends on none of the choices, so that no clip is lost here.
    _, library, _ = encode_library(encoder, clips, track)
    dimensions = library.vectors.shape[1]
    return Vectors(library, encode_queries(encoder, clips, variants, dimensions, track))


def _baselines(
    clips: Sequence[Clip], truth: Truth, choices: Choices, device: str, track: Track
) -> dict[str, Values]:
    # What a service calls its weights need not be here; a baseline needs none.
    sounds = (load(clip) for clip in track(clips, 'baselines'))
    log_mel, random = baselines.encode(sounds, choices, device)
    chance = [
        metrics.by_query(distances, truth) for distances in baselines.chance(len(clips), len(clips))
    ]
    return {
        baselines.CHANCE: {
            name: np.mean([values[name] for values in chance], axis=0) for name in metrics.NAMES
        },
        **{
            name: metrics.by_query(
                ranking.distances(ranking.stack(parts), ranking.stack(parts)), truth
            )
            for name, parts in ((baselines.LOG_MEL, log_mel), (baselines.RANDOM_WEIGHTS, random))
        },
    }


def _unjudged(truth: Truth) -> list[str]:
    alone = int((~truth.judged).sum())
    if not alone:
        return []
    return [
        f'{alone} clips have no other of their label that may answer; they are found, but not '
        'asked about'
    ]
