"""The demonstration: the toy clips, indexed and searched, as a table."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.progress import track
from rich.table import Table

from audio_search import toy_data
from audio_search.cli.console import console, news, print_json
from audio_search.documents import AudioClip, DocList
from audio_search.roots import Roots

if TYPE_CHECKING:
    from jina import Flow

BATCH = 8  # clips per request, so that the bar moves
SHOWN_LABELS = 5
SHOWN_MATCHES = 4


def index_toy_data(flow: 'Flow', roots: Roots) -> list[AudioClip]:
    """Index the toy clips below `roots`, labelled by their file names; those that could be used."""
    clips = [AudioClip(uri=uri, tags=toy_data.tags(uri)) for uri in toy_data.uris(roots)]
    if not clips:
        news.print(
            'No toy clips to show: '
            f'none of the folders in AUDIO_SEARCH_ROOTS has {toy_data.FOLDER} in it.'
        )
        return []
    answered: list[AudioClip] = []
    begun = time.monotonic()
    starts = range(0, len(clips), BATCH)
    for start in track(starts, description='Indexing toy-data', console=news):
        batch = DocList[AudioClip](clips[start : start + BATCH])
        answered.extend(flow.post(on='/index', inputs=batch, return_type=DocList[AudioClip]))
    for clip in answered:
        if clip.error:
            news.print(clip.error, style='red')
    usable = [clip for clip in answered if not clip.error]
    chunks = sum(clip.chunk_count or 0 for clip in usable)
    news.print(
        f'{len(usable)} clips, {chunks} chunks in the index '
        f'({time.monotonic() - begun:.1f} s; files that did not change are not encoded again).'
    )
    return usable


def show_matches(flow: 'Flow', clips: list[AudioClip], as_json: bool) -> None:
    """Search one clip of each of a few labels, and print what was found and where."""
    if not clips:
        return
    by_label = {(clip.tags or {})['label']: clip for clip in reversed(clips)}
    queries = DocList[AudioClip](
        AudioClip(uri=by_label[label].uri) for label in sorted(by_label)[:SHOWN_LABELS]
    )
    answered = flow.post(
        on='/search',
        inputs=queries,
        parameters={'limit': SHOWN_MATCHES, 'exclude_self': True},
        return_type=DocList[AudioClip],
    )
    if as_json:
        print_json({'data': [_answer(clip) for clip in answered]})
        return
    table = Table('query', 'match', 'distance', 'this part (s)', 'matched this part (s)')
    for clip in answered:
        if clip.error:
            table.add_row(Path(str(clip.uri)).stem, clip.error)
        for row, match in enumerate(clip.matches):
            table.add_row(
                '' if row else Path(str(clip.uri)).stem,
                Path(str(match.uri)).stem,
                f'{match.scores["cosine"]:.3f}',
                _seconds(match.query_beg_in_ms, match.query_end_in_ms),
                _seconds(match.beg_in_ms, match.end_in_ms),
                end_section=row == len(clip.matches) - 1,
            )
    console.print(table)


def _answer(clip: AudioClip) -> dict[str, Any]:
    shown = {'id', 'uri', 'scores', 'tags', 'beg_in_ms', 'end_in_ms'} | {
        'query_beg_in_ms',
        'query_end_in_ms',
    }
    matches = [match.model_dump(include=shown) for match in clip.matches]
    return {'id': clip.id, 'uri': clip.uri, 'error': clip.error, 'matches': matches}


def _seconds(beg_in_ms: int | None, end_in_ms: int | None) -> str:
    return f'{(beg_in_ms or 0) / 1000:.1f} to {(end_in_ms or 0) / 1000:.1f}'
