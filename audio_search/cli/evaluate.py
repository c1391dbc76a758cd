"""How well the search finds what sounds alike in a folder of labelled sounds, as a table."""

import argparse
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.progress import track
from rich.table import Table

from audio_search.cli.console import complain, console
from audio_search.settings import Settings

if TYPE_CHECKING:
    from audio_search.evaluation import Evaluation
    from audio_search.evaluation.labels import Clip

# Those with an interval in the table, and those without: it has to fit into 80 columns.
WIDE = {'p_at_1': 'P@1', 'map': 'mAP'}
NARROW = {'p_at_5': 'P@5', 'recall_at_10': 'recall@10'}
CHOICES = {
    'window': 'seconds; those and the following options are as in the service unless given',
    'stride': 'seconds',
    'padding': 'what fills a window that a sound is too short for: repeat or silence',
    'lift': 'dBFS that a quieter window is raised to, or none',
    'silence': 'the vector of an example in which nothing can be heard: zero or as_published',
    'pooling': 'concat or mean',
    'precision': 'float32, bfloat16 or auto',
    'search': 'exact, or ann for the approximate graph',
    'weights': 'official, compact, auto, or a path',
}
OF_LABELS = {'p_at_1': 'P@1', 'p_at_5': 'P@5', 'map': 'mAP', 'recall_at_10': 'recall@10'}


def evaluate(
    folder: Path,
    *,
    labels: str = 'auto',
    label_pattern: str | None = None,
    table: Path | None = None,
    file_column: str | None = None,
    label_column: str | None = None,
    begin_column: str | None = None,
    end_column: str | None = None,
    group_by: str | None = None,
    changes: Mapping[str, str] = MappingProxyType({}),
    compare: Sequence[str] = (),
    stress: bool = False,
    baselines: bool = True,
    url: str | None = None,
    as_json: bool = False,
    html: Path | None = None,
) -> None:
    """Print how well the sounds below `folder` find each other: a table, or JSON.

    `changes` are choices other than those of the service, by CHOICES; `compare` are further runs,
    NAME=VALUE. With `html` a report is written there too. Raises what `evaluation.evaluate` does.
    """
    # Here, because they load scikit-learn, which other verbs do without.
    from audio_search import evaluation
    from audio_search.evaluation import report
    from audio_search.tables import Columns

    settings = Settings.from_env()
    columns = None
    if file_column:
        columns = Columns(file_column, label_column, begin_column, end_column)
    elif label_column or begin_column or end_column:
        raise evaluation.EvaluationError(
            'Columns of a table were named, but not the one with the files; add --file-column'
        )
    if html and not html.absolute().parent.is_dir():
        raise evaluation.EvaluationError(
            f'{html} cannot be written, because {html.absolute().parent} is not a folder; make it'
        )
    choices = evaluation.Choices()
    if not url:
        choices = replace(choices, weights=settings.weights, precision=settings.precision)
    for name, text in changes.items():
        choices = choices.changed({name: text})
    result = evaluation.evaluate(
        folder,
        labels_from=evaluation.LabelSource(labels, label_pattern, table, columns),
        group_by=group_by,
        choices=choices,
        models=settings.models,
        device=settings.device,
        url=url,
        token=settings.token,
        with_stress=stress,
        with_baselines=baselines,
        compare=compare,
        track=_track,
    )
    for warning in result.warnings:
        complain(f'warning: {warning}')
    figures = result.as_dict()
    if html:
        html.write_text(report.html(result, figures), encoding='utf-8')
    if as_json:
        print(json.dumps(figures, indent=1))
        return
    show(result, figures)
    if html:
        console.print(f'The report is in {html}')


def _track(clips: Sequence['Clip'], title: str) -> Iterable['Clip']:
    progress = Console(stderr=True)
    is_hidden = not progress.is_terminal  # a file gets no bar
    return track(clips, title, console=progress, transient=True, disable=is_hidden)


def show(result: 'Evaluation', figures: dict[str, Any]) -> None:
    """The tables: the run, what it is compared with, and each label."""
    from audio_search.evaluation import baselines

    console.print(
        f'{figures["clips"]} clips, {figures["labels"]} labels from {figures["labels_from"]}; '
        f'encoded by {figures["encoder"]}'
    )
    table = Table('', *WIDE.values(), *NARROW.values(), box=box.SIMPLE_HEAD)
    table.add_row(*_row('as configured', figures))
    for variant in result.variants:
        table.add_row(*_row(f'  {variant.title}', figures['stress'][variant.name]))
    for run in figures['compare']:
        table.add_section()
        table.add_row(*_row(run['changes'], run))
        table.add_row(*_row('    difference', run['difference'], sign='+'))
        for variant in result.variants:
            table.add_row(*_row(f'  {variant.title}', run['stress'][variant.name]))
            difference = run['difference']['stress'][variant.name]
            table.add_row(*_row('    difference', difference, sign='+'))
    table.add_section()
    for name, values in figures['baselines'].items():
        table.add_row(*_row(baselines.TITLES[name], values))
    console.print(table)

    table = Table('label', 'queries', *OF_LABELS.values(), box=box.SIMPLE_HEAD)
    for label, values in figures['per_label'].items():
        cells = [f'{values[name]:.3f}' for name in OF_LABELS]
        table.add_row(label, str(values['queries']), *cells)
    console.print(table)
    if threshold := figures['threshold']:
        console.print(
            f'The same label is best told from others at a distance of {threshold["distance"]:.3f} '
            f'(F1 {threshold["f1"]:.2f}); {threshold["pairs_below"]:.1%} of any two clips are '
            'nearer'
        )
    console.print(
        'Behind a mean stands its 95 % interval (bootstrap over the queries). '
        f'{figures["seconds"]["all"]:.0f} s, {figures["seconds"]["encoding"]:.0f} s of it encoding'
    )


def _row(title: str, values: dict[str, Any], sign: str = '') -> list[str]:
    cells = [title]
    for name in WIDE:
        low, high = values[f'{name}_interval']
        cells.append(f'{values[name]:{sign}.3f}  {low:{sign}.2f} to {high:{sign}.2f}')
    return cells + [f'{values[name]:{sign}.3f}' for name in NARROW]


def add_to(verbs: Any) -> None:
    """Add the verb to argparse's subparsers."""
    verb = verbs.add_parser(
        'evaluate', help='say how well labelled sounds find each other, and compare choices'
    )
    verb.add_argument('folder', type=Path, metavar='DIR', help='the folder with the sounds')
    verb.add_argument(
        '--labels',
        choices=('auto', 'folder', 'name'),
        default='auto',
        help="where labels are: the folder's own table if it has one, else the folders a file is "
        'in, or names like 143_birds.mp3 (auto)',
    )
    verb.add_argument(
        '--label-pattern',
        metavar='REGEX',
        help='finds the label in a name without its suffix: a group (?P<label>…)',
    )
    verb.add_argument(
        '--table', type=Path, metavar='FILE', help='a CSV file with files and their labels'
    )
    for name in ('file', 'label', 'begin', 'end'):
        verb.add_argument(f'--{name}-column', metavar='NAME', help=f'its column with the {name}')
    verb.add_argument(
        '--group-by',
        metavar='COLUMN',
        help='clips alike in this column never answer each other; or `folder`, or `file`',
    )
    for name, description in CHOICES.items():
        verb.add_argument(f'--{name}', metavar=name.upper(), help=description)
    verb.add_argument(
        '--compare',
        action='append',
        default=[],
        metavar='NAME=VALUE',
        help='one more run beside the first: with --compare padding=silence,window=2 these options '
        'differ; may be given again',
    )
    verb.add_argument(
        '--stress', action='store_true', help='also shorter, quieter, disturbed, coded queries'
    )
    verb.add_argument(
        '--no-baselines',
        dest='baselines',
        action='store_false',
        help='without chance, statistics of the spectrum and random weights',
    )
    verb.add_argument(
        '--url',
        default=os.environ.get('AUDIO_SEARCH_URL'),
        help='encode by this running service, as it is configured (AUDIO_SEARCH_URL)',
    )
    verb.add_argument('--json', dest='as_json', action='store_true', help='print JSON')
    verb.add_argument('--html', type=Path, metavar='FILE', help='write a report there')
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Of argparse's arguments."""
    values = vars(arguments).copy()
    del values['run']
    changes = {name: text for name in CHOICES if (text := values.pop(name)) is not None}
    evaluate(values.pop('folder'), changes=changes, **values)
