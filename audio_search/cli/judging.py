"""What the commands for judgements have in common: which are meant, and how they are sent."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Annotated, Any, TypeVar

import typer

from audio_search.cli.console import Exit, WrongUse, complain, counted, print_json
from audio_search.cli.naming import Named, find_named
from audio_search.client import Client

T = TypeVar('T')

AT_ONCE = 1000


class Verdict(StrEnum):
    """What is said of a clip."""

    RIGHT = 'right'
    WRONG = 'wrong'
    UNSURE = 'unsure'


Clip = Annotated[
    str | None,
    typer.Option(
        metavar='CLIP', show_default=False, help='Only those of this clip: its id, uri or path.'
    ),
]
Only = Annotated[
    Verdict | None, typer.Option('--judgement', show_default=False, help='Only these.')
]


def chosen_by(
    client: Client,
    label: str | None,
    clip: str | None,
    by: str | None,
    judgement: Verdict | None,
) -> dict[str, Any]:
    """Raises WrongUse for a clip that there is not."""
    chosen: dict[str, Any] = {'label': label, 'by': by}
    if judgement is not None:
        chosen['judgement'] = judgement.value
    if clip is not None:
        (named,) = find_named(client, [clip])
        if named.id is None or named.part:
            raise WrongUse(f'--clip: {clip} is not indexed; audio-search list shows what is')
        chosen['id'] = named.id
    return chosen


def batches(every: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(every), AT_ONCE):
        yield every[start : start + AT_ONCE]


def send(
    client: Client,
    clips: Sequence[Named],
    said: Sequence[dict[str, Any]],
    as_json: bool,
    verb: str = 'kept',
) -> int:
    """Send what is said of each clip, and report what became of it."""
    done: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for one in _answers(client, clips, said):
        (failed if one['error'] else done).append(one)
    for one in failed:
        complain(one['error'])
    if as_json:
        print_json({'judgements': done, 'failed': failed})
    complain(f'{counted(len(done), "judgement")} {verb}')
    return Exit.SOME_FAILED if failed else Exit.DONE


def _answers(
    client: Client, clips: Sequence[Named], said: Sequence[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    usable: list[dict[str, Any]] = []
    for clip, one in zip(clips, said, strict=True):
        if clip.id is None:
            error = f'{clip.name} is not indexed; audio-search list shows what is'
            yield {'id': clip.name, **one, 'error': error}
        else:
            usable.append({**one, 'id': clip.id})
    for some in batches(usable):
        yield from client.judge(some)
