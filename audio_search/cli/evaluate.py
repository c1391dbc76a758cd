"""How well the search finds what sounds alike in a folder of labelled sounds, as a table."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.progress import track
from rich.table import Table

from audio_search.cli import evaluate_judgements
from audio_search.cli.console import WrongUse, complain, console
from audio_search.cli.options import Json
from audio_search.settings import Settings

if TYPE_CHECKING:
    from audio_search.evaluation import Evaluation
    from audio_search.evaluation.labels import Clip

# Those with an interval in the table, and those without: it has to fit into 80 columns.
WIDE = {'p_at_1': 'P@1', 'map': 'mAP'}
NARROW = {'p_at_5': 'P@5'}


class Unjudged(StrEnum):
    """What becomes of clips that nobody judged."""

    LEFT_OUT = 'left-out'
    WRONG = 'wrong'


class Labels(StrEnum):
    """Where the labels of a folder come from."""

    AUTO = 'auto'
    FOLDER = 'folder'
    NAME = 'name'


OF_LABELS = {'p_at_1': 'P@1', 'p_at_5': 'P@5', 'map': 'mAP', 'recall_at_10': 'recall@10'}


def _option(help_: str, name: str = '') -> Any:
    return typer.Option(*([name] if name else []), help=help_, show_default=False)


def evaluate(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar='DIR', show_default=False, help='The folder with the sounds.'),
    ] = None,
    judgements: Annotated[
        bool,
        typer.Option(
            '--judgements',
            help='In place of DIR: evaluate the index by what was judged right and wrong.',
        ),
    ] = False,
    label: Annotated[str | None, _option('--judgements: only of this label.')] = None,
    by: Annotated[str | None, _option('--judgements: only by this person.')] = None,
    unjudged: Annotated[
        Unjudged | None,
        _option('--judgements: clips that nobody judged, else left out of the rankings.'),
    ] = None,
    labels: Annotated[
        Labels,
        typer.Option(
            help="Where labels are: the folder's own table if it has one, else the folders a file "
            'is in, or names like 143_birds.mp3 (auto).'
        ),
    ] = Labels.AUTO,
    label_pattern: Annotated[
        str | None,
        _option('Finds the label in a name without its suffix: a group (?P<label>…).'),
    ] = None,
    table: Annotated[Path | None, _option('A CSV file with files and their labels.')] = None,
    file_column: Annotated[
        str | None, _option('Its column with the files, where it is of no form that is known.')
    ] = None,
    label_column: Annotated[str | None, _option('Its column with the labels.')] = None,
    begin_column: Annotated[str | None, _option('Its column with where a part begins (s).')] = None,
    end_column: Annotated[str | None, _option('Its column with where it ends (s).')] = None,
    group_by: Annotated[
        str | None,
        _option('Clips alike in this column never answer each other; or folder, or file.'),
    ] = None,
    window: Annotated[
        str | None,
        _option('Seconds; this and the following options are as in the service unless given.'),
    ] = None,
    stride: Annotated[str | None, _option('Seconds.')] = None,
    padding: Annotated[
        str | None, _option('What fills a window that a sound is too short for: repeat, silence.')
    ] = None,
    lift: Annotated[
        str | None, _option('dBFS that a quieter window is raised to, or none.')
    ] = None,
    silence: Annotated[
        str | None, _option('The vector of an example without a sound: zero, as_published.')
    ] = None,
    pooling: Annotated[str | None, _option('concat or mean.')] = None,
    precision: Annotated[str | None, _option('float32, bfloat16 or auto.')] = None,
    search: Annotated[str | None, _option('exact, or ann for the approximate graph.')] = None,
    weights: Annotated[str | None, _option('official, compact, auto, or a path.')] = None,
    hubness: Annotated[
        str | None, _option('none, or csls: what is near to everything comes later.')
    ] = None,
    compare: Annotated[
        list[str] | None,
        typer.Option(
            metavar='NAME=VALUE',
            show_default=False,
            help='One more run beside the first, in which these options differ, several separated '
            'by commas; may be given again.',
        ),
    ] = None,
    stress: Annotated[
        bool, typer.Option('--stress', help='Also shorter, quieter, disturbed, coded queries.')
    ] = False,
    no_baselines: Annotated[
        bool,
        typer.Option(
            '--no-baselines',
            help='Without chance, statistics of the spectrum and random weights.',
        ),
    ] = False,
    url: Annotated[
        str | None,
        typer.Option(
            envvar='AUDIO_SEARCH_URL',
            show_default=False,
            help='Encode by this running service, as it is configured.',
        ),
    ] = None,
    as_json: Json = False,
    html: Annotated[
        Path | None,
        typer.Option(metavar='FILE', show_default=False, help='Write a report there.'),
    ] = None,
) -> None:
    """Say how well labelled sounds find each other, and compare choices.

    Or how well the index finds what people judged right: for each label with two right clips and a
    wrong one, each right clip is searched for the others.

    \b
    Examples:
      audio-search evaluate collection --stress --html report.html
      audio-search evaluate collection --labels folder --compare pooling=mean --json
    """
    if judgements:
        evaluate_judgements.check_alone(
            {
                'DIR': folder, '--label-pattern': label_pattern, '--table': table,
                '--group-by': group_by, '--window': window, '--stride': stride,
                '--padding': padding, '--lift': lift, '--silence': silence, '--pooling': pooling,
                '--precision': precision, '--search': search, '--weights': weights,
                '--hubness': hubness, '--compare': compare, '--stress': stress,
            }
        )  # fmt: skip
        evaluate_judgements.run(
            url, label, by, as_json, html, unjudged_count_as_wrong=unjudged is Unjudged.WRONG
        )
        return
    if folder is None:
        raise WrongUse('name a folder of labelled sounds, or give --judgements')
    if label or by or unjudged:
        raise WrongUse('--label, --by and --unjudged are for --judgements; leave them out')
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
    evaluate_judgements.check_report(html)
    choices = evaluation.Choices()
    if not url:
        choices = replace(
            choices,
            weights=settings.weights,
            precision=settings.precision,
            pooling=settings.pooling,
        )
    given = {
        'window': window,
        'stride': stride,
        'padding': padding,
        'lift': lift,
        'silence': silence,
        'pooling': pooling,
        'precision': precision,
        'search': search,
        'weights': weights,
        'hubness': hubness,
    }
    choices = choices.changed({name: value for name, value in given.items() if value is not None})
    result = evaluation.evaluate(
        folder,
        labels_from=evaluation.LabelSource(labels.value, label_pattern, table, columns),
        group_by=group_by,
        choices=choices,
        models=settings.models,
        device=settings.device,
        url=url,
        token=settings.token,
        with_stress=stress,
        with_baselines=not no_baselines,
        compare=compare or (),
        track=_track,
        say=complain,
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
    table = Table('', box=box.SIMPLE_HEAD)
    for title in (*WIDE.values(), *NARROW.values()):
        table.add_column(title, no_wrap=True)
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
        cells.append(f'{values[name]:{sign}.3f} {low:{sign}.2f}…{high:{sign}.2f}')
    return cells + [f'{values[name]:{sign}.3f}' for name in NARROW]
