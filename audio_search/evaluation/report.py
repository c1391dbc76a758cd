"""The report: one HTML file with everything in it, also the sounds that are worth listening to."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from audio_search.audio.decoding import AudioError
from audio_search.evaluation import baselines, mp3
from audio_search.evaluation.encoding import load
from audio_search.evaluation.evaluation import Evaluation
from audio_search.evaluation.labels import Clip
from audio_search.vggish.parameters import SAMPLE_RATE_HZ

PLAYED_S = 6.0  # of a clip, and as mp3 at 32 kbit/s: 24 kB each, 24 players at most
PLAYED_BITS_PER_S = 32_000
PLAYED_MATCHES = 2
COLUMNS = {
    'p_at_1': 'P@1',
    'p_at_5': 'P@5',
    'p_at_10': 'P@10',
    'r_precision': 'R-precision',
    'map': 'mAP',
    'recall_at_10': 'recall@10',
    'mrr': 'MRR',
}
# The histogram's drawing, in px.
WIDTH, HEIGHT = 640.0, 180.0


class Row(NamedTuple):
    """A run, a variant, a difference or a baseline in the first table."""

    title: str
    values: Mapping[str, Any]
    kind: str  # run, variant, difference or baseline


class Played(NamedTuple):
    """A clip with a player. `sound` is a data: URI; empty where the file is gone."""

    name: str
    label: str
    is_right: bool
    distance: float | None
    sound: str


def html(result: Evaluation, figures: Mapping[str, Any]) -> str:
    """The report as a page without links to anything outside; `figures` are its `as_dict`."""
    return (
        _environment()
        .get_template('report.html')
        .render(
            figures=figures,
            columns=COLUMNS,
            rows=rows(result, figures),
            confusion=confusion(figures['confusion']),
            histogram=histogram(figures['histogram'], figures['threshold']),
            worst=[
                _played_query(result, query, average_precision)
                for query, average_precision in result.worst()
            ],
            played_s=PLAYED_S,
        )
    )


def judged_html(figures: Mapping[str, Any]) -> str:
    """The same for an evaluation by judgements: its `as_dict`, and the `service` that was asked."""
    template = _environment().get_template('judged.html')
    return template.render(figures=figures, columns=COLUMNS)


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader('audio_search.evaluation'),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def rows(result: Evaluation, figures: Mapping[str, Any]) -> list[Row]:
    """Every run, its variants and its differences, then the baselines, in the order to be read."""
    found = [Row('as configured', figures, 'run')]
    found += [
        Row(variant.title, figures['stress'][variant.name], 'variant')
        for variant in result.variants
    ]
    for run in figures['compare']:
        found.append(Row(run['changes'], run, 'run'))
        found.append(Row('difference', run['difference'], 'difference'))
        for variant in result.variants:
            stressed = run['difference']['stress'][variant.name]
            found.append(Row(variant.title, run['stress'][variant.name], 'variant'))
            found.append(Row('difference', stressed, 'difference'))
    found += [
        Row(baselines.TITLES[name], values, 'baseline')
        for name, values in figures['baselines'].items()
    ]
    return found


def confusion(figures: Mapping[str, Any]) -> list[tuple[str, list[tuple[int, float]]]]:
    """Each label with its row: counts, and which share of the row they are."""
    counts = np.array(figures['counts'])
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    return [
        (label, list(zip(row.tolist(), share.tolist(), strict=True)))
        for label, row, share in zip(figures['labels'], counts, shares, strict=True)
    ]


def histogram(
    figures: Mapping[str, Sequence[float]], threshold: Mapping[str, float] | None
) -> dict[str, Any]:
    """The drawing: bars [x, y, width, height] in px, where the threshold is, and the axis."""
    edges = np.array(figures['edges'])
    places = edges / edges[-1] * WIDTH
    highest = max(*figures['same'], *figures['different'], 1e-9)
    bars = {
        name: [
            (round(float(x), 1), round(HEIGHT - height, 1), round(float(width), 1), height)
            for x, width, share in zip(places, np.diff(places), figures[name], strict=False)
            if (height := round(share / highest * HEIGHT, 1))
        ]
        for name in ('different', 'same')
    }
    ticks = np.arange(0, edges[-1] + 1e-9, 0.25 if edges[-1] > 0.5 else edges[-1] / 4)
    return {
        'width': WIDTH,
        'height': HEIGHT,
        'bars': bars,
        'threshold': threshold and round(threshold['distance'] / edges[-1] * WIDTH, 1),
        'ticks': [(round(float(tick / edges[-1] * WIDTH), 1), f'{tick:.2f}') for tick in ticks],
    }


def _played_query(
    result: Evaluation, query: int, average_precision: float
) -> tuple[Played, list[Played], float]:
    asked = result.clips[query]
    answers = [
        _played(
            result.clips[match],
            result.clips[match].label == asked.label,
            float(result.base.distances[query, match]),
        )
        for match in result.matches(query, PLAYED_MATCHES)
    ]
    return _played(asked, True, None), answers, average_precision


def _played(clip: Clip, is_right: bool, distance: float | None) -> Played:
    try:
        waveform = load(clip)[: round(PLAYED_S * SAMPLE_RATE_HZ)]
    except AudioError:
        return Played(clip.name, clip.label, is_right, distance, '')
    sound = base64.b64encode(mp3.encode(waveform, PLAYED_BITS_PER_S)).decode()
    return Played(clip.name, clip.label, is_right, distance, f'data:audio/mpeg;base64,{sound}')
