"""How well the index finds what people judged right, as a table."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.progress import track
from rich.table import Table

from audio_search.cli.connection import connect
from audio_search.cli.console import WrongUse, complain, console
from audio_search.client import Refused

if TYPE_CHECKING:
    from audio_search.evaluation.judged import Query

TITLES = {'p_at_1': 'P@1', 'p_at_5': 'P@5', 'map': 'mAP', 'recall_at_10': 'recall@10'}
UNJUDGED = {
    'left out': 'clips that nobody judged are left out of the rankings (condensed lists)',
    'wrong': 'clips that nobody judged count as wrong',
}


def run(
    url: str | None,
    label: str | None,
    by: str | None,
    as_json: bool,
    html: Path | None,
    *,
    unjudged_count_as_wrong: bool,
) -> None:
    """Ask the service for its judgements and searches, and print what came out. Raises
    EvaluationError."""
    # Here, because they load scikit-learn, which other verbs do without.
    from audio_search.evaluation import EvaluationError, judged, report

    check_report(html)
    with connect(url) as client:
        found, _ = client.judgements(label=label, by=by)

        def search(
            query: dict[str, Any], parameters: dict[str, Any]
        ) -> Sequence[Mapping[str, Any]]:
            try:
                answer = client.search(query, parameters)
            except Refused as error:
                raise EvaluationError(str(error)) from None
            if answer['error']:
                raise EvaluationError(answer['error'])
            return list(answer['matches'])

        result = judged.evaluate_judgements(
            found, search, unjudged_count_as_wrong=unjudged_count_as_wrong, track=_track
        )
        source = client.url
    for warning in result.warnings:
        complain(f'warning: {warning}')
    figures = {'service': source, **result.as_dict()}
    if html:
        html.write_text(report.judged_html(figures), encoding='utf-8')
    if as_json:
        print(json.dumps(figures, indent=1))
        return
    show(figures)
    if html:
        console.print(f'The report is in {html}')


def check_alone(others: Mapping[str, object]) -> None:
    """Raise WrongUse where an option was given that is about a folder of sounds."""
    for name, value in others.items():
        if value:
            raise WrongUse(f'--judgements are of the index as it is; leave out {name}')


def check_report(html: Path | None) -> None:
    """Raise EvaluationError where a report cannot be written, before anything is measured."""
    from audio_search.evaluation import EvaluationError

    if html and not html.absolute().parent.is_dir():
        raise EvaluationError(
            f'{html} cannot be written, because {html.absolute().parent} is not a folder; make it'
        )


def show(figures: Mapping[str, Any]) -> None:
    """The table: each label, and all of them."""
    console.print(
        f'{figures["judgements"]} judgements of {figures["labels"]} labels, {figures["queries"]} '
        f'queries to {figures["service"]}; {UNJUDGED[figures["unjudged"]]}'
    )
    table = Table('label', 'queries', *TITLES.values(), box=box.SIMPLE_HEAD)
    for label, values in figures['per_label'].items():
        table.add_row(label, str(values['queries']), *(f'{values[name]:.3f}' for name in TITLES))
    table.add_section()
    intervals = [figures[f'{name}_interval'] for name in TITLES]
    table.add_row(
        'all',
        str(figures['queries']),
        *(
            f'{figures[name]:.3f} {low:.2f}…{high:.2f}'
            for name, (low, high) in zip(TITLES, intervals, strict=True)
        ),
    )
    console.print(table)
    if threshold := figures['threshold']:
        console.print(
            f'Right is best told from wrong at a distance of {threshold["distance"]:.3f} '
            f'(F1 {threshold["f1"]:.2f})'
        )
    console.print(
        'Behind a mean stands its 95 % interval (bootstrap over the clips that were asked for).'
    )


def _track(queries: Sequence['Query'], title: str) -> Iterable['Query']:
    progress = Console(stderr=True)
    is_hidden = not progress.is_terminal  # a file gets no bar
    return track(queries, title, console=progress, transient=True, disable=is_hidden)
