"""Recordings with labels, few and short, and what an evaluation of them gives."""

from pathlib import Path

import pytest
import soundfile

from audio_search.audio import decoding
from audio_search.evaluation import Evaluation, evaluate
from tests.running import ROOT

LABELS = ('birds', 'drums', 'piano', 'seashore')


@pytest.fixture(scope='package')
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2 s of two toy clips of each label, in a folder named after it."""
    folder = tmp_path_factory.mktemp('recordings')
    for label in LABELS:
        (folder / label).mkdir()
        for path in sorted((ROOT / 'toy-data').glob(f'*_{label}.mp3'))[:2]:
            waveform = decoding.load(path, 2, 4)
            soundfile.write(folder / label / f'{path.stem}.wav', waveform, 16000)
    return folder


@pytest.fixture(scope='package')
def result(recordings: Path) -> Evaluation:
    return evaluate(recordings, with_stress=True, compare=['search=ann'])
