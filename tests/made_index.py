"""An index of many clips that nothing was encoded for, made quickly."""

from pathlib import Path

import numpy as np

from audio_search.flow.configuration import configuration
from audio_search.store import Clip
from audio_search.store.sqlite.store import SqliteStore
from audio_search.vggish import FrontEnd
from tests.running import ROOT

LABELS = ('birds', 'rain', 'bell', 'dog', 'car', 'wind', 'train')
BATCH = 10_000


def make_index(path: Path, clips: int) -> None:
    """Write an index of clips 0.wav, 1.wav … with one random window each, a label, a year and a
    word, as the service would make it with its defaults."""
    made = configuration(
        str(ROOT / 'models'),
        'auto',
        'concat',
        4,
        2,
        FrontEnd.padding,
        FrontEnd.lift_to_dbfs,
        FrontEnd.silence,
    )
    location = np.array([[0, 0, 64_000, 0, 4000]])
    rng = np.random.default_rng(1)
    store = SqliteStore(path, made)
    try:
        for first in range(0, clips, BATCH):
            numbers = range(first, min(clips, first + BATCH))
            vectors = rng.integers(-128, 128, (len(numbers), 1, made.dimensions)).astype(np.int8)
            with store.transaction() as transaction:
                for number, rows in zip(numbers, vectors, strict=True):
                    label = LABELS[number % len(LABELS)]
                    transaction.put(
                        Clip(
                            id=f'id{number}',
                            uri=f'field/{number}_{label}.wav',
                            tags={'label': label, 'year': 2000 + number % 25},
                            source=None,
                            sample_rate=16_000,
                            locations=location,
                            embeddings=rows,
                            chunk_tags={},
                            words=((label.capitalize(), 0.8),),
                        )
                    )
    finally:
        store.close()
