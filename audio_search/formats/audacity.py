"""Hits as label tracks of Audacity: `start TAB end TAB text`, in seconds, one file a recording
(https://manual.audacityteam.org/man/importing_and_exporting_labels.html)."""

import io
import zipfile
from collections.abc import Iterable

from audio_search.formats.hits import Hit, one_line
from audio_search.wall_clock import shown


def label_tracks(hits: Iterable[Hit]) -> dict[str, str]:
    """The label track of each recording that has a hit, by the name of its file; labels in the
    order of time."""
    by_file: dict[str, list[Hit]] = {}
    for hit in hits:
        by_file.setdefault(hit.file, []).append(hit)
    return {
        file: ''.join(map(_line, sorted(found, key=lambda hit: (hit.span, hit.distance))))
        for file, found in by_file.items()
    }


def _line(hit: Hit) -> str:
    start_s, end_s = hit.span
    # Audacity counts time from the beginning of the recording and knows no time of day.
    text = one_line(f'{hit.label} {hit.distance:.3f} {hit.recorded_at and shown(hit.recorded_at)}')
    return f'{start_s:.6f}\t{end_s:.6f}\t{text}\n'


def archive(tracks: dict[str, str]) -> bytes:
    """The label tracks in one zip, each named after its recording: 'bells/noon.mp3' becomes
    'bells_noon.mp3.txt', with a number where two would have the same name."""
    written = io.BytesIO()
    names: set[str] = set()
    with zipfile.ZipFile(written, 'w', zipfile.ZIP_DEFLATED) as file:
        for recording, track in tracks.items():
            # No separators in it: nothing is unpacked outside the folder that is chosen for it.
            flat = one_line(recording).strip('/').replace('/', '_').replace('\\', '_')
            name, number = f'{flat}.txt', 1
            while name.casefold() in names:
                number += 1
                name = f'{flat}.{number}.txt'
            names.add(name.casefold())
            file.writestr(name, track)
    return written.getvalue()
