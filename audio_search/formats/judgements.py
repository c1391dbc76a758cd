"""Judgements of clips as files of other programs, which `judgement_files` reads again.

A judgement of a whole clip has no times in a table. In a label track, which has to have some, it is
a point at the clip's beginning; in Raven, which shows no points, a selection as long as the clip.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from audio_search.audio import sources
from audio_search.formats.audacity import archive
from audio_search.formats.hits import file_of, one_line, resolved
from audio_search.formats.raven import begins_of_files
from audio_search.formats.render import FORMATS, ZIP, Rendered, durations
from audio_search.formats.table import csv_rows
from audio_search.roots import Roots
from audio_search.vggish.parameters import MEL_MAX_HZ, MEL_MIN_HZ

JudgementFormat = Literal['csv', 'audacity', 'raven']
CSV_COLUMNS = ('id', 'uri', 'beg_s', 'end_s', 'label', 'judgement', 'by', 'time')
RAVEN_COLUMNS = (
    'Selection', 'View', 'Channel', 'Begin Time (s)', 'End Time (s)', 'Low Freq (Hz)',
    'High Freq (Hz)', 'Begin Path', 'File Offset (s)', 'Annotation', 'Judgement', 'Judged By',
    'Judged At', 'Whole Clip', 'Clip',
)  # fmt: skip
RIGHT, WRONG, UNSURE = 'right', 'wrong', 'unsure'
SUFFIXES = {verdict: f' [{verdict}]' for verdict in (RIGHT, WRONG, UNSURE)}


@dataclass(frozen=True)
class Judged:
    """A judgement to be written, or one that was read. `part` is in seconds of the file, None for
    the whole clip; what a file does not say is empty."""

    id: str
    uri: str
    label: str
    judgement: str
    part: tuple[float, float] | None = None
    by: str = ''
    time: str = ''

    @property
    def file(self) -> str:
        return file_of({'id': self.id, 'uri': self.uri})

    @property
    def clip_begins_s(self) -> float:
        """Where the clip begins in its file."""
        return self._clip_part()[0]

    def span(self, durations_s: Mapping[str, float]) -> tuple[float, float]:
        """Begin and end in the file; of a whole clip, as far as its length is known."""
        if self.part:
            return self.part
        beg_s, end_s = self._clip_part()
        return beg_s, durations_s.get(self.file, beg_s) if end_s is None else end_s

    def _clip_part(self) -> tuple[float, float | None]:
        try:
            _, beg_s, end_s = sources.split_fragment(self.uri)
        except sources.MediaError:
            return 0.0, None
        return beg_s, end_s


def judged_of(answers: Iterable[Mapping[str, Any]]) -> list[Judged]:
    """From `judgements` of the answer of GET /judgements."""
    return [
        Judged(
            id=one['id'],
            uri=one.get('uri') or '',
            label=one['label'],
            judgement=one['judgement'],
            part=one['part'] and (one['part'][0], one['part'][1]),
            by=one.get('by') or '',
            time=one['time'],
        )
        for one in answers
    ]


def render_judgements(name: JudgementFormat, judged: Sequence[Judged], roots: Roots) -> Rendered:
    """A file named judgements. The label tracks of several recordings are a zip. `roots` are where
    files are; they are opened for their lengths, for Raven alone."""
    if name == 'raven':
        paths = resolved((one.file for one in judged), roots)
        return _file(name, _selection_table(judged, durations(paths)))
    if name == 'audacity':
        tracks = _label_tracks(judged)
        if len(tracks) > 1:
            return Rendered(archive(tracks), ZIP, 'judgements.zip')
        return _file(name, ''.join(tracks.values()))
    return _file(name, csv_rows(CSV_COLUMNS, map(_csv_row, judged)))


def label_text(one: Judged) -> str:
    """What a label track says of a judgement: its label, and that it is not right. Who judged and
    when has no place there."""
    is_clear = one.judgement == RIGHT and not one.label.endswith(tuple(SUFFIXES.values()))
    return one_line(one.label + ('' if is_clear else SUFFIXES[one.judgement]))


def _csv_row(one: Judged) -> tuple[str, ...]:
    times = ('', '') if one.part is None else tuple(f'{second:.3f}' for second in one.part)
    return (one.id, one.uri, *times, one.label, one.judgement, one.by, one.time)


def _label_tracks(judged: Iterable[Judged]) -> dict[str, str]:
    by_file: dict[str, list[tuple[float, float, str]]] = {}
    for one in judged:
        beg_s, end_s = one.part or (one.clip_begins_s, one.clip_begins_s)
        by_file.setdefault(one.file, []).append((beg_s, end_s, label_text(one)))
    return {
        file: ''.join(f'{beg_s:.6f}\t{end_s:.6f}\t{text}\n' for beg_s, end_s, text in sorted(lines))
        for file, lines in by_file.items()
    }


def _selection_table(judged: Sequence[Judged], durations_s: Mapping[str, float]) -> str:
    """As raven.selection_table has hits."""
    ordered = sorted(
        judged, key=lambda one: (one.file not in durations_s, one.file, one.span(durations_s))
    )
    starts_s = begins_of_files(
        ((one.file, one.span(durations_s)[1]) for one in ordered), durations_s
    )
    lines = ['\t'.join(RAVEN_COLUMNS)]
    for number, one in enumerate(ordered, 1):
        beg_s, end_s = one.span(durations_s)
        row = (
            str(number),
            'Spectrogram 1',
            '1',
            f'{starts_s[one.file] + beg_s:.6f}',
            f'{starts_s[one.file] + end_s:.6f}',
            f'{MEL_MIN_HZ:.1f}',
            f'{MEL_MAX_HZ:.1f}',
            one.file,
            f'{beg_s:.6f}',
            one.label,
            one.judgement,
            one.by,
            one.time,
            '' if one.part else 'yes',
            one.id,
        )
        lines.append('\t'.join(map(one_line, row)))
    return '\n'.join(lines) + '\n'


def _file(name: JudgementFormat, text: str) -> Rendered:
    kind = FORMATS[name]
    media_type = f'{kind.media_types[0]}; charset=utf-8'
    return Rendered(text.encode('utf-8', 'replace'), media_type, f'judgements{kind.suffix}')
