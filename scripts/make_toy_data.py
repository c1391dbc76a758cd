"""Render the toy corpus (see toy-data/README.md)."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from audio_search.environment import use_environment

use_environment()

import numpy as np
import soundfile
from toy_data import (
    applause,
    bird,
    churchbell,
    drums,
    gunshot,
    helicopter,
    package,
    piano,
    seashore,
    speech,
    telephone,
)
from toy_data.clip import CATALOGUE, Clip
from toy_data.waveform import SAMPLE_RATE_HZ

# every one of these enters its clips in the catalogue when it is imported
LABELS = (
    helicopter, churchbell, applause, seashore, bird, telephone, gunshot, speech, piano, drums,
)  # fmt: skip
TOY_DATA = Path(__file__).resolve().parent.parent / 'toy-data'
# libsndfile's scale from 0, 320 kbit/s, to 1, 32 kbit/s
COMPRESSION_80_KBITS = 0.83
# mp3 adds to peaks, and how much shows only when the file is decoded
DECODED_PEAK_CEILING = 0.92
ENCODING_TRIES = 4


def written(clip: Clip, folder: Path) -> Path:
    """The clip's file, rendered and encoded anew."""
    path = folder / clip.file_name
    wave = clip.rendered()
    for _ in range(ENCODING_TRIES):
        soundfile.write(
            path, wave, SAMPLE_RATE_HZ, format='MP3', subtype='MPEG_LAYER_III',
            bitrate_mode='CONSTANT', compression_level=COMPRESSION_80_KBITS,
        )  # fmt: skip
        peak = np.abs(soundfile.read(path)[0]).max()
        if peak <= DECODED_PEAK_CEILING:
            return path
        wave *= 0.97 * DECODED_PEAK_CEILING / peak
    raise RuntimeError(f'{path.name} still peaks at {peak:.2f} once it is decoded')


def table() -> str:
    """The catalogue in Markdown."""
    rows = [
        '| file | label | how it was made | sources | hard case: mixed with | licence |',
        '|---|---|---|---|---|---|',
    ]
    for _, clip in sorted(CATALOGUE.items()):
        sources = ', '.join(source.name for source in clip.sources)
        rows.append(
            f'| `{clip.file_name}` | {clip.label} | {clip.how} | {sources} '
            f'| {clip.mixed_with or ""} | {clip.licence} |'
        )
    return '\n'.join(rows)


def main() -> None:
    """Read the command line and do what it asks for."""
    parser = argparse.ArgumentParser(description='Render the toy corpus.')
    parser.add_argument('--out', type=Path, default=TOY_DATA, help='folder to write to')
    parser.add_argument('--only', type=int, nargs='+', metavar='ID', help='render these clips only')
    parser.add_argument('--table', action='store_true', help='print the catalogue and stop')
    parser.add_argument(
        '--missing', action='store_true', help='print the Debian packages that are missing and stop'
    )
    options = parser.parse_args()
    if options.missing:
        print(' '.join(package.missing_packages()))
        return
    if options.table:
        print(table())
        return
    if missing := package.missing_packages():
        sys.exit(f'these Debian packages are missing: {" ".join(missing)}')
    if unknown := set(options.only or ()) - CATALOGUE.keys():
        sys.exit(f'there are no clips with the ids {sorted(unknown)}')
    options.out.mkdir(parents=True, exist_ok=True)
    for number in options.only or sorted(CATALOGUE):
        path = written(CATALOGUE[number], options.out)
        print(f'{path.name}  {path.stat().st_size // 1000} kB')


if __name__ == '__main__':
    main()
