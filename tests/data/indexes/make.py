"""Makes an index file of an older schema, with the program that wrote it.

Schema 1 was written up to commit aafe107, 2 up to 60bb1b0, 3 up to d0d6ad2, 4 up to c811a80,
5 up to 9c45741, 6 up to 6cd9c09. From the root of a checkout of one of them, with this file's path:

    python .../tests/data/indexes/make.py v2.sqlite && xz v2.sqlite

Its uris and sources are below /sounds; the tests put their own folder in the place of that.
"""

import hashlib
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, '.')
try:
    from audio_search.store import Clip, Configuration
    from audio_search.store.sqlite import SqliteStore
except ImportError:
    from executors.index import Clip, Configuration
    from executors.index import Index as SqliteStore

DIMENSIONS = 16
UPLOAD = 'd41d8cd98f00b204e9800998ecf8427e/upload.wav'
SINCE_4 = {'padding': 'silence', 'lift_to_dbfs': None, 'silence': 'as_published'}
CONFIGURATION = Configuration(
    model_name='tiny',
    model_sha256='0123456789abcdef' * 4,
    pooling='concat',
    dimensions=DIMENSIONS,
    window_s=4.0,
    stride_s=2.0,
    **{name: value for name, value in SINCE_4.items() if name in Configuration.__annotations__},
)
# (uri, path of the file, part of it, the id that was given); None where the id is the sound's.
CLIPS = [
    ('/sounds/bells/noon.wav', '/sounds/bells/noon.wav', (0.0, None), None),
    ('/sounds/field.wav#t=npt:10:00,1200', '/sounds/field.wav', (600.0, 1200.0), None),
    ('bells/relative.wav', '/sounds/bells/relative.wav', (0.0, None), None),
    ('/elsewhere/bell.wav', '/elsewhere/bell.wav', (0.0, None), None),
    ('/sounds/mine.wav', '/sounds/mine.wav', (0.0, None), 'mine'),
    ('/sounds/twice.wav', '/sounds/twice.wav', (0.0, None), 'older'),
    ('/sounds/bells/../twice.wav', '/sounds/twice.wav', (0.0, None), 'newer'),
    ('/sounds/shadowed.wav', '/sounds/shadowed.wav', (0.0, None), None),
    ('/sounds/gone.wav', '/sounds/gone.wav', (0.0, None), None),
    (UPLOAD, f'/sounds/media/{UPLOAD}', (0.0, None), None),
    (None, None, (0.0, None), 'without a uri'),
]


def sound_id(path: str, part: tuple) -> str:
    return hashlib.sha256(f'{path}#t={part[0]!r},{part[1]!r}'.encode()).hexdigest()[:32]


def clip(number: int, uri, path, part, given) -> Clip:
    rng = np.random.default_rng(number)
    beg_s = part[0] + 2 * np.arange(1 + number % 3)
    locations = np.stack(
        [
            np.arange(len(beg_s)),
            beg_s * 16000,
            (beg_s + 4) * 16000,
            beg_s * 1000,
            (beg_s + 4) * 1000,
        ],
        axis=1,
    )
    source = path and {'path': path, 'size': 5, 'mtime_ns': 2**60, 'sha256': '0' * 64}
    if source and 'audio_search' in SqliteStore.__module__:
        source['sound'] = sound_id(path, part)
    return Clip(
        id=given or sound_id(path, part),
        uri=uri,
        tags={'number': number, 'place': {'city': 'Bern'}},
        locations=locations.astype(np.int64),
        embeddings=rng.integers(-128, 128, (len(beg_s), DIMENSIONS)).astype(np.int8),
        sample_rate=16000,
        source=source,
        chunk_tags={0: {'own': True}} if number == 1 else {},
    )


if __name__ == '__main__':
    with SqliteStore(Path(sys.argv[1]), CONFIGURATION) as store:
        with store.transaction() as transaction:
            for number, one in enumerate(CLIPS, start=1):
                transaction.put(clip(number, *one))
        with store.transaction() as transaction:  # so that the numbers have a gap
            transaction.put(clip(99, 'passing.wav', '/sounds/passing.wav', (0.0, None), None))
            transaction.delete(sound_id('/sounds/passing.wav', (0.0, None)))
