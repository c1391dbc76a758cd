"""The toy clips and copies of some of them, through the whole service and the command line."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from tests.running import ROOT, RunningService

# The hardest: noise, single bangs, tones, and the label whose clips are nearest to one another.
LABELS = ('seashore', 'birds', 'telephone', 'gunshot')
TOYS = [path for label in LABELS for path in sorted((ROOT / 'toy-data').glob(f'*_{label}.mp3'))]
COPIED = TOYS[1::6]  # one of each label
BATCH = 20  # clips per request


def encode(samples: np.ndarray, rate_hz: int, target: Path, codec: str, bits_per_s: int) -> None:
    with av.open(str(target), 'w') as container:
        stream = container.add_stream(codec, rate=rate_hz, layout='mono')
        stream.bit_rate = bits_per_s
        frame = av.AudioFrame.from_ndarray(
            samples.astype(np.float32)[np.newaxis], format='fltp', layout='mono'
        )
        frame.sample_rate = rate_hz
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)


def copy(source: Path, folder: Path) -> None:
    """Encoded, quieter and cut copies of a sound."""
    samples, rate_hz = soundfile.read(source, always_2d=True)
    mono, half = samples.mean(axis=1), rate_hz // 2
    encode(mono, rate_hz, folder / f'{source.stem}.64k.mp3', 'libmp3lame', 64000)
    encode(mono, rate_hz, folder / f'{source.stem}.m4a', 'aac', 96000)
    soundfile.write(folder / f'{source.stem}.ogg', mono, rate_hz)
    soundfile.write(folder / f'{source.stem}.quiet.wav', 0.1 * mono, rate_hz)
    soundfile.write(folder / f'{source.stem}.later.wav', mono[half:], rate_hz)
    soundfile.write(folder / f'{source.stem}.earlier.wav', mono[:-half], rate_hz)


@pytest.fixture(scope='module')
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    folder = tmp_path_factory.mktemp('copies')
    for source in COPIED:
        copy(source, folder)
    workspace = tmp_path_factory.mktemp('duplicates') / 'workspace'
    with RunningService(workspace, 'serve', AUDIO_SEARCH_ROOTS=f'{ROOT}:{folder}') as service:
        uris = [f'toy-data/{path.name}' for path in TOYS]
        uris += sorted(path.name for path in folder.iterdir())
        for start in range(0, len(uris), BATCH):
            batch = ({'uri': uri} for uri in uris[start : start + BATCH])
            assert not any(answer['error'] for answer in service.answers('/index', *batch))
        yield service


def duplicates(library: RunningService, *arguments: str) -> str:
    run = subprocess.run(
        [sys.executable, 'app.py', 'duplicates', *arguments],
        cwd=ROOT,
        env={**os.environ, **library.settings},
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout


def test_every_copy_is_found_and_no_two_recordings_are_one(library: RunningService) -> None:
    groups = json.loads(duplicates(library, '--json'))['groups']
    found = [{Path(clip['uri']).name.split('.')[0] for clip in group['clips']} for group in groups]
    assert sorted(map(min, found)) == sorted(source.stem for source in COPIED)
    assert {len(names) for names in found} == {1}
    assert [len(group['clips']) for group in groups] == [7] * len(COPIED)
    for group in groups:
        assert set(group) == {'clips', 'keep'}
        assert all(set(clip) == {'id', 'uri'} for clip in group['clips'])
        (keep,) = (clip['uri'] for clip in group['clips'] if clip['id'] == group['keep'])
        assert 'later' not in keep
        assert 'earlier' not in keep
