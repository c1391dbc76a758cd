"""Fetch clips of AudioSet by their labels: prints the commands of yt-dlp, or runs them.

AudioSet (https://research.google.com/audioset) publishes which 10 s of which YouTube videos have
which labels (`eval_segments.csv`, `balanced_train_segments.csv`, `unbalanced_train_segments.csv`),
and how labels contain one another (`ontology.json`, https://github.com/audioset/ontology), but no
sound. Download these files first. A label stands for all those below it too.

    python scripts/audioset.py eval_segments.csv --ontology ontology.json --label Bell --run

Clips are named <video>_<start>_<label>.mp3, so that what is behind the last underscore is the
label. Those that are there already are left out, so the same command goes on where it stopped.
Many videos are gone: each failure is named, and the others go on. Exit status 1 if any failed.
"""

import argparse
import csv
import difflib
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

VIDEO = re.compile(r'[\w-]{11}', re.ASCII)


class AudioSetError(ValueError):
    """A file or a label that cannot be used; the message says which, why, and what to do."""


@dataclass(frozen=True)
class Segment:
    """A part of a video, in s, and the ids of its labels."""

    video: str
    beg_s: float
    end_s: float
    labels: frozenset[str]


class Ontology:
    """The labels by id: their names, and those directly below them."""

    def __init__(self, path: Path) -> None:
        """Raises AudioSetError for a file of another form."""
        try:
            entries = json.loads(path.read_text(encoding='utf-8'))
            self.names = {entry['id']: str(entry['name']) for entry in entries}
            self._children = {entry['id']: list(entry['child_ids']) for entry in entries}
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise AudioSetError(
                f'{path} is not the ontology of AudioSet ({error}); give its ontology.json'
            ) from None

    def find(self, label: str) -> str:
        """The id of a label, given by its name in any case, or by its id. Raises AudioSetError."""
        by_name = {name.casefold(): id_ for id_, name in self.names.items()}
        if label in self.names:
            return label
        if id_ := by_name.get(label.casefold()):
            return id_
        near = difflib.get_close_matches(label.casefold(), by_name, 3)
        names = ', '.join(self.names[by_name[name]] for name in near)
        hint = f'did you mean {names}?' if near else 'see the names in the ontology'
        raise AudioSetError(f'there is no label {label!r} in the ontology; {hint}')

    def below(self, id_: str) -> frozenset[str]:
        """A label with all those below it."""
        found: set[str] = set()
        waiting = [id_]
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting.extend(self._children.get(one, ()))
        return frozenset(found)


def segments(path: Path) -> Iterator[Segment]:
    """The segments of a published list, one at a time. Raises AudioSetError."""
    try:
        with path.open(encoding='utf-8', newline='') as file:
            for number, row in enumerate(csv.reader(file, skipinitialspace=True), 1):
                if row and not row[0].startswith('#'):
                    yield _segment(path, number, row)
    except (OSError, UnicodeDecodeError) as error:
        raise AudioSetError(f'{path} cannot be read ({error}); give a segment list') from None


def _segment(path: Path, number: int, row: list[str]) -> Segment:
    try:
        video, beg, end, labels = row
        segment = Segment(video, float(beg), float(end), frozenset(labels.split(',')))
    except ValueError:
        segment = Segment('', 0, 0, frozenset())
    if not VIDEO.fullmatch(segment.video) or not 0 <= segment.beg_s < segment.end_s:
        raise AudioSetError(
            f'line {number} of {path} is not a segment (YTID, start_seconds, end_seconds, '
            f'"positive_labels"): {",".join(row)[:100]}; give a published list'
        )
    return segment


@dataclass(frozen=True)
class Clip:
    """A segment that is wanted, and the file it becomes."""

    segment: Segment
    path: Path


def choose(
    found: Iterable[Segment], ontology: Ontology, labels: Sequence[str], folder: Path,
    per_label: int | None = None,
) -> Iterator[Clip]:  # fmt: skip
    """The segments that have one of the labels, at most `per_label` of each. One that has several
    counts for the first of them. Raises AudioSetError for a label that there is not."""
    ids = [ontology.find(label) for label in labels]
    wanted = {id_: ontology.below(id_) for id_ in ids}
    counts = dict.fromkeys(ids, 0)
    for segment in found:
        id_ = next((id_ for id_ in ids if wanted[id_] & segment.labels), None)
        if id_ is None or counts[id_] == per_label:
            continue
        counts[id_] += 1
        label = re.sub(r'[\W_]+', '-', ontology.names[id_].casefold()).strip('-')
        name = f'{segment.video}_{segment.beg_s:g}_{label}.mp3'
        yield Clip(segment, folder / name)
        if all(count == per_label for count in counts.values()):
            return


def command(clip: Clip, downloader: str, path: Path) -> list[str]:
    """What fetches a clip to `path`: only its part of the video, cut where it says and not at a key
    frame."""
    segment = clip.segment
    template = str(path.with_suffix('')).replace('%', '%%')
    return [
        downloader,
        '--quiet',
        '--no-playlist',
        '--format', 'bestaudio/best',
        '--download-sections', f'*{segment.beg_s:g}-{segment.end_s:g}',
        '--force-keyframes-at-cuts',
        '--extract-audio',
        '--audio-format', 'mp3',
        '--output', f'{template}.%(ext)s',
        f'https://www.youtube.com/watch?v={segment.video}',
    ]  # fmt: skip


def run(clips: Iterable[Clip], downloader: str) -> int:
    """Fetch the clips that are not there yet; how many could not be fetched.

    Raises AudioSetError where the downloader cannot be started.
    """
    failed = 0
    for clip in clips:
        if clip.path.exists():
            continue
        # Under another name until it is whole: an interrupted conversion leaves half a file.
        partial = clip.path.with_name(f'.partial.{clip.path.name}')
        try:
            partial.parent.mkdir(parents=True, exist_ok=True)
            partial.unlink(missing_ok=True)
        except OSError as error:
            raise AudioSetError(
                f'{partial.parent} cannot be written ({error.strerror}); choose another --folder'
            ) from None
        try:
            done = subprocess.run(
                command(clip, downloader, partial), capture_output=True, text=True, errors='replace'
            )
        except OSError as error:
            raise AudioSetError(
                f'{downloader} cannot be started ({error.strerror}); install yt-dlp and ffmpeg, or '
                'name it with --downloader'
            ) from None
        if done.returncode == 0 and partial.exists():
            partial.replace(clip.path)
            print(clip.path, flush=True)
            continue
        failed += 1
        said = done.stderr.strip().splitlines() or [f'it ended with {done.returncode}']
        print(f'{clip.path.name} was not fetched: {said[-1]}', file=sys.stderr, flush=True)
    return failed


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('segments', type=Path, help='a published list, such as eval_segments.csv')
    parser.add_argument('--ontology', type=Path, required=True, help='ontology.json')
    parser.add_argument(
        '--label', action='append', required=True, help='a name or an id; may be given repeatedly'
    )
    parser.add_argument('--per-label', type=int, metavar='N', help='at most N clips of each label')
    parser.add_argument('--folder', type=Path, default=Path('audioset'), help='where clips are put')
    parser.add_argument('--run', action='store_true', help='fetch them; else print the commands')
    parser.add_argument('--downloader', default='yt-dlp', help='the program to call')
    parsed = parser.parse_args(arguments)
    if parsed.per_label is not None and parsed.per_label < 1:
        parser.error('--per-label is a number of at least 1')
    try:
        ontology = Ontology(parsed.ontology)
        found = segments(parsed.segments)
        clips = choose(found, ontology, parsed.label, parsed.folder, parsed.per_label)
        if parsed.run:
            return min(1, run(clips, parsed.downloader))
        for clip in clips:
            print(shlex.join(command(clip, parsed.downloader, clip.path)))
    except AudioSetError as error:
        print(f'audioset: {error}', file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == '__main__':
    sys.exit(main())
