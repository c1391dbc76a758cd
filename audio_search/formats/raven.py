"""Hits as a sound selection table of Raven (https://ravensoundsoftware.com/knowledge-base).

Raven opens such a table in two ways. As a *sound selection table* it goes by Begin Path and File
Offset, and opens the files itself. As a plain selection table of a sequence of files it goes by
Begin Time, counted from the start of the first file. Both are right here: the sequence is that of
the files that the table names, in the order of their paths.
"""

from collections.abc import Iterable, Mapping, Sequence

from audio_search.formats.hits import Hit, one_line
from audio_search.vggish.parameters import MEL_MAX_HZ, MEL_MIN_HZ

COLUMNS = (
    'Selection', 'View', 'Channel', 'Begin Time (s)', 'End Time (s)', 'Low Freq (Hz)',
    'High Freq (Hz)', 'Begin Path', 'File Offset (s)', 'Annotation', 'Distance', 'Query',
    'Recorded At',
)  # fmt: skip


def selection_table(hits: Sequence[Hit], durations_s: Mapping[str, float]) -> str:
    """One selection per hit, ordered by file and time.

    `durations_s` has the length of each file, by `Hit.file`. A file without one, because it is
    gone, comes after all others, since no later Begin Time would be right, and counts up to the end
    of its last hit. The band is the one that the network hears.
    """
    ordered = sorted(hits, key=lambda hit: (hit.file not in durations_s, hit.file, hit.span))
    starts_s = begins_of_files(((hit.file, hit.span[1]) for hit in ordered), durations_s)
    lines = ['\t'.join(COLUMNS)]
    for number, hit in enumerate(ordered, 1):
        beg_s, end_s = hit.span
        start_s = starts_s[hit.file]
        row = (
            str(number),
            'Spectrogram 1',
            '1',
            f'{start_s + beg_s:.6f}',
            f'{start_s + end_s:.6f}',
            f'{MEL_MIN_HZ:.1f}',
            f'{MEL_MAX_HZ:.1f}',
            hit.file,
            f'{beg_s:.6f}',
            hit.label,
            f'{hit.distance:.6f}',
            hit.query_file,
            hit.recorded_at,
        )
        lines.append('\t'.join(map(one_line, row)))
    return '\n'.join(lines) + '\n'


def begins_of_files(
    ends_s: Iterable[tuple[str, float]], durations_s: Mapping[str, float]
) -> dict[str, float]:
    """Where each file begins in the sequence of all, in seconds. `ends_s` has the file and the end
    of each selection, in the order of the files; see `selection_table` for `durations_s`."""
    last_end_s: dict[str, float] = {}
    for file, end_s in ends_s:
        last_end_s[file] = max(last_end_s.get(file, 0.0), end_s)
    starts_s, total_s = {}, 0.0
    for file, end_s in last_end_s.items():
        starts_s[file] = total_s
        total_s += durations_s.get(file, end_s)
    return starts_s
