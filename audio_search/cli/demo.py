"""The demonstration: the toy clips, indexed and searched, as a table."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import track
from rich.table import Table

from audio_search import toy_data
from audio_search.cli.console import console
from audio_search.documents import AudioClip, DocList

if TYPE_CHECKING:
    from jina import Flow

BATCH = 8  # clips per request, so that the bar moves
SHOWN_LABELS = 5
SHOWN_MATCHES = 4


def index_toy_data(flow: 'Flow', roots: Iterable[Path]) -> list[AudioClip]:
    """Index the toy clips below `roots`, labelled by their file names; those that could be used."""
    clips = [AudioClip(uri=uri, tags=toy_data.tags(uri)) for uri in toy_data.uris(roots)]
    if not clips:
        console.print(
            'No toy clips to show: '
            f'none of the folders in AUDIO_SEARCH_ROOTS has {toy_data.FOLDER} in it.'
        )
        return []
    answered: list[AudioClip] = []
    begun = time.monotonic()
    starts = range(0, len(clips), BATCH)
    for start in track(starts, description='Indexing toy-data', console=console):
        batch = DocList[AudioClip](clips[start : start + BATCH])
        answered.extend(flow.post(on='/index', inputs=batch, return_type=DocList[AudioClip]))
    for clip in answered:
        if clip.error:
            console.print(clip.error, style='red')
    usable = [clip for clip in answered if not clip.error]
    chunks = sum(clip.chunk_count or 0 for clip in usable)
    console.print(
        f'{len(usable)} clips, {chunks} chunks in the index '
        f'({time.monotonic() - begun:.1f} s; files that did not change are not encoded again).'
    )
    return usable


def show_matches(flow: 'Flow', clips: list[AudioClip]) -> None:
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


def _seconds(beg_in_ms: int | None, end_in_ms: int | None) -> str:
    return f'{(beg_in_ms or 0) / 1000:.1f} to {(end_in_ms or 0) / 1000:.1f}'
