"""The process that lays out the map: `python -m audio_search.clip_map.worker VECTORS POINTS`.

A process of its own, because UMAP loads numba (250 MB) and computes for minutes; of low priority,
so that searches go first. It prints the share that is done, a number on each line, and ends when
its standard input does: that is the service's end of a pipe, also of one that was killed.
"""

import os
import sys
import threading
import warnings
from pathlib import Path

import numpy as np

from audio_search.clip_map.placing import lay_out

NICENESS = 15


def main(vectors: Path, points: Path) -> None:
    """Read vectors [clips, axes] from a .npy file, and write float32 [clips, 2] to another."""
    os.nice(NICENESS)
    threading.Thread(target=_end_with_input, daemon=True).start()
    warnings.filterwarnings('ignore')  # of numba and UMAP, for their developers
    found = lay_out(np.load(vectors), lambda share: print(f'{share:.3f}', flush=True))
    np.save(points, found)


def _end_with_input() -> None:
    while os.read(0, 1024):  # not sys.stdin: Python would wait for its lock when it ends
        continue
    os._exit(1)


if __name__ == '__main__':
    main(Path(sys.argv[1]), Path(sys.argv[2]))
